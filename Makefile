# `make` alone lists what can be done. PYTHON=… chooses the Python, 3.11 to 3.13.

PORT ?= 8000
ARGS ?=
BIN := .venv/bin/python -m
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help run test soak check lint bench messages screens lighthouse lock

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## set up, build the demonstration if there is no data, and serve on 127.0.0.1 (PORT=8000)
	@scripts/setup.sh run
	@exec $(BIN) flask --app app serve --demo --port $(PORT)

test: ## set up and run every test with real PostgreSQL, Redis and Chromium (ARGS=… go to pytest)
	@scripts/test.sh $(ARGS)

soak: ## the long forms: hundreds of kills, every point of failure, long simulations (ARGS=… go to pytest)
	@PINGYI_TEST_SOAK=1 scripts/test.sh -m soak $(ARGS)

check: lint ## the quick look before a commit: lint, then the tests that need no server and no browser
	@$(BIN) pytest -q -n auto tests/analytics tests/house -m "not browser and not postgres"

lint: ## style, types, import contracts and templates
	@scripts/setup.sh test
	@$(BIN) ruff check .
	@$(BIN) ruff format --check .
	@$(BIN) mypy
	@.venv/bin/lint-imports --no-logo
	@$(BIN) djlint --lint --quiet templates

bench: ## measure everything side by side and keep it (ARGS=--quick for minutes; bench-recount etc. for a part)
	@scripts/setup.sh test
	@$(BIN) bench --keep $(ARGS)

bench-%:
	@scripts/setup.sh test
	@$(BIN) bench $* --keep $(ARGS)

messages: ## collect the sentences people read into the catalogues and compile them
	@scripts/setup.sh test
	@scripts/messages.sh

screens: ## take the README's pictures again, and every page of the phone into var/screens (ARGS=… names scenes)
	@scripts/setup.sh test
	@$(BIN) scripts.screens $(ARGS)

lighthouse: ## let Lighthouse judge the phone's pages of a fresh demonstration (needs Node.js)
	@scripts/lighthouse.sh

lock: ## resolve requirements*.in again into the hash-pinned requirements*.txt
	@scripts/lock.sh

#!/bin/sh
# Collect msgids from the source into every catalogue, keep their translations, and compile them.
set -eu
cd "$(dirname "$0")/.."

folder=surveys/translations
template=$(mktemp)
trap 'rm -f "$template"' EXIT

.venv/bin/pybabel --quiet extract --mapping=pyproject.toml --keywords="N_ _l lazy_gettext" \
  --project=Pingyi --copyright-holder="The Pingyi authors" --msgid-bugs-address= \
  --add-location=file --sort-by-file --no-wrap --output="$template" .
.venv/bin/pybabel --quiet update --input-file="$template" --output-dir="$folder" \
  --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
.venv/bin/pybabel --quiet compile --directory="$folder"

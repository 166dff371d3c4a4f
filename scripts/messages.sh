#!/bin/sh
# Collect msgids from the source into the Chinese catalogue, keep their translations, make the one
# for Taiwan of it, and compile both.
# With the name of a file: only collect the msgids into it.
set -eu
cd "$(dirname "$0")/.."

folder=surveys/translations
template=${1-}
if [ -z "$template" ]; then
  template=$(mktemp)
  trap 'rm -f "$template"' EXIT
fi

.venv/bin/python -m babel.messages.frontend --quiet extract --mapping=pyproject.toml --keywords="N_ _l lazy_gettext" \
  --project=Pingyi --copyright-holder="The Pingyi authors" --msgid-bugs-address= \
  --add-location=file --sort-by-file --no-wrap --output="$template" .
[ -z "${1-}" ] || exit 0
.venv/bin/python -m babel.messages.frontend --quiet update --input-file="$template" --output-dir="$folder" \
  --locale=zh_CN --no-wrap --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
.venv/bin/python scripts/traditional.py
.venv/bin/python -m babel.messages.frontend --quiet compile --directory="$folder"

#!/bin/sh
# Resolve requirements*.in into hash-pinned requirements*.txt for Python 3.11 to 3.13, all platforms.
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh run
if command -v uv >/dev/null 2>&1; then
  uv=uv
else
  tools=$(mktemp -d)
  trap 'rm -rf "$tools"' EXIT
  .venv/bin/python -m venv "$tools"
  "$tools/bin/python" -m pip install --quiet --no-input uv
  uv=$tools/bin/uv
fi

for name in requirements requirements-dev; do
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header --output-file "$name.txt" "$@" "$name.in"
done

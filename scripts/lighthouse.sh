#!/bin/sh
# Let Lighthouse judge the phone's pages of a fresh demonstration: `lighthouse.sh` installs it by npm into var/ and prints the scores.
set -eu
cd "$(dirname "$0")/.."

fail() { # CHINESE ENGLISH
  printf '%s\n%s\n' "$1" "$2" >&2
  exit 1
}

command -v npm >/dev/null 2>&1 || fail \
  "缺少 Node.js 和 npm（需要 Node.js 18.16 以上）：请先安装（Debian：apt-get install nodejs npm）。" \
  "Node.js and npm are missing (Node.js 18.16 or later is needed); install them (Debian: apt-get install nodejs npm)."
command -v chromium >/dev/null 2>&1 || scripts/debian.sh chromium
scripts/setup.sh test

folder=var/lighthouse
mkdir -p "$folder"
if [ ! -x "$folder/node_modules/.bin/lighthouse" ]; then
  echo "正在安装 Lighthouse…… / Installing Lighthouse …" >&2
  npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts lighthouse@12 \
    >"$folder/install.log" 2>&1 || fail \
    "无法安装 Lighthouse：请检查网络或 npm 镜像设置，详情见 $folder/install.log。" \
    "Lighthouse could not be installed: check the network or npm's mirror; details are in $folder/install.log."
fi

exec .venv/bin/python -m scripts.screens.lighthouse "$folder" "$@"

#!/bin/sh
# Install Debian packages when we may, else say which line the administrator has to run.
set -eu

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  printf '%s\n%s\n' \
    "缺少系统软件包，请由管理员执行：sudo apt-get install --no-install-recommends $*" \
    "System packages are missing; let an administrator run: sudo apt-get install --no-install-recommends $*" >&2
  exit 1
fi

echo "正在安装系统软件包 / Installing system packages: $*" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get -q -o DPkg::Lock::Timeout=300 update &&
  apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"; } \
  >"$log" 2>&1 </dev/null; then
  tail -n 5 "$log" >&2
  printf '%s\n%s\n' \
    "未能安装系统软件包：请检查网络和软件源，或由管理员安装：$*" \
    "System packages could not be installed: check the network and the package sources, or have them installed: $*" >&2
  exit 1
fi

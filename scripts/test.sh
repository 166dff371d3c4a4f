#!/bin/sh
# Run every test with real PostgreSQL, Redis and Chromium; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh test

packages=
needs() { # PACKAGE CHINESE ENGLISH: remember what is missing and which tests would be
  packages="$packages $1"
  echo "缺少 $1：$2 / $1 is missing: $3" >&2
}

has_postgresql() {
  [ -n "${PINGYI_TEST_POSTGRES-}" ] || .venv/bin/python -m tests.services --has postgresql
}
has_redis() { [ -n "${PINGYI_TEST_REDIS-}" ] || command -v redis-server >/dev/null 2>&1; }
has_chromium() { command -v chromium >/dev/null 2>&1; }
has_strace() { command -v strace >/dev/null 2>&1; }
has_chinese_font() { [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }

has_postgresql || needs postgresql "PostgreSQL 上的测试需要它" "the tests on PostgreSQL need it"
has_redis || needs redis-server "Redis 上的测试需要它" "the tests on Redis need it"
has_chromium || needs chromium "浏览器测试需要它" "the browser tests need it"
has_strace || needs strace "磁盘故障的测试需要它" "the tests of failing disks need it"
has_chinese_font || needs fonts-noto-cjk "浏览器测试需要中文字体" "the browser tests need a Chinese font"
# shellcheck disable=SC2086 # a list of package names
[ -z "$packages" ] || scripts/debian.sh $packages

# Tests share the cores among themselves; threads of linear algebra would only wait for each other.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
exec .venv/bin/python -m tests.services .venv/bin/python -m pytest -n auto "$@"

#!/bin/sh
# Make .venv ready: `setup.sh run` installs what serves, `setup.sh test` also what checks.
# A stamp inside .venv says what was installed, so a second call does nothing.
set -eu
cd "$(dirname "$0")/.."

fail() { # CHINESE ENGLISH
  printf '%s\n%s\n' "$1" "$2" >&2
  exit 1
}

kind=${1-}
case $kind in
  run) lock=requirements.txt ;;
  test) lock=requirements-dev.txt ;;
  *) fail "用法：scripts/setup.sh run 或 test" "Usage: scripts/setup.sh run|test" ;;
esac

usable() { # PYTHON
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

version() { # PYTHON
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'
}

stamp() { # LOCK: the Python and the lock that a finished installation was made of
  .venv/bin/python -c 'import hashlib, sys
print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$1"
}

is_as_asked() { # the environment runs, and on the Python that was asked for, if one was
  usable .venv/bin/python || return 1
  [ -z "${PYTHON-}" ] || [ "$(version "$PYTHON")" = "$(version .venv/bin/python)" ]
}

is_ready() {
  [ -f ".venv/$kind.stamp" ] && is_as_asked &&
    [ "$(cat ".venv/$kind.stamp")" = "$(stamp "$lock")" ]
}

find_python() {
  for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if usable "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  fail "没有可用的 Python：需要 3.11 至 3.13，请先安装（Debian：apt-get install python3 python3-venv），或用 PYTHON=路径 指定。" \
    "No usable Python: 3.11 to 3.13 is needed; install one (Debian: apt-get install python3 python3-venv) or name it with PYTHON=path."
}

make_environment() {
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    scripts/debian.sh "python$(version "$python")-venv"
  fi
  rm -rf .venv
  "$python" -m venv .venv
}

install() { # uv when it is there and manages, else pip
  if command -v uv >/dev/null 2>&1 &&
    uv pip install --python .venv/bin/python --compile-bytecode --require-hashes -r "$lock"; then
    return
  fi
  .venv/bin/python -m pip install --no-input --require-hashes -r "$lock"
}

is_ready && exit 0

if [ -n "${PYTHON-}" ] && ! usable "$PYTHON"; then
  fail "PYTHON=$PYTHON 不能用：需要 Python 3.11 至 3.13。" \
    "PYTHON=$PYTHON cannot be used: Python 3.11 to 3.13 is needed."
fi
if ! is_as_asked || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  make_environment
fi

echo "正在安装 $lock，首次约需一分钟…… / Installing $lock, about a minute the first time …" >&2
rm -f .venv/*.stamp
if ! install >.venv/install.log 2>&1; then
  if grep -qiE 'from versions: none|connection|resolution|resolve|unreachable|timed out|dns error' .venv/install.log; then
    fail "无法下载软件包：请检查网络或 pip 镜像设置后重试，详情见 .venv/install.log。" \
      "Packages could not be downloaded: check the network or pip's mirror and try again; details are in .venv/install.log."
  fi
  tail -n 5 .venv/install.log >&2
  fail "安装 $lock 失败，详情见 .venv/install.log。" \
    "Installing $lock failed; details are in .venv/install.log."
fi

# Only now: an interrupted installation leaves no stamp. What checks includes what serves.
stamp requirements.txt >.venv/run.stamp
[ "$kind" = run ] || stamp "$lock" >.venv/test.stamp

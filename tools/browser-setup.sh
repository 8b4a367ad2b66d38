#!/usr/bin/env bash
# Sees to it that a browser is there for the tests of the UI: Debian's Chromium, or the one that CHROMIUM names.
set -eu

[ -x "${CHROMIUM:-/usr/bin/chromium}" ] && exit 0

if [ -z "${CHROMIUM:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium
else
  echo "the UI's tests drive a browser: sudo apt-get install chromium, or name one with CHROMIUM=PATH" >&2
  exit 1
fi

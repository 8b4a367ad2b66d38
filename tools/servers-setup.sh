#!/usr/bin/env bash
# Sees to it that the servers are there which some tests start for themselves: PostgreSQL and Redis, from Debian's packages.
set -eu

missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
[ "${#missing[@]}" = 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
else
  echo "the tests start servers of their own; install them: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

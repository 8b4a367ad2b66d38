#!/usr/bin/env bash
# Builds the UI's pages, web/dist/ui, which cargo then builds into the binary.
# `--if-possible`: where there is no Node, or the build fails, says so and goes on: the binary then says it has no pages.
set -eu
cd "$(dirname "$0")/../web"

give_up() {
  echo "$1" >&2
  [ "$how" = --if-possible ] && exit 0
  exit 1
}
how=${1:-}

node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null ||
  give_up "the web UI is left out: its build needs Node 20.19 or newer with npm, for example: sudo apt-get install nodejs npm"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What is installed already as the lock file says is left alone: npm ci begins with removing it.
if ! cmp -s package-lock.json node_modules/.installed; then
  echo "the web UI: installing what its build needs"
  npm ci --no-fund --no-audit --ignore-scripts --loglevel=error >"$log" 2>&1 || { cat "$log" >&2; give_up "the web UI is left out: npm ci failed"; }
  cp package-lock.json node_modules/.installed
fi
echo "the web UI: building"
npm run --silent build >"$log" 2>&1 || { cat "$log" >&2; give_up "the web UI is left out: its build failed"; }
touch dist/.built

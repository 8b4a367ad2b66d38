#!/usr/bin/env bash
# Installs e2e/node/node_modules exactly as the lock file says.
set -eu
cd "$(dirname "$0")/../e2e/node"

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
  echo "the black-box tests need Node 20 or newer with npm; install them, for example: sudo apt-get install nodejs npm" >&2
  exit 1
fi
npm ci --no-fund --no-audit --ignore-scripts --loglevel=error

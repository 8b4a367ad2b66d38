#!/usr/bin/env bash
# Installs e2e/node/node_modules (0.3 GB, most of it the newer Node that the newest SDKs want) and e2e/agents/node_modules
# (1.2 GB: coding agents) exactly as their lock files say.
set -eu
cd "$(dirname "$0")/../e2e"

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
  echo "the black-box tests need Node 20 or newer with npm; install them, for example: sudo apt-get install nodejs npm" >&2
  exit 1
fi

# Nothing that a package would like to run is run: the agents' native programs are packages of their own, and are there.
for folder in node agents; do
  # What is installed already as the lock file says is left alone: npm ci begins with removing it.
  if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed"; then
    (cd "$folder" && npm ci --no-fund --no-audit --ignore-scripts --loglevel=error)
    cp "$folder/package-lock.json" "$folder/node_modules/.installed"
  fi
done

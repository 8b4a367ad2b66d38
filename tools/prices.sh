#!/usr/bin/env bash
# Makes the built-in price list from the one that the Python package litellm brings along. Run it to bring it up to date,
# look at the difference, and commit it.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$work" litellm
wheel=$(ls "$work"/litellm-*.whl)
version=$(basename "$wheel" | cut -d- -f2)
python3 -m zipfile -e "$wheel" "$work/wheel"
cargo run --quiet --locked -p trunkline-providers --example price_list -- \
    "$work/wheel/litellm/model_prices_and_context_window_backup.json" "$(date -u +%F)" "litellm $version" >"$work/list.tsv"
mv "$work/list.tsv" crates/providers/src/price/list.tsv
wc -lc crates/providers/src/price/list.tsv

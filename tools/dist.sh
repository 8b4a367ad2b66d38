#!/usr/bin/env bash
# Builds the binary that is shipped and measured, target/dist/trunkline: optimised as a whole, and laid out after what it
# does under load (profile-guided). For that it is built twice; between the two it serves the benchmark's workloads.
# Without llvm-profdata of the same compiler it is built once, and this says so.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
work=$target/pgo
binary=$target/dist/trunkline
host=$(rustc -vV | sed -n 's/^host: //p')
profdata=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata

# What the binary depends on; nothing is built twice for the same sources and compiler.
state=$({ rustc -vV; find crates web/dist Cargo.toml Cargo.lock -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
if [ -x "$binary" ] && [ "$(cat "$work/built-from" 2>/dev/null)" = "$state" ]; then
    echo "dist: $binary is up to date"
    exit 0
fi

build() { # FLAGS FOLDER
    # For a named target, so that the flags stay away from build scripts and macros.
    RUSTFLAGS="$1" CARGO_TARGET_DIR="$2" cargo build --profile dist --locked --target "$host" -p trunkline
}

if [ ! -x "$profdata" ] && ! { command -v rustup >/dev/null && rustup component add llvm-tools; }; then
    echo "dist: no llvm-profdata for this compiler (rustup component add llvm-tools): built without a profile" >&2
    cargo build --profile dist --locked -p trunkline
    exit 0
fi

rm -rf "$work/raw"
mkdir -p "$work/raw" "$(dirname "$binary")"
build "-Cprofile-generate=$(realpath "$work/raw")" "$work/instrumented"
# What it is trained on is what it is for. The figures of this run mean nothing.
bench/run.py --only trunkline --rounds 1 --seconds 3 --quiet 0 --binary "$work/instrumented/$host/dist/trunkline" >"$work/training.log"
"$profdata" merge -o "$work/trunkline.profdata" "$work/raw"
build "-Cprofile-use=$(realpath "$work/trunkline.profdata")" "$work/optimised"
cp "$work/optimised/$host/dist/trunkline" "$binary"
echo "$state" >"$work/built-from"
echo "dist: $binary, laid out after $(du -h "$work/trunkline.profdata" | cut -f1) of profile"

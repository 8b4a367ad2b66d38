# The two commands are `make run` and `make test`; `make help` lists the rest.
# Each installs what else it needs below this folder: .venv/, e2e/*/node_modules/, .tools/ (all git-ignored).

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

# Flags for the binary: make run ARGS='--port 9000 --log-level debug'
ARGS ?=
# Flags for pytest: make e2e PYTEST_ARGS='-k reload -x'
PYTEST_ARGS ?=

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# What the UI's pages are made of; web/dist/.built is newer than all of it when they are.
UI_SOURCES := $(shell find web \( -name node_modules -o -name dist -o -name screenshots \) -prune -o -type f -not -name schema.gen.ts -print)

.PHONY: help run test web-test screenshots ui-speed ui-tour e2e e2e-setup ready clean

help:
	@echo 'make run    build and start Trunkline                  (ARGS="--port 9000 ...")'
	@echo 'make test   every test: Rust, then black-box           (PYTEST_ARGS="-k reload" for the second part)'
	@echo 'make e2e    the black-box tests alone'
	@echo 'make web-test     the tests of the UI against its mock'
	@echo 'make screenshots  pictures of the UI, as docs/ui.md shows them'
	@echo 'make ui-speed     the overview in a browser, with a million requests in the ledger'
	@echo 'make ready  what to run before asking for review: format, lints, tests, checks'
	@echo 'make bench  Trunkline beside nginx                     (BENCH_ARGS="--help")'
	@echo 'make fuzz   a fuzz target                              (TARGET=peek SECONDS=600)'
	@echo 'make clean  removes everything that was built or installed here'

# The data folder is this checkout's, unless a flag or the variable says otherwise.
run:
	@$(MAKE) --no-print-directory web/dist/.built UI_FLAGS=--if-possible
	@cargo build --release --locked -p trunkline
	@TRUNKLINE_DATA_DIR="$${TRUNKLINE_DATA_DIR:-data}" exec "$(TARGET_DIR)/release/trunkline" $(ARGS)

test:
	@tools/servers-setup.sh
	$(MAKE) --no-print-directory web-test
	cargo test --workspace --locked
	$(MAKE) --no-print-directory e2e

# The pages, for whatever builds the binary.
web/dist/.built: $(UI_SOURCES) tools/ui-build.sh
	@tools/ui-build.sh $(UI_FLAGS)

web-test: web/dist/.built
	@tools/browser-setup.sh
	cd web && npm test && npm run size && npm run journeys

e2e: web/dist/.built
	@tools/browser-setup.sh
	cargo build --locked -p trunkline
	$(MAKE) --no-print-directory e2e-setup
	.venv/bin/python -m pytest -c e2e/pytest.ini e2e $(PYTEST_ARGS)

# The UI of a Trunkline that was busy for a month.
ui-tour: web/dist/.built
	@tools/browser-setup.sh
	cargo build --release --locked -p trunkline
	cargo build --release --locked -p trunkline-store --example fill
	$(MAKE) --no-print-directory e2e-setup

screenshots ui-speed: export TRUNKLINE_BIN := $(abspath $(TARGET_DIR))/release/trunkline
screenshots ui-speed: export FILL := $(abspath $(TARGET_DIR))/release/examples/fill

screenshots: ui-tour
	.venv/bin/python e2e/tour.py pictures docs/images

ui-speed: ui-tour
	.venv/bin/python e2e/tour.py speed

e2e-setup: .venv/.ready e2e/node/node_modules/.ready

.venv/.ready: e2e/requirements.txt e2e/requirements-model.txt e2e/requirements-old.txt tools/python-setup.sh
	@tools/python-setup.sh
	@touch $@

e2e/node/node_modules/.ready: e2e/node/package.json e2e/node/package-lock.json e2e/agents/package-lock.json tools/node-setup.sh
	@tools/node-setup.sh
	@touch $@

ready:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo run --locked -p xtask -- check
	$(MAKE) --no-print-directory test

clean:
	cargo clean
	rm -rf .venv .tools e2e/node/node_modules e2e/agents/node_modules web/node_modules web/dist/.built web/dist/ui

include bench/bench.mk
include fuzz/fuzz.mk

# Included by the Makefile: `make bench` builds, installs what is missing, measures, prints the tables.
#   make bench BENCH_ARGS='--write'                          also into bench/RESULTS.md
#   make bench BENCH_ARGS='--wl chat,burst --rounds 3'       see `bench/run.py --help`
#   make bench-streams                                       memory of streams at rest
#   make bench-failover                                      what a refused first target adds
PYTHON ?= python3
BENCH_ARGS ?=
BENCH_TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: bench bench-streams bench-failover bench-build bench-tools bench-test dist

bench: dist
	BENCH_COMMAND='make bench$(if $(BENCH_ARGS), BENCH_ARGS="$(BENCH_ARGS)")' $(PYTHON) bench/run.py $(BENCH_ARGS)

bench-streams: dist
	$(PYTHON) bench/streams.py $(BENCH_ARGS)

bench-failover: dist
	$(PYTHON) bench/failover.py $(BENCH_ARGS)

# The binary as it is shipped: target/dist/trunkline.
dist: bench-tools bench-build web/dist/.built
	tools/dist.sh

bench-build:
	CARGO_TARGET_DIR=$(BENCH_TARGET)/bench cargo build --release --locked --manifest-path bench/mock-upstream/Cargo.toml

# Debian keeps nginx where an ordinary user's PATH does not look.
bench-tools:
	@PATH="$$PATH:/usr/sbin"; missing=; \
	for tool in nginx wrk; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; \
	else echo "bench: please install$$missing, for example: sudo apt-get install$$missing" >&2; exit 1; fi

# The harness's own tests; the product's are `make test`.
bench-test:
	$(PYTHON) -m unittest discover -s bench/tests -t bench
	CARGO_TARGET_DIR=$(BENCH_TARGET)/bench cargo test --locked --manifest-path bench/mock-upstream/Cargo.toml

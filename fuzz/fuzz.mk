# `make fuzz TARGET=peek SECONDS=600`. Works with the stable compiler: the fuzzing engine needs no sanitizer to find panics
# and broken promises, and there is no unsafe code to sanitize.
# New inputs are kept in fuzz/corpus/, findings in fuzz/artifacts/ (both git-ignored); fuzz/seeds/ is where each run begins.

FUZZ_TARGETS := $(basename $(notdir $(wildcard fuzz/targets/*.rs)))
TARGET ?= peek
SECONDS ?= 60
CARGO_FUZZ := $(or $(shell command -v cargo-fuzz),.tools/bin/cargo-fuzz)

.PHONY: fuzz
fuzz: | $(CARGO_FUZZ)
	@$(if $(filter $(TARGET),$(FUZZ_TARGETS)),:,echo "TARGET is one of: $(FUZZ_TARGETS)" >&2; exit 2)
	@mkdir -p fuzz/corpus/$(TARGET)
	PATH="$(dir $(CARGO_FUZZ)):$$PATH" cargo fuzz run --sanitizer none $(TARGET) fuzz/corpus/$(TARGET) fuzz/seeds/$(TARGET) -- \
		-max_total_time=$(SECONDS) -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1

.tools/bin/cargo-fuzz:
	cargo install cargo-fuzz --locked --root .tools

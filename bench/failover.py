#!/usr/bin/env python3
"""Measures what a failed first target adds: one connection, to a target that serves, and past one that refuses.

failover.py                    five rounds of both, interleaved
failover.py --rounds 9 --seconds 2
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from harness import contestants, machine, upstream, workloads

TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or machine.REPOSITORY / "target")
ADDED_MS_MAX = 2
"""What a refused first target may add to the median."""

#: Nobody listens here; no circuit, so that each request meets the refusal.
DOCUMENT = """
[failover]
circuit_failures = 0
[providers.gone]
type = "vllm"
base_url = "http://127.0.0.1:9/v1"
[models.past-one]
targets = [{ provider = "gone", model = "mock-model" }, { provider = "mock", model = "mock-model", priority = 1 }]
"""


class Gateway(contestants.Trunkline):
    def prepare(self, port, mock):
        command = super().prepare(port, mock)
        with open(self.folder / "trunkline.toml", "a") as file:
            file.write(DOCUMENT)
        return command


def main() -> int:
    options = parse()
    workload = workloads.ALL["single"]
    mock = upstream.Upstream(options.mock, 0)
    gateway = Gateway(options.binary)
    added = []
    try:
        with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
            gateway.start(Path(folder), mock)
            for number in range(options.rounds):
                p50 = {}
                for model in ("bench", "past-one") if number % 2 == 0 else ("past-one", "bench"):
                    gateway.model = model
                    load = workloads.wrk(gateway, workload, options.seconds, Path(folder))
                    if load["not_2xx"] or load["socket_errors"]:
                        raise RuntimeError(f"requests for {model} failed: {load}")
                    p50[model] = load["p50_us"] / 1e3
                added.append(p50["past-one"] - p50["bench"])
                by_first, by_second = p50["bench"], p50["past-one"]
                print(f"round {number + 1}  served by the first {by_first:.3f} ms, by the second {by_second:.3f} ms")
    finally:
        gateway.stop()
        mock.stop()
    median = statistics.median(added)
    met = median < ADDED_MS_MAX
    spread = f"{min(added):.3f} to {max(added):.3f}"
    must = f"must {ADDED_MS_MAX} ms {'✓' if met else '✗'}"
    print(f"a refused first target adds {median:.3f} ms to the median ({spread}); {must}")
    return 0 if met else 1


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--binary", default=str(TARGET / "dist/trunkline"), help="default: target/dist/trunkline")
    parser.add_argument("--mock", default=str(TARGET / "bench/release/mock-upstream"))
    options = parser.parse_args()
    options.binary = os.path.abspath(options.binary)
    return options


if __name__ == "__main__":
    sys.exit(main())

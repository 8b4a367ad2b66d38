#!/usr/bin/env python3
"""Measures the memory of streams at rest: many of them, silent in the middle, on the native lane and on the bridged one.

streams.py                          500 streams of each kind, after a small prompt and after one of 100 KB
streams.py --streams 2000 --only bridged
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
from pathlib import Path

from harness import contestants, held, machine, workloads

TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or machine.REPOSITORY / "target")
KIB_MAX = 64
"""What a stream may cost at rest."""
AT_ONCE = 50
"""Streams that begin together."""
REST_S = 2.0
"""Before memory is read: rows of the requests before are written, what was freed is given back."""

#: Name, path, body of `workloads.body`.
LANES = {
    "native": (workloads.PATH, "stream"),
    "native, 100 KB prompt": (workloads.PATH, "stream-big"),
    "bridged": ("/v1/messages", "messages"),
    "bridged, 100 KB prompt": ("/v1/messages", "messages-big"),
}


def main() -> int:
    options = parse()
    # Two sockets a stream on each side.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(", ".join(f"{name} {value}" for name, value in machine.describe().items()), end="\n\n")
    print(
        "| streams at rest | idle MB | half of them MB | all MB | KiB a stream | KiB each of the second half | must |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    missed = False
    for name in options.only:
        idle, half, full = asyncio.run(measure(name, options))
        average = (full - idle) * 1024 / options.streams
        further = (full - half) * 1024 / (options.streams - options.streams // 2)
        met = max(average, further) < KIB_MAX
        missed |= not met
        row = f"| {options.streams} {name} | {idle:.1f} | {half:.1f} | {full:.1f} | {average:.1f} | {further:.1f} |"
        print(f"{row} {KIB_MAX} {'✓' if met else '✗'} |", flush=True)
    return 1 if missed else 0


async def measure(name: str, options) -> tuple[float, float, float]:
    """Resident memory of a gateway, in MB: idle, with half of the streams at rest, with all of them."""
    path, kind = LANES[name]
    trunkline = contestants.Trunkline(options.binary)
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        async with held.Upstream() as upstream:
            try:
                await asyncio.to_thread(trunkline.start, Path(folder), upstream)
                body = workloads.body(kind, trunkline.model)
                headers = workloads.headers(trunkline.key)
                streams = [held.Stream(trunkline.address, path, body, headers) for _ in range(options.streams)]
                middle = options.streams // 2
                found = [await resident_mb(trunkline)]
                for part in (streams[:middle], streams[middle:]):
                    await held.in_groups(AT_ONCE, [stream.until_silent for stream in part])
                    found.append(await resident_mb(trunkline))
                upstream.release.set()
                whole = await held.in_groups(options.streams, [stream.to_its_end for stream in streams])
                if not all(whole):
                    raise RuntimeError(f"{whole.count(False)} streams of {name} were not whole")
            finally:
                await asyncio.to_thread(trunkline.stop)
    return tuple(found)


async def resident_mb(trunkline) -> float:
    await asyncio.sleep(REST_S)
    return trunkline.tree.resident_mb()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--only", choices=list(LANES), action="append", help="one of %(choices)s; may be repeated")
    parser.add_argument("--binary", default=str(TARGET / "dist/trunkline"), help="default: target/dist/trunkline")
    options = parser.parse_args()
    options.only = options.only or list(LANES)
    options.binary = os.path.abspath(options.binary)
    return options


if __name__ == "__main__":
    sys.exit(main())

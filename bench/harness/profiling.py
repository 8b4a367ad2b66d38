"""Where the CPU goes: `perf` over one measured run, when it is installed."""

import contextlib
import subprocess
from pathlib import Path

FREQUENCY_HZ = 999
LINES_MAX = 60


class Profiler:
    """Records into `folder/perf-WORKLOAD.data`. The sampling costs CPU: a profiled run is no measurement."""

    def __init__(self, folder: Path, workload: str):
        self.path = folder / f"perf-{workload}.data"

    @contextlib.contextmanager
    def recording(self, pid: int, seconds: int):
        # cpu-clock needs no hardware counters, which virtual machines often lack.
        command = [
            "perf",
            "record",
            "-q",
            "-e",
            "cpu-clock",
            "-F",
            str(FREQUENCY_HZ),
            "-g",
            "-o",
            str(self.path),
            "-p",
            str(pid),
        ]
        perf = subprocess.Popen([*command, "--", "sleep", str(seconds)], stdin=subprocess.DEVNULL)
        yield
        perf.wait(seconds + 30)
        report = subprocess.run(
            [
                "perf",
                "report",
                "--stdio",
                "--no-children",
                "-g",
                "none",
                "--percent-limit",
                "0.5",
                "-i",
                str(self.path),
            ],
            capture_output=True,
            text=True,
        )
        lines = [line for line in report.stdout.splitlines() if line.strip() and not line.startswith("#")]
        print("\n".join([f"{self.path}:", *lines[:LINES_MAX]]) if lines else report.stderr, flush=True)

"""What the figures were measured on."""

import os
import re
import subprocess
from pathlib import Path

from . import contestants

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def describe() -> dict[str, str]:
    memory_kb = int(re.search(r"^MemTotal:\s+(\d+)", _read("/proc/meminfo"), re.M)[1])
    return {
        "CPU": _first(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo")) or os.uname().machine,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory_kb / (1 << 20):.1f} GiB",
        "system": _first(r'^PRETTY_NAME="?([^"\n]+)', _read("/etc/os-release")) or "unknown",
        "kernel": os.uname().release,
    }


def versions(binary: str | None) -> dict[str, str]:
    found = {
        "nginx": _first(r"nginx/(\S+)", _output(contestants.nginx_binary() or "nginx", "-v")),
        "wrk": _first(r"wrk\s+(\S+)", _output("wrk", "-v")),
        "rustc": _first(r"rustc (\S+)", _output("rustc", "--version")),
        "revision": _output("git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--abbrev=12").strip(),
    }
    if binary:
        found["trunkline"] = _first(r"(\d\S+)", _output(binary, "--version"))
    return {name: version or "unknown" for name, version in found.items()}


def _first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.M)
    return found[1].strip() if found else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _output(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout + result.stderr if result.returncode in (0, 1) else ""

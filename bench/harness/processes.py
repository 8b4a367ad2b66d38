"""CPU time and memory of a process and its children, and of everything else on the machine, from /proc."""

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
"""The grain of /proc/PID/stat, usually 10 ms."""

ENDED_THREADS_US = 8 * TICK_US
"""How much more than the fine reading the coarse one must show, and at least 2 % of itself, before a thread is taken to
have ended in between. Less is the rounding of the coarse one: two figures a process."""


@dataclass(frozen=True)
class Cpu:
    """CPU time so far. `coarse_us` counts threads that have ended, `fine_us` does not but has no 10 ms grain."""

    coarse_us: float
    fine_us: float

    def since(self, before: "Cpu") -> float:
        """Microseconds of CPU since `before`."""
        coarse, fine = self.coarse_us - before.coarse_us, self.fine_us - before.fine_us
        return coarse if coarse - fine > max(ENDED_THREADS_US, 0.02 * coarse) else fine


class Tree:
    """A process and its descendants."""

    def __init__(self, pid: int):
        self.pid = pid

    def pids(self) -> list[int]:
        children: dict[int, list[int]] = {}
        for name in os.listdir("/proc"):
            if name.isdigit() and (fields := _stat(int(name))):
                children.setdefault(int(fields[1]), []).append(int(name))
        found, todo = [], [self.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += children.get(pid, [])
        return found

    def cpu(self) -> Cpu:
        coarse_us = fine_us = 0.0
        for pid in self.pids():
            if fields := _stat(pid):
                coarse_us += sum(int(x) for x in fields[11:15]) * TICK_US  # utime, stime, and those of reaped children
            fine_us += sum(_thread_us(pid, thread) for thread in _listdir(f"/proc/{pid}/task"))
        return Cpu(coarse_us, fine_us)

    def resident_mb(self) -> float:
        return self._memory_mb("VmRSS")

    def peak_mb(self) -> float:
        """Since the last `reset_peak`. Pages that processes share are counted in each."""
        return self._memory_mb("VmHWM")

    def reset_peak(self) -> None:
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/clear_refs", "w") as file:
                    file.write("5")
            except OSError:
                pass  # it has just ended

    def _memory_mb(self, field: str) -> float:
        found = (re.search(rf"^{field}:\s+(\d+) kB", _read(f"/proc/{pid}/status"), re.M) for pid in self.pids())
        return sum(int(match[1]) for match in found if match) / 1024

    def rest(self, at_least_s: float, at_most_s: float = 10) -> None:
        """Waits until the work the last load left behind (rows to write, streams to cancel) is done."""
        began = time.monotonic()
        while True:
            before = self.cpu()
            time.sleep(0.2)
            waited_s = time.monotonic() - began
            idle = self.cpu().since(before) < 0.02 * 0.2e6
            if (idle and waited_s >= at_least_s) or waited_s > at_most_s:
                return


def stop(process: subprocess.Popen) -> None:
    """Ends a process this harness started: asks, waits, then kills what is left of its tree."""
    if process.poll() is not None:
        return
    pids = Tree(process.pid).pids()
    process.terminate()
    try:
        process.wait(15)
        return
    except subprocess.TimeoutExpired:
        pass
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(5)


def machine_busy_us() -> float:
    """CPU time the whole machine has spent on anything, all cores together."""
    with open("/proc/stat") as file:
        user, nice, system, idle, iowait, irq, softirq, steal = (int(x) for x in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK_US


def harness_us() -> float:
    """CPU time of this script and of the load generators it has waited for."""
    times = os.times()
    return (times.user + times.system + times.children_user + times.children_system) * 1e6


class Quiet:
    """Waits for a quiet machine, for at most `budget_s` over a whole run."""

    BUSY_MAX = 0.15
    """Share of one core that may be in use on a quiet machine."""

    def __init__(self, budget_s: float):
        self.left_s = budget_s

    def wait(self) -> None:
        while self.left_s > 0:
            began, busy_us = time.monotonic(), machine_busy_us()
            time.sleep(0.4)
            took_s = time.monotonic() - began
            if (machine_busy_us() - busy_us) / (took_s * 1e6) < self.BUSY_MAX:
                return
            time.sleep(0.6)
            self.left_s -= time.monotonic() - began


def _stat(pid: int) -> list[str]:
    text = _read(f"/proc/{pid}/stat")
    return text[text.rindex(")") + 2 :].split() if text else []


def _thread_us(pid: int, thread: str) -> float:
    text = _read(f"/proc/{pid}/task/{thread}/schedstat")
    return int(text.split()[0]) / 1e3 if text else 0.0


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""  # processes come and go


def _listdir(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []

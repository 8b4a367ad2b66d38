"""From rounds to verdicts: medians, paired ratios, and the figures Trunkline must and aims to reach."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from . import workloads

YARDSTICK = "nginx"
FOREIGN_MAX = 0.2
"""Load of others, as a share of one core, above which only the ratios can be trusted."""


@dataclass(frozen=True)
class Limit:
    must: float
    aim: float


CPU_RATIO = {
    "chat": Limit(1.4, 1.05),
    "burst": Limit(0.7, 0.4),
    "paced": Limit(1.2, 1.05),
    "prompt": Limit(1.3, 1.05),
    "bridged": Limit(3.0, 3.0),
}
"""CPU a request, as a ratio to nginx in the same round; bridged: to the same answer relayed."""
ADDED_RATIO = Limit(45 / 29, 1.0)
"""Added p50 on one connection, as a ratio to nginx's: 45 microseconds beside its 29, and at best the same."""
IDLE_MB = Limit(40, 25)
LOADED_MB = Limit(60, 40)
START_MS = Limit(150, 50)


@dataclass(frozen=True)
class Verdict:
    """One line of the main table. `spread` is the least and the greatest of the rounds."""

    what: str
    unit: str
    subject: float | None
    yardstick: float | None
    value: float | None
    spread: tuple[float, float] | None
    limit: Limit | None
    beside: str = YARDSTICK
    """What the ratio is to."""

    @property
    def meets_must(self) -> bool | None:
        return None if self.limit is None or self.value is None else self.value <= self.limit.must

    @property
    def meets_aim(self) -> bool | None:
        return None if self.limit is None or self.value is None else self.value <= self.limit.aim


def verdicts(rounds: list[dict], subject: str, titles: dict[str, str]) -> list[Verdict]:
    """`rounds` is what `run.py` gathered: one {contestant: {..., "workloads": {name: result}}} a round."""
    found = []
    for name, title in titles.items():
        if name == "single" or not any(name in _loads(one, subject) for one in rounds):
            continue
        other = workloads.ALL[name].against if name in workloads.ALL else None
        if other:
            found.append(_beside(rounds, subject, f"{title}: CPU", (name, other), CPU_RATIO.get(name)))
        else:
            found.append(_paired(rounds, subject, f"{title}: CPU", "us", _cpu(name), CPU_RATIO.get(name)))
    if "single" in titles and any("single" in _loads(one, subject) for one in rounds):
        found.append(_paired(rounds, subject, f"{titles['single']}: added p50", "us", _added_p50, ADDED_RATIO))
    found.append(_plain(rounds, subject, "memory idle", "MB", lambda one, who: one[who].get("idle_mb"), IDLE_MB))
    found.append(_plain(rounds, subject, "memory under load, the most", "MB", _peak_mb, LOADED_MB))
    found.append(
        _plain(rounds, subject, "start to first answer", "ms", lambda one, who: one[who].get("start_ms"), START_MS)
    )
    return [verdict for verdict in found if verdict.subject is not None]


def median_of(rounds: list[dict], who: str, workload: str, figure: str) -> float | None:
    return _median([value for one in rounds if (value := _loads(one, who).get(workload, {}).get(figure)) is not None])


def _loads(one: dict, who: str) -> dict:
    return one.get(who, {}).get("workloads", {})


Figure = Callable[[dict, str], float | None]


def _cpu(workload: str) -> Figure:
    return lambda one, who: _loads(one, who).get(workload, {}).get("cpu_us")


def _added_p50(one: dict, who: str) -> float | None:
    through, direct = (_loads(one, name).get("single", {}).get("p50_us") for name in (who, "direct"))
    return None if through is None or direct is None else through - direct


def _peak_mb(one: dict, who: str) -> float | None:
    return max((load["peak_mb"] for load in _loads(one, who).values() if "peak_mb" in load), default=None)


def _paired(rounds, subject, what, unit, figure: Figure, limit) -> Verdict:
    """Judged by the median of the ratios of each round: what slows a round slows both."""
    pairs = [
        (figure(one, subject), figure(one, YARDSTICK) if YARDSTICK in one else None) for one in rounds if subject in one
    ]
    ratios = [mine / its for mine, its in pairs if mine is not None and its is not None and its > 0]
    mine, its = (_median([pair[at] for pair in pairs if pair[at] is not None]) for at in (0, 1))
    return Verdict(what, unit, mine, its, _median(ratios), _spread(ratios), limit)


def _beside(rounds, subject, what, names: tuple[str, str], limit) -> Verdict:
    """One workload beside another of the same proxy, in the same round."""
    pairs = [tuple(_cpu(name)(one, subject) for name in names) for one in rounds if subject in one]
    ratios = [mine / its for mine, its in pairs if mine is not None and its]
    mine, its = (_median([pair[at] for pair in pairs if pair[at] is not None]) for at in (0, 1))
    return Verdict(what, "us", mine, its, _median(ratios), _spread(ratios), limit, names[1])


def _plain(rounds, subject, what, unit, figure: Figure, limit) -> Verdict:
    """Judged by the median itself."""
    mine, its = (
        [value for one in rounds if who in one and (value := figure(one, who)) is not None]
        for who in (subject, YARDSTICK)
    )
    return Verdict(what, unit, _median(mine), _median(its), _median(mine), _spread(mine), limit)


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def _spread(values: list[float]) -> tuple[float, float] | None:
    return (min(values), max(values)) if values else None

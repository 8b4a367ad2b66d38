"""Markdown: the verdicts, the figures behind them, and the section of RESULTS.md."""

from functools import partial
from pathlib import Path

from . import judge

BEGIN, END = "<!-- run.py --write: begin -->", "<!-- run.py --write: end -->"


def main_table(verdicts: list[judge.Verdict], subject: str) -> str:
    rows = [["", subject, "nginx", "judged by", "least to most", "must", "aim"]]
    for verdict in verdicts:
        by_ratio = verdict.unit == "us"
        unit, digits = (f"x {verdict.beside}", 2) if by_ratio else (verdict.unit, 1)
        rows.append(
            [
                verdict.what,
                f"{_number(verdict.subject, 1)} {verdict.unit}",
                "-" if verdict.beside != judge.YARDSTICK else f"{_number(verdict.yardstick, 1)} {verdict.unit}",
                f"{_number(verdict.value, digits)} {unit}",
                " to ".join(_number(end, digits) for end in verdict.spread or [None]),
                _mark(verdict.meets_must, verdict.limit and verdict.limit.must),
                _mark(verdict.meets_aim, verdict.limit and verdict.limit.aim),
            ]
        )
    return _markdown(rows)


def detail_table(rounds: list[dict], contestants: list[str], titles: dict[str, str]) -> str:
    heads = ["workload", "", "CPU us a request", "requests/s", "p50 ms", "p99 ms", "peak MB", "connections upstream"]
    rows = [[*heads, "others"]]
    for workload, title in titles.items():
        for who in contestants:
            figure = partial(judge.median_of, rounds, who, workload)
            if figure("per_s") is None:
                continue
            foreign = figure("foreign")
            rows.append(
                [
                    title,
                    who,
                    _number(figure("cpu_us"), 1),
                    _number(figure("per_s"), 0),
                    _number(figure("p50_us"), 3, 1e3),
                    _number(figure("p99_us"), 3, 1e3),
                    _number(figure("peak_mb"), 1),
                    _number(figure("upstream_connections"), 0),
                    f"{foreign * 100:.0f} %" + (" (!)" if foreign > judge.FOREIGN_MAX else ""),
                ]
            )
    return _markdown(rows)


def report(run: dict, titles: dict[str, str]) -> str:
    """Everything one run has to say."""
    rounds, subject = run["rounds"], run["subject"]
    verdicts = judge.verdicts(rounds, subject, titles)
    parts = [
        f"{run['when']}, {len(rounds)} rounds, medians. "
        + ", ".join(f"{name} {value}" for name, value in run["machine"].items())
        + ". "
        + ", ".join(f"{name} {value}" for name, value in run["versions"].items())
        + ".",
        f"Command: `{run['command']}`",
    ]
    if any(verdict.subject is not None for verdict in verdicts):
        parts.append(main_table(verdicts, subject))
    parts.append(detail_table(rounds, list(dict.fromkeys(name for one in rounds for name in one)), titles))
    parts += [_accounts(rounds, subject), _busy(rounds), _failures(run["failed_checks"])]
    return "\n\n".join(part for part in parts if part)


def write_section(path: Path, text: str) -> None:
    """Puts `text` between the two markers of the file."""
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the markers {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def _accounts(rounds: list[dict], subject: str) -> str:
    accounts = [one[subject]["account"] for one in rounds if one.get(subject, {}).get("account")]
    if not accounts:
        return ""
    total = {name: sum(account[name] for account in accounts) for name in accounts[0]}
    return (
        f"Accounting: {total['requests']} requests, {total['ledger_rows']} ledger rows "
        f"({total['rows_with_tokens']} with tokens), {total['log_lines']} log lines."
    )


def _busy(rounds: list[dict]) -> str:
    loads = [load["foreign"] for one in rounds for entry in one.values() for load in entry["workloads"].values()]
    busy = sum(foreign > judge.FOREIGN_MAX for foreign in loads)
    if not busy:
        return ""
    return (
        f"**The machine was not quiet**: in {busy} of {len(loads)} runs others used more than "
        f"{judge.FOREIGN_MAX:.0%} of a core. Trust the ratios, not the throughput and the latencies."
    )


def _failures(failed: list[str]) -> str:
    return (
        "**Failed checks**, so the figures mean nothing:\n" + "\n".join(f"- {line}" for line in failed)
        if failed
        else ""
    )


def _markdown(rows: list[list[str]]) -> str:
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _mark(passed: bool | None, limit: float | None) -> str:
    return "-" if limit is None else f"{_trim(limit)} {'?' if passed is None else '✓' if passed else '✗'}"


def _number(value: float | None, digits: int, divisor: float = 1) -> str:
    return "-" if value is None else f"{value / divisor:.{digits}f}"


def _trim(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")

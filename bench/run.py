#!/usr/bin/env python3
"""Measures Trunkline and nginx side by side on loopback, before the same mock upstream. README.md says how to read it.

run.py                                 five interleaved rounds of every workload, then the tables
run.py --check                         starts each, sends one of each request, looks at the answers
run.py --only trunkline --wl chat --rounds 1 --perf     where the CPU goes (needs perf)
run.py --url http://127.0.0.1:9000 --pid PID --key KEY --upstream-port 9150
                                       a proxy that runs already and forwards to the mock on that port
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from harness import checks, contestants, judge, machine, processes, profiling, tables, upstream, workloads

HERE = Path(__file__).resolve().parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or machine.REPOSITORY / "target")


def main() -> int:
    options = parse()
    # So that what was started is stopped when this script is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    missing = [name for name, found in needs(options) if not found]
    if missing:
        print(
            "bench: missing " + ", ".join(missing) + "; `make bench` builds and installs what it can", file=sys.stderr
        )
        return 2
    run = {
        "when": time.strftime("%Y-%m-%d"),
        "command": os.environ.get("BENCH_COMMAND") or shlex.join(["bench/run.py", *sys.argv[1:]]),
        "machine": machine.describe(),
        "versions": machine.versions(None if options.url else options.binary),
        "subject": "running" if options.url else "trunkline",
        "rounds": [],
        "failed_checks": [],
    }
    mock = upstream.Upstream(options.mock, options.upstream_port)
    quiet = processes.Quiet(options.quiet)
    try:
        for number in range(options.rounds):
            one, failed = play_round(number, options, mock, quiet)
            run["rounds"].append(one)
            run["failed_checks"] += [f"round {number + 1}: {line}" for line in failed]
    finally:
        mock.stop()
    titles = {name: workloads.ALL[name].title for name in options.wl}
    if options.check:
        text = "\n".join(run["failed_checks"]) or "every check passed"
    else:
        text = tables.report(run, titles)
    print(f"\n{text}")
    if options.out:
        Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        Path(options.out).write_text(json.dumps(run, indent=1))
    if run["failed_checks"]:
        return 1  # and RESULTS.md stays as it is
    if options.write:
        tables.write_section(HERE / "RESULTS.md", text)
    missed = any(verdict.meets_must is False for verdict in judge.verdicts(run["rounds"], run["subject"], titles))
    return 1 if options.strict and missed else 0


def play_round(number: int, options, mock, quiet) -> tuple[dict, list[str]]:
    """Starts everyone, drives each workload through one after the other, stops everyone. Figures and failed checks."""
    everyone = [one for one in lineup(options) if one.name in options.only]
    results = {}
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        try:
            for one in everyone:
                failed += start(one, Path(folder), mock)
                idle_mb = one.tree.resident_mb() if one.tree else None
                results[one.name] = {"start_ms": one.start_ms, "idle_mb": idle_mb, "workloads": {}}
            for name in [] if options.check else options.wl:
                quiet.wait()
                # Who goes first changes from round to round: what the machine does meanwhile then favours nobody.
                for one in everyone if number % 2 == 0 else reversed(everyone):
                    if one.only_workload in (None, name) and (one.is_gateway or not workloads.ALL[name].against):
                        result = drive(one, name, options, mock, Path(folder))
                        results[one.name]["workloads"][name] = result
                        print(progress(number, one.name, name, result), flush=True)
        finally:
            for one in everyone:
                one.stop()
        for one in everyone:
            result = results[one.name]
            result["account"] = one.account()
            failed += complaints(one, checks.accounts(result["account"]) + checks.loads(result["workloads"]))
    return results, failed


def start(one: contestants.Contestant, folder: Path, mock) -> list[str]:
    """Starts it and looks at what it answers; the checks it failed."""
    with mock.counting(one):
        one.start(folder, mock)
        failed = complaints(one, checks.answers(one, mock))
        lacks = complaints(one, checks.gateway(one, mock)) if one.is_gateway else []
    if isinstance(one, contestants.Running):
        # A proxy of another make may do less and still be worth measuring.
        print("\n".join(["", *lacks]), flush=True)
        return failed
    return failed + lacks


def drive(one: contestants.Contestant, name: str, options, mock, folder: Path) -> dict:
    profiler = profiling.Profiler(options.perf, name) if options.perf and one.tree else None
    with mock.counting(one):
        return workloads.run(one, mock, workloads.ALL[name], options.seconds, folder, profiler)


def lineup(options) -> list[contestants.Contestant]:
    if options.url:
        address = urllib.parse.urlsplit(options.url).netloc
        subject = contestants.Running(address, options.pid, options.model, options.key)
    else:
        subject = contestants.Trunkline(options.binary)
    return [contestants.Contestant(), contestants.Nginx(), subject]


def complaints(one, found: list[checks.Check]) -> list[str]:
    return [f"{one.name}: {check.name}: no ({check.found})" for check in found if not check.passed]


def progress(number: int, who: str, workload: str, result: dict) -> str:
    cpu = f"{result['cpu_us']:8.1f} us" if result.get("cpu_us") else " " * 11
    return (
        f"round {number + 1}  {workload:10} {who:10} {cpu}  {result['per_s']:9.0f}/s"
        f"  p50 {result['p50_us'] / 1e3:8.3f} ms  errors {result['errors']}  others {result['foreign'] * 100:3.0f} %"
    )


def needs(options) -> list[tuple[str, bool]]:
    wanted = [("wrk", bool(shutil.which("wrk"))), (f"the mock upstream ({options.mock})", os.path.exists(options.mock))]
    if "nginx" in options.only:
        wanted.append(("nginx", bool(contestants.nginx_binary())))
    if "trunkline" in options.only:
        wanted.append((f"trunkline ({options.binary})", os.path.exists(options.binary)))
    if options.perf:
        wanted.append(("perf", bool(shutil.which("perf"))))
    return wanted


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=5)
    add("--seconds", type=int, default=4, help="length of one measured run (4)")
    add("--wl", default=",".join(workloads.ALL), help="workloads, comma separated: %(default)s")
    add("--only", help="contestants, comma separated: direct, nginx, trunkline")
    add("--quiet", type=float, default=300, help="seconds to wait, over the whole run, for other load to end (300)")
    add("--binary", default=str(TARGET / "dist/trunkline"), help="default: target/dist/trunkline")
    add(
        "--mock",
        default=str(TARGET / "bench/release/mock-upstream"),
        help="default: target/bench/release/mock-upstream",
    )
    add("--check", action="store_true", help="no load: start each, look at one answer of each kind")
    add("--strict", action="store_true", help="end with 1 when a must is missed, too")
    add("--out", help="write every figure of every round to this JSON file")
    add("--write", action="store_true", help="write the tables into bench/RESULTS.md")
    add(
        "--perf",
        nargs="?",
        const=str(TARGET / "bench"),
        type=Path,
        metavar="DIR",
        help="record each run of a proxy with perf",
    )
    add("--url", help="a proxy that runs already, in place of Trunkline")
    add("--pid", type=int, help="its process")
    add("--model", default="bench", help="the model to ask it for (bench)")
    add("--key", default=contestants.client_key(7), help="the key to show it")
    add("--upstream-port", type=int, default=0, help="port of the mock (any free one)")
    options = parser.parse_args()
    subject = "running" if options.url else "trunkline"
    options.wl = options.wl.split(",")
    options.only = options.only.split(",") if options.only else ["direct", "nginx", subject]
    options.rounds = 1 if options.check else options.rounds
    options.binary, options.mock = os.path.abspath(options.binary), os.path.abspath(options.mock)
    if options.check and options.write:
        parser.error("--check measures nothing that --write could write")
    if options.url and not options.upstream_port:
        parser.error("--url needs --upstream-port: the port that proxy forwards to")
    for chosen, known in ((options.wl, list(workloads.ALL)), (options.only, ["direct", "nginx", subject])):
        if unknown := [name for name in chosen if name not in known]:
            parser.error(f'"{unknown[0]}" is none of {", ".join(known)}')
    return options


if __name__ == "__main__":
    sys.exit(main())

"""Sudden death under load: what was promised is there, nothing is there by half, and the next start is clean.

`TRUNKLINE_KILLS=50` kills that often with each promise; unset, a few times.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit import config
from kit.gateway import Gateway
from kit.raw import Stream, chat_body, exchange, post
from kit.upstream import Upstream
from kit.waits import eventually

KILLS = int(os.environ.get("TRUNKLINE_KILLS", "3"))
CALLERS = 4
#: What `batch` may lose: its interval, and the time of one write on a loaded machine.
WINDOW_S = 0.05 + 1.0


class Load:
    """Callers that ask for a model of their own each time, until the gateway is gone."""

    def __init__(self, gateway: Gateway, run: int) -> None:
        self.gateway = gateway
        self.run = run
        #: Names of finished requests, and when their last byte had come.
        self.answered: list[tuple[str, float]] = []
        self.stop = threading.Event()

    def call(self, lane: int) -> None:
        number = 0
        while not self.stop.is_set():
            name = f"up/kill-{self.run}-{lane}-{number}"
            number += 1
            try:
                if lane % 2:
                    stream = Stream(self.gateway.port, chat_body(name, stream=True))
                    finished = bool(stream.all()) and stream.broken is None
                else:
                    finished = exchange(self.gateway.port, post("/v1/chat/completions", chat_body(name))).status == 200
            except Exception:  # the gateway is gone, as planned
                return
            if finished:
                self.answered.append((name, time.monotonic()))


def sums_are_those_of_the_rows(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        one = lambda sql: connection.execute(sql).fetchone()[0]  # noqa: E731
        assert one("PRAGMA integrity_check") == "ok"
        rows = one("SELECT count(*) FROM requests")
        tokens = one("SELECT sum(output_tokens) FROM requests")
        for table in ("usage_hours", "usage_days"):
            assert one(f"SELECT sum(requests) FROM {table}") == rows, table
            assert one(f"SELECT sum(output_tokens) FROM {table}") == tokens, table
        assert one("SELECT count(*) FROM requests_view WHERE model IS NULL OR outcome IS NULL OR id IS NULL") == 0
    connection.close()


@pytest.mark.timeout(120 + 30 * KILLS)
@pytest.mark.parametrize("durability", ["strict", "batch"])
def test_kill_9_under_load_keeps_the_promise(
    durability: str, start: Callable[..., Gateway], upstream: Upstream, tmp_path: Path
) -> None:
    document = config.standard(upstream.base_url) + f'\n[ledger]\ndurability = "{durability}"\n'
    answered = lost = 0
    for run in range(KILLS):
        gateway = start(document, data=tmp_path / "data")
        load = Load(gateway, run)
        with ThreadPoolExecutor(CALLERS) as callers:
            futures = [callers.submit(load.call, lane) for lane in range(CALLERS)]
            begun = time.monotonic()
            # A promise of a window needs requests that are older than it.
            enough_s = random.uniform(0.1, 0.6) + (WINDOW_S if durability == "batch" else 0)
            eventually("some traffic", lambda: time.monotonic() - begun > enough_s and len(load.answered) > 20)
            gateway.process.kill()
            killed = time.monotonic()
            load.stop.set()
            for future in futures:
                future.result(10)
        gateway.process.wait(10)
        sums_are_those_of_the_rows(gateway.data / "trunkline.db")
        kept = [row["model"] for row in gateway.rows()]
        assert len(kept) == len(set(kept)), "a request is there twice"
        safe_s = WINDOW_S if durability == "batch" else 0.0
        must = {name for name, at in load.answered if durability == "strict" or killed - at > safe_s}
        assert must
        assert must - set(kept) == set()
        answered += len(load.answered)
        lost += len({name for name, _ in load.answered} - set(kept))
    print(f"{durability}: killed {KILLS} times, {answered} requests finished, {lost} of them lost")
    final = start(document, data=tmp_path / "data")
    assert final.chat("up/after").status_code == 200
    final.rows_of("up/after")

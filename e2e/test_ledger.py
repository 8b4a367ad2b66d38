"""Exactly one row a request, whatever became of it. What a sudden death may take is in `test_durability.py`."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kit import config
from kit.backends import free_port
from kit.gateway import Gateway, command
from kit.raw import Stream, chat_body, connect, exchange, post
from kit.upstream import Exchange, Upstream

CHAT = "/v1/chat/completions"


def row_of(gateway: Gateway, model: str) -> dict:
    """The one row of a model; a second one is a failure."""
    gateway.rows_of(model)
    barrier(gateway)
    rows = [row for row in gateway.rows() if row["model"] == model]
    assert len(rows) == 1, rows
    return rows[0]


def barrier(gateway: Gateway) -> None:
    """Waits until everything reported before this call is in the store: rows are written in order."""
    name = f"up/barrier-{time.monotonic_ns()}"
    assert gateway.chat(name).status_code == 200
    gateway.rows_of(name)


def test_a_served_request_has_one_full_row(gateway: Gateway, upstream: Upstream) -> None:
    before = time.time()
    body = chat_body("alias")
    answer = exchange(gateway.port, post(CHAT, body))
    row = row_of(gateway, "alias")
    assert abs(row["at_ms"] / 1000 - before) < 60
    assert {key: row[key] for key in ("provider", "upstream_model", "operation", "status", "outcome", "attempts")} == {
        "provider": "up",
        "upstream_model": "real-name",
        "operation": "chat",
        "status": 200,
        "outcome": "served",
        "attempts": 1,
    }
    usage = ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens")
    assert [row[name] for name in usage] == [13, 5, 4, 2]
    assert row["quality"] == "exact"
    assert (row["bytes_in"], row["bytes_out"]) == (len(body), len(answer.body))
    assert 0 < row["first_byte_us"] <= row["total_us"] < 60_000_000


def test_a_request_id_in_the_answer_finds_its_row(gateway: Gateway) -> None:
    answer = exchange(gateway.port, post(CHAT, chat_body("up/by-id")))
    assert row_of(gateway, "up/by-id")["id"] == answer.headers["x-request-id"]


def test_a_streamed_request_has_one_row(gateway: Gateway) -> None:
    Stream(gateway.port, chat_body("up/streamed", stream=True)).all()
    row = row_of(gateway, "up/streamed")
    assert (row["stream"], row["status"], row["outcome"], row["output_tokens"], row["quality"]) == (
        1,
        200,
        "served",
        5,
        "exact",
    )


def test_a_stream_without_usage_is_estimated(gateway: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        for word in ("one ", "two ", "three"):
            ex.token(word)
        ex.token("", "stop")
        ex.done()

    upstream.script("usageless", script)
    Stream(gateway.port, chat_body("up/usageless", stream=True)).all()
    row = row_of(gateway, "up/usageless")
    assert row["quality"] == "estimated"
    assert row["output_tokens"] > 0


def test_an_upstream_failure_has_one_row(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script("failing", lambda ex: ex.answer(b"no", 500))
    exchange(gateway.port, post(CHAT, chat_body("up/failing")))
    row = row_of(gateway, "up/failing")
    assert (row["status"], row["outcome"], row["attempts"]) == (502, "upstream_broken", 1)


def test_a_stream_that_breaks_has_one_row(gateway: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("only")
        ex.close()

    upstream.script("breaking", script)
    Stream(gateway.port, chat_body("up/breaking", stream=True)).all()
    row = row_of(gateway, "up/breaking")
    assert (row["status"], row["outcome"]) == (200, "upstream_broken")
    assert row["quality"] in ("partial", "estimated")


def test_a_client_that_leaves_has_one_row(gateway: Gateway, upstream: Upstream) -> None:
    def midway(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("one")
        ex.gone_at()

    upstream.script("left-midway", midway)
    upstream.script("left-early", lambda ex: ex.gone_at() and None)
    stream = Stream(gateway.port, chat_body("up/left-midway", stream=True))
    next(stream.events())
    stream.leave()
    with connect(gateway.port) as sock:
        sock.sendall(post(CHAT, chat_body("up/left-early")))
        upstream.request_of("left-early")
    midway_row, early_row = row_of(gateway, "up/left-midway"), row_of(gateway, "up/left-early")
    assert (midway_row["outcome"], early_row["outcome"]) == ("client_left", "client_left")
    assert early_row["status"] == 499


def test_refused_requests_have_one_row_each(gateway: Gateway) -> None:
    refused = {
        chat_body("no-such-model"): (404, "model_not_found"),
        chat_body("nobody/x"): (404, "provider_not_found"),
        b"no json": (400, "invalid_request"),
    }
    for body, (status, outcome) in refused.items():
        request_id = exchange(gateway.port, post(CHAT, body)).headers["x-request-id"]
        barrier(gateway)
        rows = [row for row in gateway.rows() if row["id"] == request_id]
        assert [(row["status"], row["outcome"], row["attempts"]) for row in rows] == [(status, outcome, 0)]


def test_a_refused_connection_counts_its_attempt(start: Callable[..., Gateway]) -> None:
    gateway = start(config.QUIET + config.provider("gone", f"http://127.0.0.1:{free_port()}/v1"))
    gateway.chat("gone/x")
    row = gateway.rows_of("gone/x")[0]
    assert (row["status"], row["outcome"], row["attempts"]) == (502, "unreachable", 1)


def test_many_requests_at_once_have_one_row_each(gateway: Gateway) -> None:
    with ThreadPoolExecutor(16) as callers:
        statuses = list(callers.map(lambda n: gateway.chat(f"up/many-{n % 4}").status_code, range(400)))
    assert statuses == [200] * 400
    barrier(gateway)
    rows = [row for row in gateway.rows() if str(row["model"]).startswith("up/many-")]
    assert len(rows) == 400
    assert len({row["id"] for row in rows}) == 400


def test_the_ledger_goes_on_after_a_restart(start: Callable[..., Gateway], upstream: Upstream) -> None:
    first = start(config.standard(upstream.base_url))
    first.chat("up/before")
    first.process.kill()
    first.process.wait(10)
    second = start(config.standard(upstream.base_url), data=first.data)
    second.chat("up/after")
    second.rows_of("up/after")


def test_two_gateways_may_share_a_data_folder(start: Callable[..., Gateway], upstream: Upstream) -> None:
    first = start(config.standard(upstream.base_url))
    second = start(config.standard(upstream.base_url), data=first.data)
    for _ in range(30):
        assert (first.chat("up/first").status_code, second.chat("up/second").status_code) == (200, 200)
    assert len(first.rows_of("up/first", 30)) == len(second.rows_of("up/second", 30)) == 30


def test_a_database_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trunkline.db").write_bytes(b"no database" * 1000)
    ran = command(["serve", "--data-dir", str(tmp_path / "data"), "--host", "127.0.0.1", "--port", "0"], tmp_path)
    assert ran.returncode not in (0, 101)
    assert "trunkline.db" in ran.stderr

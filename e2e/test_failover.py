"""A provider that fails, as an operator meets it: what rests, why, for how long, and across a crash."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from kit import config
from kit.gateway import Gateway, command
from kit.upstream import Exchange, Upstream, openai_error, plain
from kit.waits import eventually

KEYS = ["sk-first", "sk-second"]


def document(upstream: Upstream) -> str:
    rests = config.QUIET.replace(config.FORGETFUL, "")
    return rests + config.provider("up", upstream.base_url, keys=KEYS, more='key_strategy = "fill_first"')


def keys_of(upstream: Upstream, model: str) -> list[str]:
    """The keys that requests for `model` came with, in order."""
    return [(request.header("authorization") or "").removeprefix("Bearer ") for request in upstream.requests_of(model)]


def resting(gateway: Gateway) -> list[dict[str, Any]]:
    """Who rests, as the gateway shows it."""
    found: list[dict[str, Any]] = gateway.http.get("/health/detailed").json()["resting"]
    return found


def first_key_is_limited(exchange: Exchange) -> None:
    if (exchange.request.header("authorization") or "").endswith(KEYS[0]):
        exchange.answer(openai_error("slow down", "rate_limit_error"), 429, {"retry-after": "120"})
    else:
        plain(exchange)


def test_a_cooling_key_is_left_alone_across_a_crash(start: Callable[..., Gateway], upstream: Upstream) -> None:
    upstream.script("limited", first_key_is_limited)
    first = start(document(upstream))
    answer = first.chat("up/limited")
    assert (answer.status_code, answer.headers["x-trunkline-attempts"]) == (
        200,
        "up#1/limited rate_limited, up#2/limited served",
    )
    [rest] = resting(first)
    assert (rest["provider"], rest["key"], rest["model"]) == ("up", "up#1", "limited")
    assert (rest["reason"], rest["status"]) == ("rate_limited", 429)
    # Longer than it takes to be kept.
    eventually("the rest is kept", lambda: kept(first), 5.0)
    first.process.kill()
    first.process.wait(10)

    second = start(document(upstream), data=first.data)
    assert resting(second) == [rest]
    for _ in range(5):
        answer = second.chat("up/limited")
        assert answer.status_code == 200
        assert answer.headers["x-trunkline-attempts"] == "up#1/limited key_rests, up#2/limited served"
    assert keys_of(upstream, "limited") == [KEYS[0], *[KEYS[1]] * 6], "the cooling key was asked once, and never again"
    assert second.chat("up/other").status_code == 200
    assert keys_of(upstream, "other") == [KEYS[0]], "for another model it may be used"

    told = command(
        ["explain", "--model", "up/limited", "--config", str(second.config_path), "--data-dir", str(second.data)],
        second.folder,
    )
    assert told.returncode == 0, told.stderr
    first_line, asked, left_out = told.stdout.splitlines()
    assert first_line == "up/limited" and "key up#2" in asked
    assert "key up#1" in left_out and "rests after rate_limited (429)" in left_out


def kept(gateway: Gateway) -> bool:
    """Whether the data folder knows of a rest."""
    with sqlite3.connect(f"file:{gateway.data / 'trunkline.db'}?mode=ro", uri=True, timeout=5) as database:
        return database.execute("SELECT count(*) FROM rests").fetchone() == (1,)


def test_other_keys_begin_afresh(start: Callable[..., Gateway], upstream: Upstream) -> None:
    upstream.script("refused", lambda exchange: exchange.answer(openai_error("who are you?"), 401))
    gateway = start(document(upstream))
    refused = gateway.chat("up/refused")
    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "upstream_credentials_exhausted")
    assert len(resting(gateway)) == 2
    gateway.write_config(document(upstream).replace("sk-first", "sk-new"))
    eventually("the reload has forgotten the old keys", lambda: not resting(gateway), 10.0)
    gateway.chat("up/refused")
    assert keys_of(upstream, "refused")[2] == "sk-new"

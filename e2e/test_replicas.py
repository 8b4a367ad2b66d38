"""Two Trunklines over one PostgreSQL, with a Redis server and without: budgets that hold for both, and what they tell each
other."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit import config, servers
from kit.gateway import Gateway, command
from kit.servers import Postgres
from kit.upstream import Exchange, Upstream, openai_error, plain
from kit.waits import eventually

#: Within this time one replica knows what was done at another.
KNOWN_WITHIN_S = 1.0
ADMIN = {"authorization": "Bearer sk-admin-of-the-test"}
#: What secrets and documents in the database are sealed with: replicas have it in common.
KEY = {"TRUNKLINE_SECRET_KEY": "the-key-that-two-replicas-of-a-test-share"}
#: What an answer costs: five tokens at a thousandth of a USD, which is also the most that it may.
ANSWER_USD = 0.005
#: How many answers the budget pays for, and how many are asked for at once.
PAID, ASKED = 20, 120
TOTAL = {"period": "total", "usd": "0.10"}

Pair = Callable[[str | None], tuple[Gateway, Gateway]]
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with servers.postgres() as server:
        yield server


@pytest.fixture
def pair(start: Callable[..., Gateway], upstream: Upstream, postgres: Postgres) -> Pair:
    """Starts two replicas over a database of the test's own, with a Redis server at a URL or without."""

    def begin(redis_url: str | None) -> tuple[Gateway, Gateway]:
        url = postgres.database(f"pair_{next(NUMBERS)}")
        env = {"TRUNKLINE_STORE_URL": url, "TRUNKLINE_ADMIN_TOKEN": "sk-admin-of-the-test", **KEY}
        if redis_url:
            env["TRUNKLINE_REPLICAS_URL"] = redis_url
        priced = config.model("alias", "up", "real-name", "price = { input = 0, output = 1000 }")
        text = config.QUIET.replace('when_resting = "try"', 'when_resting = "fail"') + config.provider("up", upstream.base_url) + priced + config.server(auth='"keys"')
        both = start(text, env=env), start(text, env=env)
        for gateway in both:
            eventually("it knows of the other", lambda gateway=gateway: counts(gateway).get("replicas") == 2, 20)
        return both

    return begin


def counts(gateway: Gateway) -> dict[str, Any]:
    return gateway.http.get("/health/detailed").json()


def make_key(gateway: Gateway, **fields: Any) -> str:
    made = gateway.http.post("/api/v1/client-keys", headers=ADMIN, json={"name": "spender", **fields})
    assert made.status_code == 201, made.text
    return made.json()["key"]


def row(gateway: Gateway) -> dict[str, Any]:
    return gateway.http.get("/api/v1/client-keys/spender", headers=ADMIN).json()


def ask(gateway: Gateway, key: str) -> httpx.Response:
    body = {"model": "alias", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}
    return httpx.post(f"{gateway.v1}/chat/completions", headers={"authorization": f"Bearer {key}"}, json=body, timeout=30)


def knows(gateway: Gateway, key: str) -> bool:
    return gateway.http.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status_code == 200


def storm(both: tuple[Gateway, Gateway], key: str, meanwhile: Callable[[int], None] = lambda _: None) -> Counter[int]:
    """Asks both at once, many times; what came of it."""

    def one(number: int) -> int:
        meanwhile(number)
        return ask(both[number % 2], key).status_code

    with ThreadPoolExecutor(24) as pool:
        return Counter(pool.map(one, range(ASKED)))


def budgeted(both: tuple[Gateway, Gateway]) -> str:
    key = make_key(both[0], budgets=[{"usd": f"{PAID * ANSWER_USD:.3f}", "period": "total"}])
    for gateway in both:
        eventually("both know the key", lambda gateway=gateway: knows(gateway, key), KNOWN_WITHIN_S)
    return key


def stop(both: Iterable[Gateway]) -> None:
    """Before what they share goes."""
    for gateway in both:
        assert gateway.stop() == 0, gateway.logs()


@contextmanager
def none() -> Iterator[tuple[None, None]]:
    """No Redis server."""
    yield None, None


@pytest.mark.parametrize("shared", [servers.redis, none], ids=["redis", "postgres_alone"])
def test_a_budget_holds_for_both(shared: Callable[..., Any], pair: Pair) -> None:
    with shared() as (url, _):
        both = pair(url)
        key = budgeted(both)
        came = storm(both, key)
        assert set(came) == {200, 429} and came[200] <= PAID, came
        served = came[200]

        def is_spent() -> bool:
            # What a replica held without need is free again: all of the budget can be had.
            nonlocal served
            served += sum(ask(gateway, key).status_code == 200 for gateway in both)
            return served >= PAID

        eventually("all of the budget is spent", is_spent, 20)
        refused = [ask(gateway, key).json()["error"]["code"] for gateway in both]
        assert (served, refused) == (PAID, ["budget_exceeded"] * 2)
        for gateway in both:
            eventually("nothing is held", lambda gateway=gateway: row(gateway)["reserved_usd"] == "0.00")
            eventually("both know what was spent", lambda gateway=gateway: TOTAL in row(gateway)["spent"])
        stop(both)


def test_a_redis_server_that_dies_is_not_missed_and_costs_no_more_than_is_documented(pair: Pair) -> None:
    with servers.redis() as (url, server):
        both = pair(url)
        key = budgeted(both)
        came = storm(both, key, lambda number: server.kill() if number == ASKED // 8 else None)
        # Each may spend its part of what the other let in since it last looked: at most half of the budget more.
        assert set(came) == {200, 429} and PAID // 2 <= came[200] <= PAID + PAID // 2, came
        for gateway in both:
            eventually("it says so", lambda gateway=gateway: counts(gateway).get("replicas_degraded") == 1)
            assert gateway.healthy()
        stop(both)


def test_who_is_left_alone_is_told_to_all(pair: Pair, upstream: Upstream) -> None:
    def limited(exchange: Exchange) -> None:
        exchange.answer(openai_error("slow down", "rate_limit_error"), 429, {"retry-after": "600"})

    with servers.redis() as (url, _):
        one, other = both = pair(url)
        key = make_key(one)
        for gateway in both:
            eventually("both know the key", lambda gateway=gateway: knows(gateway, key), KNOWN_WITHIN_S)
        upstream.script("real-name", limited)
        try:
            assert ask(one, key).status_code == 429

            def is_left_alone() -> bool:
                asked = len(upstream.requests_of("real-name"))
                refused = ask(other, key).status_code == 429
                return refused and len(upstream.requests_of("real-name")) == asked

            # Asked at the one, and never again by the other once it was told.
            eventually("the other does not ask", is_left_alone, KNOWN_WITHIN_S)
        finally:
            upstream.script("real-name", plain)
        stop(both)


def test_a_pushed_document_is_served_by_all(
    start: Callable[..., Gateway], upstream: Upstream, postgres: Postgres, tmp_path: Path
) -> None:
    env = {"TRUNKLINE_STORE_URL": postgres.database("pushed"), "TRUNKLINE_CONFIG": "store", **KEY}
    both = [start(None, env=env, data=tmp_path / f"data-{number}") for number in range(2)]
    document = tmp_path / "document.toml"
    document.write_text(config.standard(upstream.base_url))
    pushed = command(["config", "push", str(document), "--data-dir", str(tmp_path / "data-0")], tmp_path, env)
    assert pushed.returncode == 0, pushed.stderr
    for gateway in both:
        served = lambda gateway=gateway: gateway.chat("alias").status_code == 200  # noqa: E731
        eventually("it serves the model", served, KNOWN_WITHIN_S)
    stop(both)

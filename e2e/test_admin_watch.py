"""What there is to look at over the admin API, asked of the real binary: status, usage, requests, the live tail, settings."""

from __future__ import annotations

import csv
import io
import json
import queue
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from kit import config
from kit.gateway import Gateway
from kit.upstream import Exchange, Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

TOKEN = "canary-admin-token"
VIEWER = "canary-viewer-token"
PROVIDER_KEY = "canary-provider-key-0123456789"
#: From the end of a session to the end of the streams that it asked for.
LETS_GO_WITHIN_S = 10.0

ADMIN = f'[admin]\ntokens = ["{TOKEN}"]\nviewer_tokens = ["{VIEWER}"]\n'
PRICED = "price = { input = 1, output = 2 }"


def document(upstream: Upstream) -> str:
    two = '\n[models.shaky]\ntargets = [{ provider = "up", model = "refuses" }, { provider = "up", model = "echo", priority = 1 }]\n'
    return (
        config.QUIET
        + ADMIN
        + config.provider("up", upstream.base_url, keys=["${UP_KEY}"])
        + config.model("priced", "up", "echo", PRICED)
        + config.model("unpriced", "up", "echo")
        + two
    )


@pytest.fixture
def gateway(start: Start, upstream: Upstream) -> Gateway:
    def refuse(exchange: Exchange) -> None:
        exchange.answer({"error": {"message": "too many at once"}}, status=503)

    upstream.script("refuses", refuse)
    return start(document(upstream), env={"UP_KEY": PROVIDER_KEY})


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def ask(gateway: Gateway, path: str, **query: str) -> Any:
    answer = gateway.http.get(f"/api/v1/{path}", params=query, headers=bearer())
    assert answer.status_code == 200, answer.text
    return answer.json()


class Tail:
    """Somebody who listens to requests as they end."""

    def __init__(self, gateway: Gateway, headers: dict[str, str]) -> None:
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.over = threading.Event()
        self.heard = threading.Event()
        self.thread = threading.Thread(target=self._listen, args=(gateway.url, headers), daemon=True)
        self.thread.start()
        assert self.heard.wait(10), "the first comment comes at once"

    def _listen(self, url: str, headers: dict[str, str]) -> None:
        try:
            with httpx.stream("GET", f"{url}/api/v1/requests/live", headers=headers, timeout=30, trust_env=False) as stream:
                assert stream.headers["content-type"] == "text/event-stream"
                name = ""
                for line in stream.iter_lines():
                    self.heard.set()
                    word, _, rest = line.partition(": ")
                    if word == "event":
                        name = rest
                    elif word == "data":
                        self.events.put((name, json.loads(rest)))
        finally:
            self.over.set()

    def next(self) -> tuple[str, Any]:
        return self.events.get(timeout=10)


def settled(gateway: Gateway, count: int) -> list[dict[str, Any]]:
    """The rows of the list, once there are as many."""

    def found() -> list[dict[str, Any]] | None:
        items = ask(gateway, "requests")["items"]
        return items if len(items) >= count else None

    return eventually(f"{count} requests are listed", found)


def test_requests_are_found_shown_and_summed(gateway: Gateway) -> None:
    ids = {model: gateway.chat(model).headers["x-request-id"] for model in ("priced", "unpriced", "shaky")}
    rows = {row["model"]: row for row in settled(gateway, 3)}
    assert {row["id"] for row in rows.values()} == set(ids.values())
    priced = rows["priced"]
    assert (priced["dialect"], priced["lane"], priced["outcome"]) == ("openai_chat", "native", "served")
    assert (priced["provider"], priced["upstream_model"], priced["attempt_count"]) == ("up", "echo", 1)
    expected = (Decimal(priced["input_tokens"]) + 2 * Decimal(priced["output_tokens"])) / 1_000_000
    assert Decimal(priced["cost"]) == expected > 0 and rows["unpriced"]["cost"] is None

    def found(**query: str) -> list[str]:
        return sorted(row["model"] for row in ask(gateway, "requests", **query)["items"])

    assert found(q="PRICE") == ["priced", "unpriced"] and found(q="echo") == ["priced", "shaky", "unpriced"]
    assert found(q=ids["shaky"]) == ["shaky"] and found(q=ids["priced"][:30]) == ["priced"]
    assert found(q="%") == [] and found(outcome="failed") == [] and found(outcome="served", model="shaky") == ["shaky"]

    def noted() -> dict[str, Any] | None:
        shown = ask(gateway, f"requests/{ids['shaky']}")
        return shown if len(shown["attempts"]) == 2 else None

    shown = eventually("its attempts are noted", noted)
    first, last = shown["attempts"]
    assert (first["upstream_model"], first["status"], first["detail"]) == ("refuses", 503, None)
    assert (last["upstream_model"], last["outcome"], last["status"]) == ("echo", "served", 200)
    assert first["started_us"] == 0 and 0 < first["total_us"] <= last["started_us"] <= shown["total_us"]
    assert shown["timings"]["queued_us"] == last["started_us"] and shown["error"] is None
    plain = ask(gateway, f"requests/{ids['priced']}")
    assert [attempt["outcome"] for attempt in plain["attempts"]] == ["served"] and plain["request_body"] is None

    usage = ask(gateway, "usage", by="model", per="day")
    groups = {group["name"]: group for group in usage["groups"]}
    assert {name: group["requests"] for name, group in groups.items()} == {"priced": 1, "unpriced": 1, "shaky": 1}
    assert Decimal(groups["priced"]["cost"]) == expected and groups["unpriced"]["cost"] is None
    assert (usage["all"]["requests"], usage["all"]["unknown_cost"], usage["zone"]) == (3, 2, "Z")
    assert groups["priced"]["total"]["mean_us"] > 0 and groups["priced"]["start_at"].endswith("T00:00:00Z")
    table = gateway.http.get("/api/v1/usage?by=model&per=day", headers=bearer() | {"accept": "text/csv"})
    lines = list(csv.DictReader(io.StringIO(table.text)))
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert {(line["model"], line["requests"]) for line in lines} == {("priced", "1"), ("unpriced", "1"), ("shaky", "1")}
    wrong = gateway.http.get("/api/v1/usage?by=weather", headers=bearer())
    assert (wrong.status_code, wrong.json()["field"]) == (400, "by")


def test_who_listens_hears_requests_as_they_end(gateway: Gateway) -> None:
    tails = [Tail(gateway, bearer(VIEWER)), Tail(gateway, bearer())]
    ids = [gateway.chat(model).headers["x-request-id"] for model in ("priced", "nothing-like-it")]
    for tail in tails:
        heard = [tail.next() for _ in ids]
        assert [(name, row["id"]) for name, row in heard] == [("request", id) for id in ids]
        assert heard[1][1]["outcome"] == "model_not_found"
    listed = {row["id"]: row for row in settled(gateway, 2)}
    assert listed[ids[0]] == heard[0][1], "a row is the same in the list"
    assert gateway.stop() == 0, "nobody waits for those who listen"
    assert all(tail.over.wait(LETS_GO_WITHIN_S) for tail in tails)


def test_streams_end_with_the_session_that_asked_for_them(start: Start) -> None:
    gateway = start(config.QUIET, env={"TRUNKLINE_ADMIN_PASSWORD": "canary correct horse"})
    page = httpx.Client(base_url=gateway.url, trust_env=False, headers={"origin": gateway.url})
    signed = page.post("/api/v1/session", json={"password": "canary correct horse"}).json()
    tail = Tail(gateway, {"cookie": f"trunkline_session={page.cookies['trunkline_session']}"})
    assert not tail.over.is_set()
    assert page.delete("/api/v1/session", headers={"x-csrf-token": signed["csrf"]}).status_code == 204
    assert tail.over.wait(LETS_GO_WITHIN_S)


def test_only_so_many_listen(gateway: Gateway) -> None:
    streams = [gateway.http.stream("GET", "/api/v1/requests/live", headers=bearer()) for _ in range(33)]
    opened = [stream.__enter__() for stream in streams]
    try:
        assert sorted(answer.status_code for answer in opened) == [200] * 32 + [429]
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)
    eventually("there is room again", lambda: _has_room(gateway))


def _has_room(gateway: Gateway) -> bool:
    with gateway.http.stream("GET", "/api/v1/requests/live", headers=bearer()) as answer:
        return answer.status_code == 200


def codes(gateway: Gateway) -> Iterator[tuple[str, str]]:
    for item in ask(gateway, "status")["attention"]:
        assert item["message"] and (item["link"] is None or item["link"].startswith("/"))
        yield item["code"], item["link"]


def test_what_needs_the_operator_is_told(gateway: Gateway, start: Start) -> None:
    status = ask(gateway, "status")
    assert (status["listen"], status["base_url"]) == (f"127.0.0.1:{gateway.port}", f"{gateway.url}/v1")
    assert status["config"]["source"] == "file" and status["config"]["path"] == str(gateway.config_path)
    assert status["config"]["writable"] and status["ledger"]["failing"] is None and status["replicas"] is None
    gateway.chat("unpriced")
    eventually("the price is missed", lambda: ("unknown_price", "/models") in set(codes(gateway)))
    right = gateway.config_path.read_text()
    gateway.write_config(right + "\n[models.turbo]\ntargets = 7\n")
    eventually("the document is refused", lambda: ("document_refused", "/config") in set(codes(gateway)))
    assert next(codes(gateway))[0] == "document_refused", "the worst comes first"
    gateway.write_config(right)
    eventually("all is well", lambda: "document_refused" not in {code for code, _ in codes(gateway)})
    empty = start(config.QUIET + ADMIN)
    assert ("no_provider", "/welcome") in set(codes(empty))


def test_a_key_that_its_provider_refuses_is_told(start: Start, upstream: Upstream) -> None:
    def refuse(exchange: Exchange) -> None:
        exchange.answer({"error": {"message": "no such key"}}, status=401)

    upstream.script("locked", refuse)
    document = config.PROMPT + ADMIN + config.provider("up", upstream.base_url) + config.model("m", "up", "locked")
    gateway = start(document)
    assert gateway.chat("m").status_code >= 400
    eventually("the key is told", lambda: ("key_refused", "/providers/up") in set(codes(gateway)))
    [health] = [row for row in ask(gateway, "health")["providers"] if row["name"] == "up"]
    assert health["health"]["state"] == "cooling" and health["keys"][0]["cooling_until"]
    assert ask(gateway, "health")["store"]["state"] == "up"


def test_settings_say_who_set_them_and_show_no_secret(gateway: Gateway) -> None:
    text = gateway.http.get("/api/v1/settings", headers=bearer(VIEWER)).text
    assert "canary" not in text
    settings = {item["key"]: item for group in json.loads(text)["groups"] for item in group["items"]}
    assert settings["environment.UP_KEY"]["value"].endswith("6789") and settings["environment.UP_KEY"]["secret"]
    assert (settings["discovery.probe"]["value"], settings["discovery.probe"]["source"]) == ("false", "environment")
    assert settings["server.listen"]["source"] == "argument" and settings["process.data_folder"]["source"] == "argument"
    assert settings["store.flush_interval"]["source"] == "document"
    reveal = {"key": "environment.UP_KEY"}
    assert gateway.http.post("/api/v1/settings/reveal", json=reveal, headers=bearer(VIEWER)).status_code == 403
    shown = gateway.http.post("/api/v1/settings/reveal", json=reveal, headers=bearer())
    assert shown.json() == reveal | {"value": PROVIDER_KEY} and shown.headers["cache-control"] == "no-store"
    eventually("it is logged", lambda: "a setting is shown" in gateway.stderr())
    assert "environment.UP_KEY" in gateway.stderr() and "canary" not in gateway.stderr()


def test_discovery_says_where_is_looked(gateway: Gateway) -> None:
    found = ask(gateway, "discovery")
    states = {source["kind"]: source["state"] for source in found["sources"] if source["kind"] != "list"}
    assert states == {"probe": "off", "environment": "off"} and found["endpoints"] == []
    lists = eventually("lists are read", lambda: [row for row in ask(gateway, "discovery")["sources"] if row["kind"] == "list"])
    assert [(row["name"], row["state"], row["error"]) for row in lists] == [("up", "watching", None)]

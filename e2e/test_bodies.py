"""What was said is kept where that is asked for, without its secrets; and single requests are read back."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from kit import config
from kit.gateway import Gateway, command
from kit.upstream import Exchange, Upstream, envelope
from kit.waits import eventually

CANARY = "sk-canary-0123456789abcdefghij"
TOKEN = "admin-token-for-tests"
BODIES = f'[admin]\ntoken = "{TOKEN}"\n[ledger.bodies]\nsample = 1\nredact = ["customer-[0-9]+"]\n'


def echo(exchange: Exchange) -> None:
    """Says what it was told, a few letters at a time where a stream is asked for."""
    request = exchange.request.json()
    said = request["messages"][-1]["content"]
    if request.get("stream"):
        exchange.sse_head()
        for begin in range(0, len(said), 5):
            exchange.token(said[begin : begin + 5])
        exchange.token("", finish="stop")
        exchange.done()
        return
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
    exchange.answer(envelope(request["model"], "chat.completion", [choice]))


def refuse(exchange: Exchange) -> None:
    exchange.answer({"error": {"message": "no", "type": "invalid_request_error"}}, status=400)


@pytest.fixture(scope="module")
def document(upstream: Upstream) -> str:
    upstream.script("echo", echo)
    upstream.script("refuse", refuse)
    return (
        config.QUIET
        + BODIES
        + config.provider("up", upstream.base_url)
        + config.model("echo", "up", "echo")
        + config.model("refuse", "up", "refuse")
    )


def detail(gateway: Gateway, request_id: str) -> dict[str, Any]:
    """One request as the admin API shows it, once it is there with its bodies."""

    def found() -> dict[str, Any] | None:
        told = httpx.get(f"{gateway.url}/api/v1/requests/{request_id}", headers={"authorization": f"Bearer {TOKEN}"})
        return told.json() if told.status_code == 200 and told.json()["response_body"] else None

    return eventually("the request is there with its bodies", found, 20)


def test_what_was_said_is_kept_without_its_secrets(start: Callable[..., Gateway], document: str) -> None:
    gateway = start(document)
    client = openai.OpenAI(base_url=gateway.v1, api_key="none", max_retries=0)
    asked: Any = [{"role": "user", "content": f"I am customer-77, the key is {CANARY} and that is all"}]
    whole = client.chat.completions.with_raw_response.create(model="echo", messages=asked)
    assert CANARY in whole.text, "the client gets what it asked for"
    streamed = client.chat.completions.with_raw_response.create(model="echo", messages=asked, stream=True)
    pieces = [chunk.choices[0].delta.content or "" for chunk in streamed.parse() if chunk.choices]
    assert CANARY in "".join(pieces) and max(map(len, pieces)) < len(CANARY), "it was spread over many events"

    for answer in (whole, streamed):
        found = detail(gateway, answer.headers["x-request-id"])
        texts = [found["request_body"]["text"], found["response_body"]["text"]]
        assert all("[redacted]" in text for text in texts)
        assert not any(secret in text for text in texts for secret in ("canary", "customer-77", "0123456789"))
        assert found["model"] == "echo" and found["redacted"] >= 4
    shown = command(["requests", "show", whole.headers["x-request-id"], *where(gateway)], gateway.folder)
    assert shown.returncode == 0 and "[redacted]" in shown.stdout, shown.stdout + shown.stderr
    gateway.stop()
    kept = b"".join(file.read_bytes() for file in files(gateway.data))
    assert b"SQLite format 3" in kept and b"canary" not in kept and b"customer-77" not in kept
    assert "canary" not in gateway.logs()


def test_a_client_may_refuse_and_the_record_stays(start: Callable[..., Gateway], document: str) -> None:
    gateway = start(document)
    refused = gateway.chat("echo", store=False)
    kept = gateway.chat("echo")
    detail(gateway, kept.headers["x-request-id"])
    show = ["requests", "show", refused.headers["x-request-id"], "--json", *where(gateway)]
    found = json.loads(command(show, gateway.folder).stdout)
    assert (found["request_body"], found["response_body"], found["status"]) == (None, None, 200)


def test_requests_are_listed_and_filtered_by_the_command_and_the_api(
    start: Callable[..., Gateway], document: str
) -> None:
    gateway = start(document)
    ids = [gateway.chat(model).headers["x-request-id"] for model in ("echo", "refuse", "echo")]
    gateway.rows_of("echo", 2)
    gateway.rows_of("refuse")

    def listed(*flags: str) -> list[str]:
        out = command(["requests", "--json", *flags, *where(gateway)], gateway.folder)
        assert out.returncode == 0, out.stderr
        return [row["id"] for row in json.loads(out.stdout)["items"]]

    assert listed() == ids[::-1]
    assert listed("--failed") == [ids[1]]
    assert listed("--model", "echo", "--limit", "1") == [ids[2]]
    assert listed("--since", "1h", "--provider", "nobody") == []
    text = command(["requests", *where(gateway)], gateway.folder).stdout.splitlines()
    assert [line.split()[1] for line in text] == ids[::-1] and "upstream_rejected" in text[1]

    def page(query: str) -> httpx.Response:
        return httpx.get(f"{gateway.url}/api/v1/requests?{query}", headers={"authorization": f"Bearer {TOKEN}"})

    first = page("limit=2").json()
    rest = page(f"limit=2&cursor={first['next_cursor']}").json()
    assert [row["id"] for row in first["items"] + rest["items"]] == ids[::-1] and rest["next_cursor"] is None
    wrong = page("modle=echo")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "modle")
    missing = command(["requests", "show", "0" * 32, *where(gateway)], gateway.folder)
    assert missing.returncode == 1 and "no request has the id" in missing.stderr


def where(gateway: Gateway) -> list[str]:
    return ["--data-dir", str(gateway.data)]


def files(folder: Path) -> list[Path]:
    return [Path(root) / name for root, _, names in os.walk(folder) for name in names]

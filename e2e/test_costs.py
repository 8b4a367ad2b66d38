"""What an operator's prices become: in the answer's head, in its usage for who asks, and in the command that shows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from kit import config
from kit.gateway import Gateway, command
from kit.upstream import Exchange, Upstream, envelope

USAGE = {
    "prompt_tokens": 12_345,
    "completion_tokens": 678,
    "total_tokens": 13_023,
    "prompt_tokens_details": {"cached_tokens": 2_345},
}
PRICE = "price = { input = 0.59, output = 0.79, cached_input = 0.295 }"
#: The same by arithmetic that knows no floats.
COST = (10_000 * Decimal("0.59") + 2_345 * Decimal("0.295") + 678 * Decimal("0.79")) / 1_000_000
ASKING = {"usage": {"include": True}}


def counted(exchange: Exchange) -> None:
    """Answers with usage, as a stream where it is asked for one."""
    request = exchange.request.json()
    assert "usage" not in request, "what is meant for the gateway goes no further"
    if request.get("stream"):
        exchange.sse_head()
        exchange.token("hi")
        exchange.token("", finish="stop")
        exchange.event(envelope(request["model"], "chat.completion.chunk", [], usage=USAGE))
        exchange.done()
        return
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    exchange.answer(envelope(request["model"], "chat.completion", [choice], usage=USAGE))


@pytest.fixture(scope="module")
def told(upstream: Upstream) -> str:
    """A document with a model that has a price, one without, and one that is free."""
    upstream.script("counted", counted)
    return (
        config.QUIET
        + config.provider("up", upstream.base_url)
        + config.model("priced", "up", "counted", PRICE)
        + config.model("unpriced", "up", "counted")
        + config.model("free", "up", "counted", "price = { input = 0, output = 0 }")
    )


def test_the_head_of_a_whole_answer_says_what_it_cost(start: Callable[..., Gateway], told: str) -> None:
    gateway = start(told)
    answer = gateway.chat("priced")
    assert Decimal(answer.headers["x-trunkline-cost"]) == COST
    assert "cost" not in answer.json()["usage"], "nobody asked"
    assert "x-litellm-response-cost" not in answer.headers
    assert Decimal(gateway.chat("free").headers["x-trunkline-cost"]) == 0
    assert "x-trunkline-cost" not in gateway.chat("unpriced").headers


def test_who_asks_finds_it_in_the_usage(start: Callable[..., Gateway], told: str) -> None:
    gateway = start(told)
    answer = json.loads(gateway.chat("priced", **ASKING).text, parse_float=Decimal)
    assert answer["usage"]["cost"] == COST
    streamed = gateway.chat("priced", stream=True, **ASKING).text
    events = [line.removeprefix("data: ") for line in streamed.splitlines() if line.startswith("data: {")]
    usages = [json.loads(event, parse_float=Decimal).get("usage") for event in events]
    assert [usage["cost"] for usage in usages if usage] == [COST]
    assert "cost" not in gateway.chat("unpriced", **ASKING).json()["usage"]


def test_litellms_header_is_there_where_it_is_wanted(start: Callable[..., Gateway], told: str) -> None:
    answer = start(told + config.server(litellm_headers="true")).chat("priced")
    assert answer.headers["x-litellm-response-cost"] == answer.headers["x-trunkline-cost"]


def test_the_command_says_what_models_cost_and_takes_over_a_newer_list(tmp_path: Path) -> None:
    document = tmp_path / "t.toml"
    document.write_text(
        config.QUIET
        + config.provider("own", "https://api.openai.com/v1")
        + config.provider("other", "http://127.0.0.1:9/v1")
        + config.model("a", "own", "gpt-4o")
        + config.model("b", "other", "gpt-4o")
        + config.model("c", "other", "x", PRICE)
    )
    where = ["--config", str(document), "--data-dir", str(tmp_path / "data")]
    _, a, b, c = command(["prices", *where], tmp_path).stdout.splitlines()
    assert a == "a  own/gpt-4o  input 2.50, output 10.00, cached input 1.25  (price list)"
    assert b == "b  other/gpt-4o  unknown"
    assert c == "c  other/x  input 0.59, output 0.79, cached input 0.295  (config)"

    newer = tmp_path / "newer.json"
    facts = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 3e-6, "output_cost_per_token": 9e-6}
    newer.write_text(json.dumps({"gpt-4o": facts}))
    update = command(["prices", "update", str(newer), *where[2:]], tmp_path)
    assert update.returncode == 0 and "other price: openai/gpt-4o" in update.stdout, update.stdout + update.stderr
    shown = command(["prices", "a", *where], tmp_path).stdout
    assert "a file: newer.json" in shown and "input 3.00, output 9.00" in shown

    refused = command(["prices", "update", str(document), *where[2:]], tmp_path)
    assert refused.returncode != 0 and "is no JSON object" in refused.stderr
    assert command(["prices", "a", *where], tmp_path).stdout == shown, "what is no list changes nothing"

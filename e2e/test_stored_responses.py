"""Stored answers of Responses, as the official SDK uses them, in front of a provider that knows only Chat Completions."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest

from kit import config
from kit.gateway import Gateway
from kit.upstream import Upstream

KEYS = {"ada": "sk-tl-ada", "bob": "sk-tl-bob"}


def text_of(base_url: str) -> str:
    keys = "".join(config.client_key(name, key) for name, key in KEYS.items())
    return config.QUIET + config.wire("chat", "openai_chat", base_url) + keys


def sdk(gateway: Gateway, who: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=gateway.v1, api_key=KEYS[who], max_retries=0, timeout=20)


def said(upstream: Upstream, model: str) -> list[str]:
    """The messages of the last request for a model."""
    return [f"{one['role']}: {one['content']}" for one in upstream.requests_of(model)[-1].json()["messages"]]


def test_a_conversation_goes_on_by_id_and_outlives_the_gateway(
    start: Callable[..., Gateway], upstream: Upstream
) -> None:
    gateway = start(text_of(upstream.base_url))
    with sdk(gateway, "ada") as client:
        first = client.responses.create(model="chat/m1", input="1?", instructions="be brief")
        assert first.output_text == "one two"
        with client.responses.stream(model="chat/m1", input="2?", previous_response_id=first.id) as stream:
            second = stream.get_final_response()
        assert second.previous_response_id == first.id
    assert gateway.stop() == 0
    again = start(text_of(upstream.base_url), data=gateway.data)
    with sdk(again, "ada") as client:
        client.responses.create(model="chat/m1", input="3?", previous_response_id=second.id)
        expected = ["user: 1?", "assistant: one two", "user: 2?", "assistant: one two", "user: 3?"]
        assert said(upstream, "m1") == expected
        assert client.responses.retrieve(second.id).output_text == "one two"
        pages = client.responses.input_items.list(second.id, order="asc", limit=2)
        texts = [item.content[0].text for item in pages]
        assert texts == ["1?", "one two", "2?"], "the SDK asked for the second page by itself"
        client.responses.delete(second.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(second.id)
    with sdk(again, "bob") as stranger:
        with pytest.raises(openai.BadRequestError) as refused:
            stranger.responses.create(model="chat/m1", input="3?", previous_response_id=first.id)
        assert refused.value.code == "previous_response_not_found"
        assert refused.value.param == "previous_response_id"


def test_nothing_is_kept_where_nothing_is_to_be_kept(start: Callable[..., Gateway], upstream: Upstream) -> None:
    text = text_of(upstream.base_url).replace("[store]\n", '[store]\nresponses_ttl = "0s"\n')
    with sdk(start(text), "ada") as client:
        answer = client.responses.create(model="chat/m2", input="1?")
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(answer.id)


def test_tokens_are_counted_by_estimate(start: Callable[..., Gateway], upstream: Upstream) -> None:
    with sdk(start(text_of(upstream.base_url)), "ada") as client:
        counted = client.responses.input_tokens.count(model="chat/m3", input="how many may this be")
        assert counted.object == "response.input_tokens"
        assert counted.input_tokens > 0
    assert upstream.requests_of("m3") == []

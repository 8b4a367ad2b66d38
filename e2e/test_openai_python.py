"""The official OpenAI SDK for Python, as applications use it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from kit import backends, config
from kit.gateway import Gateway
from kit.sdks import NEW_NODE
from kit.upstream import USAGE, Exchange, Upstream, envelope, openai_error, plain

KEY = "sk-tl-for-the-sdk"


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock of OpenAI's API written by others."""
    with backends.aimock(tmp_path_factory.mktemp("aimock")) as url:
        yield url


@pytest.fixture(scope="module")
def keyed(upstream: Upstream, mock: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a key, in front of the mock and of the scripted upstream."""
    text = config.standard(upstream.base_url) + config.provider("mock", mock) + config.client_key("sdk", KEY)
    text += "\n[providers.dummy]\n"
    running = Gateway(tmp_path_factory.mktemp("keyed"), text)
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(keyed: Gateway) -> Iterator[openai.OpenAI]:
    """No retries: a test wants the first answer."""
    with openai.OpenAI(base_url=keyed.v1, api_key=KEY, max_retries=0, timeout=20) as sdk:
        yield sdk


HELLO = [{"role": "user", "content": "hello"}]
WITH_USAGE = {"include_usage": True}


def test_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="mock/gpt-4o", messages=HELLO)
    assert answer.model == "mock/gpt-4o"
    assert answer.choices[0].message.content == "Hi there from the mock!"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 5)
    assert answer._request_id


def test_chat_with_the_built_in_dummy(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="dummy/echo-1", messages=HELLO, extra_headers={"x-dummy-tag": "sdk"})
    assert "x-dummy-tag=sdk" in (answer.choices[0].message.content or "")
    assert "authorization_forwarded=true" in (answer.choices[0].message.content or "")


@pytest.mark.parametrize("model", ["mock/gpt-4o", "dummy/story-1", "alias"])
def test_stream(client: openai.OpenAI, model: str) -> None:
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text
    assert {chunk.model for chunk in chunks} == {model}
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"


@pytest.mark.parametrize("model", ["mock/gpt-4o", "dummy/story-1", "alias"])
def test_stream_with_usage(client: openai.OpenAI, model: str) -> None:
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True, stream_options=WITH_USAGE))
    usage = chunks[-1].usage
    assert usage is not None
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def test_the_stream_helper_gathers_the_message(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="mock/gpt-4o", messages=HELLO) as stream:
        stream.until_done()
        assert stream.get_final_completion().choices[0].message.content == "Hi there from the mock!"


def test_completions(client: openai.OpenAI, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        choice = {"index": 0, "text": " upon a time", "finish_reason": "stop", "logprobs": None}
        ex.answer(envelope("legacy", "text_completion", [choice], usage=USAGE))

    upstream.script("legacy", script)
    answer = client.completions.create(model="up/legacy", prompt="once")
    assert (answer.choices[0].text, answer.model) == (" upon a time", "up/legacy")
    assert upstream.request_of("legacy").target == "/v1/completions"


def test_a_streamed_completion(client: openai.OpenAI, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        for text, finish in (("up", None), ("on", None), ("", "stop")):
            choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": None}
            ex.event(envelope("legacy-stream", "text_completion", [choice]))
        if ex.request.json().get("stream_options"):
            ex.event(envelope("legacy-stream", "text_completion", [], usage=USAGE))
        ex.done()

    upstream.script("legacy-stream", script)
    chunks = list(client.completions.create(model="up/legacy-stream", prompt="once", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "upon"
    assert {chunk.model for chunk in chunks} == {"up/legacy-stream"}


def test_embeddings_in_base64_as_the_sdk_asks_for_them(client: openai.OpenAI, upstream: Upstream) -> None:
    vector = [0.25, -0.5, 3.0]

    def script(ex: Exchange) -> None:
        assert ex.request.json()["encoding_format"] == "base64"
        packed = base64.b64encode(struct.pack("<3f", *vector)).decode()
        data = [{"object": "embedding", "index": 0, "embedding": packed}]
        usage = {"prompt_tokens": 4, "total_tokens": 4}
        ex.answer({"object": "list", "data": data, "model": "vectors", "usage": usage})

    upstream.script("vectors", script)
    answer = client.embeddings.create(model="up/vectors", input="text")
    assert (answer.data[0].embedding, answer.model, answer.usage.prompt_tokens) == (vector, "up/vectors", 4)


def test_embeddings_from_the_mock(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="mock/text-embedding-3-small", input="a vector", encoding_format="float")
    assert answer.data[0].embedding == [0.25, -0.5, 1.0]


def test_models(client: openai.OpenAI) -> None:
    listed = {model.id: model for model in client.models.list()}
    assert {"alias", "up/listed-1", "mock/gpt-4o", "dummy/echo-1"} <= set(listed)
    assert listed["alias"].model_extra is not None
    assert listed["alias"].model_extra["context_length"] == 8192
    assert listed["up/listed-1"].model_extra["max_model_len"] == 4096
    for name in ("alias", "up/listed-1"):
        one = client.models.retrieve(name)
        assert (one.id, one.object) == (name, "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("not/there")


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_call_passes_through_and_back(client: openai.OpenAI, stream: bool) -> None:
    messages: list = [{"role": "user", "content": "the weather in Oslo?"}]
    if stream:
        with client.chat.completions.stream(model="mock/gpt-4o", messages=messages, tools=TOOLS) as open_stream:
            open_stream.until_done()
            message = open_stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model="mock/gpt-4o", messages=messages, tools=TOOLS).choices[0].message
    (call,) = message.tool_calls
    function = call.function
    assert (call.id, function.name, json.loads(function.arguments)) == ("call_w1", "get_weather", {"city": "Oslo"})
    told = {"id": call.id, "type": "function", "function": {"name": function.name, "arguments": function.arguments}}
    messages += [
        {"role": "assistant", "tool_calls": [told]},
        {"role": "tool", "tool_call_id": call.id, "content": '{"degrees":4}'},
    ]
    answer = client.chat.completions.create(model="mock/gpt-4o", messages=messages, tools=TOOLS)
    assert answer.choices[0].message.content == "It is 4 degrees in Oslo."


def fails(status: int, kind: str = "x") -> Callable[[Exchange], None]:
    return lambda ex: ex.answer(openai_error("scripted words", kind), status)


ERRORS = {
    "a bad request": ("up/e400", fails(400, "invalid_request_error"), openai.BadRequestError, 400),
    "a rate limit": ("up/e429", fails(429, "requests"), openai.RateLimitError, 429),
    "a broken upstream": ("up/e500", fails(500), openai.InternalServerError, 502),
    "an overloaded upstream": ("up/e503", fails(503), openai.InternalServerError, 503),
    "an unprocessable request": ("up/e422", fails(422), openai.UnprocessableEntityError, 422),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_raised_as_the_right_class(
    name: str, stream: bool, client: openai.OpenAI, upstream: Upstream
) -> None:
    model, script, kind, status = ERRORS[name]
    upstream.script(model.removeprefix("up/"), script)
    with pytest.raises(kind) as raised:
        client.chat.completions.create(model=model, messages=HELLO, stream=stream)
    assert raised.value.status_code == status
    assert "scripted words" in raised.value.message
    assert isinstance(raised.value.body, dict)
    assert raised.value.request_id


def test_our_own_key_refused_upstream_is_not_the_callers_fault(client: openai.OpenAI, upstream: Upstream) -> None:
    upstream.script("e401", fails(401))
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model="up/e401", messages=HELLO)
    assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth_error")


def test_the_mocks_rate_limit_is_raised_with_its_words(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model="mock/gpt-4o", messages=[{"role": "user", "content": "too fast"}])
    assert "slow down, friend" in raised.value.message
    assert raised.value.code == "rate_limit_exceeded"
    assert raised.value.response.headers["retry-after"] == "1"


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="aliaz", messages=HELLO)
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="nobody/x", messages=HELLO)
    assert raised.value.code == "provider_not_found"


def test_a_wrong_key_is_an_authentication_error(keyed: Gateway) -> None:
    with openai.OpenAI(base_url=keyed.v1, api_key="sk-wrong", max_retries=0) as sdk:
        with pytest.raises(openai.AuthenticationError) as raised:
            sdk.models.list()
        assert raised.value.code == "invalid_api_key"


def test_a_stream_that_breaks_raises(client: openai.OpenAI, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("partial")
        ex.close()

    upstream.script("snaps", script)
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model="up/snaps", messages=HELLO, stream=True):
            seen.append(chunk.choices[0].delta.content)
    assert seen == ["partial"]


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-goog-api-key"])
def test_the_other_key_headers_work(header: str, keyed: Gateway) -> None:
    headers = {"Authorization": openai.Omit(), header: KEY}
    with openai.OpenAI(base_url=keyed.v1, api_key="unused", max_retries=0) as sdk:
        assert sdk.models.retrieve("alias", extra_headers=headers).id == "alias"


def test_the_asynchronous_client(keyed: Gateway) -> None:
    async def run() -> list[str]:
        async with openai.AsyncOpenAI(base_url=keyed.v1, api_key=KEY, max_retries=0, timeout=20) as sdk:

            async def one(number: int) -> str:
                text = ""
                call = sdk.chat.completions.create(model="mock/gpt-4o", messages=HELLO, stream=True, seed=number)
                async for chunk in await call:
                    text += chunk.choices[0].delta.content or ""
                return text

            return await asyncio.gather(*(one(number) for number in range(20)))

    assert asyncio.run(run()) == ["Hi there from the mock!"] * 20


def test_the_clients_own_retries_meet_a_recovered_upstream(keyed: Gateway, upstream: Upstream) -> None:
    tries: list[int] = []

    def script(ex: Exchange) -> None:
        tries.append(1)
        if len(tries) == 1:
            ex.answer(openai_error("later"), 429, {"retry-after": "0"})
        else:
            plain(ex)

    upstream.script("recovers", script)
    with openai.OpenAI(base_url=keyed.v1, api_key=KEY, max_retries=2) as sdk:
        assert sdk.chat.completions.create(model="up/recovers", messages=HELLO).choices[0].message.content == "one two"


@pytest.mark.parametrize(("node", "package"), [("node", "openai"), (str(NEW_NODE), "openai-new")], ids=["6.49", "7.57"])
def test_the_sdk_for_node(node: str, package: str, keyed: Gateway, upstream: Upstream, tmp_path: Path) -> None:
    """Node's own test runner runs `node/*.test.mjs` against the same gateway."""
    upstream.script("e400", fails(400, "invalid_request_error"))
    upstream.script("e429", fails(429, "requests"))
    upstream.script("e500", fails(500))

    def snaps(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("partial")
        ex.close()

    upstream.script("snaps", snaps)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GATEWAY": keyed.v1, "GATEWAY_KEY": KEY, "SDK": package}
    tests = sorted(str(path) for path in backends.NODE.glob("*.test.mjs"))
    assert tests
    ran = subprocess.run(
        [node, "--test", *tests], cwd=backends.NODE, env=env, capture_output=True, text=True, timeout=100, check=False
    )
    print(ran.stdout[-6000:], ran.stderr[-2000:])
    assert ran.returncode == 0

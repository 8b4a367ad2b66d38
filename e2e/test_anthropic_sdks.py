"""Anthropic's SDK in Python and in Node, each in both majors that programs hold, on a backend of each wire.

The old major sends `x-api-key`, version 2023-06-01, and `?beta=true` for beta calls; the new one a Bearer token, version
2026-10-21, and the beta header alone. On the backend of their own wire the bytes pass, elsewhere they are translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kit import backends, config
from kit.clients import KEY
from kit.gateway import Gateway
from kit.sdks import SDKS, Driver, Drivers, Raised
from kit.strict.anthropic import Anthropic
from kit.strict.server import Call, Seen, StrictServer, Turn
from kit.tap import Exchanged, Tap

WIRES = {"openai_chat": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": "", "gemini": ""}
GENERATIONS = [name for name, sdk in SDKS.items() if sdk.vendor == "anthropic"]

HELLO = [{"role": "user", "content": "hello"}]
CITIES = [{"role": "user", "content": "What about both cities?"}]
TOOLS = [{"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
BETA = "some-beta-2026-01-01"


@dataclass
class Rig:
    """The gateway, a recorder before it, and the SDKs."""

    gateway: Gateway
    near: Tap
    drivers: Drivers


def answer(seen: Seen) -> Turn:
    """What `fixtures/matrix.json` has aimock say."""
    if seen.results:
        return Turn("Oslo has 4 degrees, Rome has 17.")
    if "both cities" in seen.user:
        return Turn(calls=[Call(f"call_{city}", "get_weather", {"city": city}) for city in ("Oslo", "Rome")])
    return Turn("Hello from the backend.")


@pytest.fixture(scope="module")
def rig(drivers: Drivers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    # Of the wires aimock speaks, Messages is the one whose counter it lacks.
    strict = StrictServer(Anthropic(), answer)
    with backends.aimock(tmp_path_factory.mktemp("aimock"), "matrix.json") as mock:
        text = config.QUIET + config.client_key("sdks", KEY)
        for wire, path in WIRES.items():
            text += config.wire(wire, wire, strict.base_url if wire == "anthropic" else mock + path)
        text += config.model("claude-declared", "openai_chat", "gpt-4o")
        gateway = Gateway(tmp_path_factory.mktemp("sdks"), text)
        near = Tap(gateway.url)
        yield Rig(gateway, near, drivers)
        assert gateway.stop() == 0
        near.close()
        strict.close()
    assert not strict.refused, strict.refused
    assert not strict.failures, strict.failures


@pytest.fixture(params=GENERATIONS)
def sdk(request: pytest.FixtureRequest, rig: Rig) -> Driver:
    rig.near.take()
    return rig.drivers[request.param]


@pytest.fixture(params=WIRES)
def model(request: pytest.FixtureRequest) -> str:
    return f"{request.param}/gemini-2.5-flash"


def asked(model: str, messages: list[Any] = HELLO, **more: Any) -> dict[str, Any]:
    return {"model": model, "max_tokens": 1000, "messages": messages, **more}


def check_generation(sdk: Driver, exchanged: Exchanged) -> None:
    """The request has the marks of its major."""
    header = exchanged.request.header
    marks = (header("x-api-key"), header("authorization"), header("anthropic-version"))
    if sdk.sdk.old:
        assert marks == (KEY, None, "2023-06-01")
    else:
        assert marks == (None, f"Bearer {KEY}", "2026-10-21")


def test_a_message(sdk: Driver, model: str, rig: Rig) -> None:
    told = sdk.call(rig.near.origin, "messages", asked(model))
    shape = told["type"], told["role"], told["model"], told["stop_reason"]
    assert shape == ("message", "assistant", model, "end_turn")
    assert told["content"][0]["text"] == "Hello from the backend."
    (passed,) = rig.near.take()
    assert passed.request.target == "/v1/messages"
    check_generation(sdk, passed)


def test_a_stream_event_by_event(sdk: Driver, model: str, rig: Rig) -> None:
    told = sdk.call(rig.near.origin, "messages", asked(model), stream=True)
    assert told["content"][0]["text"] == "Hello from the backend."
    assert told["stop_reason"] == "end_turn"
    life = ["message_start", "content_block_start", "content_block_delta", "content_block_stop"]
    assert list(dict.fromkeys(told["events"])) == [*life, "message_delta", "message_stop"]
    check_generation(sdk, rig.near.take()[0])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_two_tools_at_once_through_the_beta_path_and_back(sdk: Driver, model: str, stream: bool, rig: Rig) -> None:
    first = sdk.call(rig.near.origin, "beta messages", asked(model, CITIES, tools=TOOLS, betas=[BETA]), stream=stream)
    calls = [block for block in first["content"] if block["type"] == "tool_use"]
    assert [call["input"] for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert first["stop_reason"] == "tool_use"
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "noted"} for call in calls]
    # As programs do that keep the SDK's objects: with all that the SDK made of them.
    said = [{name: value for name, value in block.items() if value is not None} for block in first["content"]]
    history = [*CITIES, {"role": "assistant", "content": said}, {"role": "user", "content": results}]
    last = sdk.call(rig.near.origin, "messages", asked(model, history, tools=TOOLS), stream=stream)
    assert last["content"][0]["text"] == "Oslo has 4 degrees, Rome has 17."
    passed = rig.near.take()[0]
    assert passed.request.target == ("/v1/messages?beta=true" if sdk.sdk.old else "/v1/messages")
    assert passed.request.header("anthropic-beta") == BETA
    check_generation(sdk, passed)


def test_counting(sdk: Driver, model: str, rig: Rig) -> None:
    def count(messages: list[Any], **more: Any) -> int:
        return sdk.call(rig.near.origin, "count", {"model": model, "messages": messages, **more})["input_tokens"]

    short = count(HELLO)
    long = count([{"role": "user", "content": "hello " * 1000}], tools=TOOLS)
    assert 0 < short < long
    assert long > 500
    for passed in rig.near.take():
        check_generation(sdk, passed)


def test_models_in_the_shape_of_this_api(sdk: Driver, rig: Rig) -> None:
    listed = {model["id"]: model for model in sdk.call(rig.near.origin, "models")}
    assert listed["claude-declared"]["type"] == "model"
    assert listed["claude-declared"]["display_name"]
    assert sdk.call(rig.near.origin, "model", {"model": "claude-declared"})["id"] == "claude-declared"
    for passed in rig.near.take():
        check_generation(sdk, passed)


@pytest.mark.parametrize(
    ("body", "key", "kind", "word"),
    [
        (asked("nobody"), KEY, "NotFoundError", "not_found_error"),
        # A number that no SDK objects to by itself.
        (asked("openai_chat/gpt-4o", max_tokens=-1), KEY, "BadRequestError", "invalid_request_error"),
        (asked("openai_chat/gpt-4o"), "sk-wrong", "AuthenticationError", "authentication_error"),
    ],
    ids=["a model that is not there", "a bad request", "a wrong key"],
)
def test_errors_are_raised_as_the_right_classes(
    sdk: Driver, body: dict[str, Any], key: str, kind: str, word: str, rig: Rig
) -> None:
    with pytest.raises(Raised) as raised:
        sdk.call(rig.near.origin, "messages", body, key=key)
    assert (raised.value.kind, raised.value.body["type"], raised.value.body["error"]["type"]) == (kind, "error", word)

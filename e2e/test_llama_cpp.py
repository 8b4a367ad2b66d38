"""A real backend with a real model: llama.cpp's own server behind Trunkline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from kit import agents, backends, config
from kit.agents import Agent
from kit.clients import KEY
from kit.features import CLIENTS, PROMPTS
from kit.gateway import Gateway
from kit.sdks import Drivers
from kit.tap import Tap
from kit.waits import eventually

#: For the model to load on a loaded machine.
LOAD_DEADLINE_S = 60

QUESTION = [{"role": "user", "content": PROMPTS["capital"]}]

#: What its server speaks, each as the only wire of a provider, and what follows its address.
WIRES = {"openai_chat": "/v1", "openai_responses": "/v1", "anthropic": ""}
#: One client of each dialect.
ASKING = ["chat openai-python", "responses openai-python", "messages anthropic-python", "ollama", "gemini"]
#: Its own Responses stream has no `content_index`, which the SDK cannot stand (2026-11), and the native lane mends nothing.
UNREADABLE = ("responses openai-python", "openai_responses", True)
ASKED = [(client, wire, stream) for client in ASKING for wire in WIRES for stream in (False, True)]
ASKED.remove(UNREADABLE)


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that may still be loading."""
    port = backends.free_port()
    with backends.llama(tmp_path_factory.mktemp("llama"), port):
        yield port


@pytest.fixture(scope="module")
def local(llama: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway in front of it, with the model declared and as `local/smollm2`."""
    text = config.QUIET + config.provider("local", f"http://127.0.0.1:{llama}", kind="llama_cpp", keys=[])
    text += config.model("small", "local", "smollm2")
    for wire, path in WIRES.items():
        text += config.wire(wire, wire, f"http://127.0.0.1:{llama}{path}")
    running = Gateway(tmp_path_factory.mktemp("local"), text)
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(local: Gateway, llama: int) -> Iterator[openai.OpenAI]:
    """An SDK client, once the model is loaded."""
    eventually("the model is loaded", lambda: backends.llama_ready(llama), LOAD_DEADLINE_S)
    with openai.OpenAI(base_url=local.v1, api_key="none", max_retries=0, timeout=60) as sdk:
        yield sdk


def test_while_the_model_loads_the_answer_says_so_and_then_it_serves(local: Gateway) -> None:
    """Nothing listens, then 503 `Loading model`, then 200: each with a status a client can act on."""
    seen: list[int] = []

    def served() -> bool:
        answer = local.http.post(
            "/v1/chat/completions", json={"model": "small", "messages": QUESTION, "max_tokens": 1}, timeout=60
        )
        if answer.status_code != 200:
            assert answer.json()["error"]["message"]
        seen.append(answer.status_code)
        return answer.status_code == 200

    eventually("the model answers", served, LOAD_DEADLINE_S)
    print("statuses while loading:", sorted(set(seen)))
    assert set(seen) <= {502, 503, 200}


def test_chat(client: openai.OpenAI, local: Gateway) -> None:
    answer = client.chat.completions.create(model="small", messages=QUESTION, max_tokens=12, temperature=0)
    assert answer.model == "small"
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 0
    row = local.rows_of("small")[-1]
    assert row["upstream_model"] == "smollm2"


def test_stream(client: openai.OpenAI, local: Gateway) -> None:
    text, chunks, finish = "", 0, None
    for chunk in client.chat.completions.create(
        model="local/smollm2", messages=QUESTION, max_tokens=12, temperature=0, stream=True
    ):
        chunks += 1
        assert chunk.model == "local/smollm2"
        assert chunk.choices, "the usage chunk was not asked for"
        text += chunk.choices[0].delta.content or ""
        finish = chunk.choices[0].finish_reason or finish
    assert text.strip()
    assert chunks > 2
    assert finish in ("stop", "length")
    row = local.rows_of("local/smollm2")[0]
    assert row["quality"] == "exact"
    assert row["output_tokens"] > 0


def test_completion(client: openai.OpenAI) -> None:
    answer = client.completions.create(model="small", prompt="The capital of France is", max_tokens=8, temperature=0)
    assert answer.choices[0].text.strip()


def test_the_model_is_found_by_its_bare_name_and_listed_with_its_context_size(client: openai.OpenAI) -> None:
    """Its list could not be read while it loaded; asking for the name makes the gateway look again."""

    def asked() -> str | None:
        return client.chat.completions.create(model="smollm2", messages=QUESTION, max_tokens=1).model

    assert eventually("the bare name is known", asked, 30) == "smollm2"
    for name in ("local/smollm2", "small"):
        entry = client.models.retrieve(name).model_extra
        assert entry is not None
        assert entry["context_length"] in (2048, 4096), "llama.cpp says how much each of its slots has"


#: One question in the words of each path that counts tokens; the server answers all of them with the same number.
COUNTED = {
    "/v1/messages/count_tokens": {"model": "small", "system": "Be brief.", "messages": QUESTION},
    "/v1/responses/input_tokens": {"model": "small", "instructions": "Be brief.", "input": QUESTION},
    "/v1beta/models/small:countTokens": {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": QUESTION[0]["content"]}]}],
    },
}


def counts(gateway: Gateway) -> dict[str, int]:
    """What each path says, once it is no estimate."""
    said: dict[str, int] = {}
    for path, body in COUNTED.items():
        answer = gateway.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert "x-trunkline-estimated" not in answer.headers, path
        said[path] = answer.json().get("totalTokens") or answer.json()["input_tokens"]
    return said


@pytest.fixture
def prompt_tokens(client: openai.OpenAI) -> int:
    """What the server itself counts when it answers the question of `COUNTED`."""
    messages = [{"role": "system", "content": "Be brief."}, *QUESTION]
    usage = client.chat.completions.create(model="small", messages=messages, max_tokens=1).usage
    assert usage is not None
    return usage.prompt_tokens


def test_every_clients_tokens_are_counted_by_the_server(local: Gateway, prompt_tokens: int) -> None:
    assert counts(local) == dict.fromkeys(COUNTED, prompt_tokens)


def test_its_tokeniser_counts_where_it_has_no_counters(llama: int, prompt_tokens: int, tmp_path: Path) -> None:
    """As an older server does, which knows `/apply-template` and `/tokenize` alone."""
    older = Tap(f"http://127.0.0.1:{llama}", missing=("/count_tokens", "/input_tokens"))
    text = config.QUIET + config.provider("older", older.base_url, kind="llama_cpp", keys=[])
    gateway = Gateway(tmp_path, text + config.model("small", "older", "smollm2"))
    try:
        assert counts(gateway) == dict.fromkeys(COUNTED, prompt_tokens)
        asked = [exchanged.request.target for exchanged in older.take()]
        assert asked.count("/tokenize") == len(COUNTED)
    finally:
        assert gateway.stop() == 0
        older.close()


@pytest.mark.parametrize(
    "prompt",
    [
        # Refused by the gateway, once it knows the server's window.
        pytest.param("word " * 6000, id="certainly too long"),
        pytest.param("31415926535897932384626433832795" * 200, id="too long for this tokeniser"),
    ],
)
def test_a_prompt_that_does_not_fit_is_refused_in_the_clients_words(client: openai.OpenAI, prompt: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="small", messages=[{"role": "user", "content": prompt}])
    assert raised.value.code == "context_length_exceeded"
    assert "context" in raised.value.message


@pytest.mark.parametrize(("asking", "wire", "stream"), ASKED)
def test_every_clients_dialect_gets_an_answer_on_every_wire_of_the_server(
    asking: str, wire: str, stream: bool, client: openai.OpenAI, local: Gateway, drivers: Drivers
) -> None:
    said = CLIENTS[asking].ask(drivers, local.url, f"{wire}/smollm2", "capital", stream)
    assert "Paris" in said.text


@pytest.mark.parametrize("asking", ASKING)
def test_an_answer_keeps_to_its_schema(asking: str, client: openai.OpenAI, local: Gateway, drivers: Drivers) -> None:
    """On the one wire of the server that holds answers to a schema: its Messages and Responses leave it aside (2026-11)."""
    said = CLIENTS[asking].ask(drivers, local.url, "openai_chat/smollm2", "structured output", True)
    facts = json.loads(said.text)
    assert {name: type(value) for name, value in facts.items()} == {"city": str, "degrees": int}


@pytest.mark.agents
@pytest.mark.parametrize("model", ["small", "openai_chat/smollm2"], ids=["native", "bridged"])
def test_claude_code_gets_an_answer_of_the_real_model(
    model: str, client: openai.OpenAI, local: Gateway, tmp_path: Path
) -> None:
    """The program itself, with a prompt that fits into the model: its own is ten times what the model can hold."""
    known = len([row for row in local.rows() if row["model"] == model])
    ran = agents.claude_code(Agent(tmp_path), local.url, model, PROMPTS["capital"], *agents.CLAUDE_IN_SHORT)
    assert ran.code == 0
    result = json.loads(ran.out)
    assert (result["subtype"], result["is_error"]) == ("success", False)
    assert "Paris" in result["result"]
    row = local.rows_of(model, known + 1)[-1]
    usage = result["modelUsage"][model]
    told = usage["inputTokens"], usage["cacheReadInputTokens"], usage["outputTokens"]
    assert told == (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"])
    assert row["status"] == 200

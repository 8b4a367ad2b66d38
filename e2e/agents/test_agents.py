"""Real coding agents through the gateway, on backends of another dialect than theirs.

Each run is one small task: the backend asks for the agent's own shell tool, the agent runs it and sends the result back,
the backend sees that result and says a last sentence, and the agent prints it. The backends are the strict ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kit import agents, config
from kit.agents import FINAL, KEY, Agent, Ran
from kit.gateway import Gateway
from kit.strict.anthropic import Anthropic
from kit.strict.chat import Chat
from kit.strict.gemini import Gemini
from kit.strict.responses import Responses
from kit.strict.server import StrictServer, Wire, task_of

pytestmark = pytest.mark.agents

WIRES: dict[str, Callable[[], Wire]] = {
    "openai_chat": Chat,
    "openai_responses": Responses,
    "anthropic": Anthropic,
    "gemini": Gemini,
}


@dataclass
class Rig:
    """One gateway in front of one strict backend of each wire; model `on-WIRE` is served by it."""

    gateway: Gateway
    backends: dict[str, StrictServer]


def final(result: str) -> str:
    """The last sentence, if the tool really ran."""
    return FINAL if "proof is written" in result else f"the tool did not run: {result}"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    script = task_of("proof.txt", agents.shell_call, final)
    backends = {name: StrictServer(make(), script) for name, make in WIRES.items()}
    text = config.QUIET + config.client_key("agents", KEY)
    for name, server in backends.items():
        text += config.wire(name, name, server.base_url) + config.model(f"on-{name}", name, "strict")
    # A name that its client knows, for what the client does by name.
    text += config.model("gemini-2.5-flash", "openai_chat", "strict")
    text += config.model("claude-sonnet-4-5", "openai_chat", "strict")
    gateway = Gateway(tmp_path_factory.mktemp("agents"), text)
    yield Rig(gateway, backends)
    assert gateway.stop() == 0
    for server in backends.values():
        server.close()


RUNS: dict[str, tuple[str, Callable[[Agent, str], Ran]]] = {
    "claude code on chat": ("openai_chat", lambda a, o: agents.claude_code(a, o, "on-openai_chat")),
    "claude code by a name it knows": ("openai_chat", lambda a, o: agents.claude_code(a, o, "claude-sonnet-4-5")),
    "claude code with a token, on gemini": ("gemini", lambda a, o: agents.claude_code(a, o, "on-gemini", token=True)),
    "claude code on messages": ("anthropic", lambda a, o: agents.claude_code(a, o, "on-anthropic")),
    "codex on chat": ("openai_chat", lambda a, o: agents.codex(a, o, "on-openai_chat")),
    "codex on messages": ("anthropic", lambda a, o: agents.codex(a, o, "on-anthropic")),
    "gemini cli on chat": ("openai_chat", lambda a, o: agents.gemini_cli(a, o, "gemini-2.5-flash")),
    "pi's chat on messages": ("anthropic", lambda a, o: agents.pi(a, "openai_chat", o, "on-anthropic")),
    "pi's responses on chat": ("openai_chat", lambda a, o: agents.pi(a, "openai_responses", o, "on-openai_chat")),
    "pi's messages on chat": ("openai_chat", lambda a, o: agents.pi(a, "anthropic", o, "on-openai_chat")),
    "opencode's chat on responses": (
        "openai_responses",
        lambda a, o: agents.opencode(a, "openai_chat", o, "on-openai_responses"),
    ),
    "opencode's messages on chat": ("openai_chat", lambda a, o: agents.opencode(a, "anthropic", o, "on-openai_chat")),
}


@pytest.mark.parametrize("name", RUNS)
def test_it_runs_its_tool_and_says_what_the_model_said(name: str, rig: Rig, tmp_path: Path) -> None:
    backend, run = RUNS[name]
    server = rig.backends[backend]
    server.refused.clear()
    server.unknown.clear()
    agent = Agent(tmp_path)
    ran = run(agent, rig.gateway.url)
    assert not server.refused, server.refused
    assert not server.failures, server.failures
    assert ran.code == 0
    assert FINAL in ran.out
    assert agent.proof() == "trunkline\n"


def test_claude_code_counts_its_context_without_asking_a_model(rig: Rig, tmp_path: Path) -> None:
    server = rig.backends["openai_chat"]
    before = len(server.received)
    known = len(rig.gateway.rows())
    ran = agents.claude_code(Agent(tmp_path), rig.gateway.url, "on-openai_chat", "/context")
    assert ran.code == 0
    assert "Context Usage" in ran.out
    assert len(server.received) == before, "a count went to the model as a request"
    assert not [row for row in rig.gateway.rows()[known:] if row["status"] >= 400]


def test_codex_tells_what_it_did_as_events(rig: Rig, tmp_path: Path) -> None:
    """`--json` is what programs read: the command with its exit code, the message, the usage of the turn."""
    ran = agents.codex(Agent(tmp_path), rig.gateway.url, "on-openai_chat")
    events = [json.loads(line) for line in ran.out.splitlines() if line.startswith("{")]
    items = {event["item"]["type"]: event["item"] for event in events if event["type"] == "item.completed"}
    assert items["command_execution"]["exit_code"] == 0
    assert items["agent_message"]["text"] == FINAL
    usage = next(event["usage"] for event in events if event["type"] == "turn.completed")
    # Two turns of the backend's own numbers.
    assert (usage["input_tokens"], usage["cached_input_tokens"], usage["output_tokens"]) == (34, 8, 10)


def test_claude_code_finds_the_models_it_may_show(rig: Rig) -> None:
    """What its picker asks for, with one credential header, in its own shape."""
    headers = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
    answer = httpx.get(f"{rig.gateway.url}/v1/models?limit=1000", headers=headers, timeout=3, trust_env=False)
    assert answer.status_code == 200
    listed = {model["id"]: model for model in answer.json()["data"]}
    assert listed["claude-sonnet-4-5"]["type"] == "model"
    assert listed["claude-sonnet-4-5"]["display_name"]

"""Real coding agents through the gateway, on backends of another dialect than theirs.

Each run is one small task: the backend asks for the agent's own shell tool, the agent runs it and sends the result back,
the backend sees that result and says a last sentence, and the agent prints it. The backends are the strict ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit import agents, config
from kit.agents import FINAL, KEY, Agent, Ran
from kit.gateway import Gateway
from kit.strict.anthropic import Anthropic
from kit.strict.chat import Chat
from kit.strict.gemini import Gemini
from kit.strict.responses import Responses
from kit.strict.server import StrictServer, Wire, task_of
from kit.tap import Tap
from kit.waits import eventually

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
    near: Tap
    """A recorder before the gateway, for what its own records do not show."""
    backends: dict[str, StrictServer]


#: How many counts `/context` asks for (Claude Code 2.1.197).
CONTEXT_COUNTS = 14


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
    near = Tap(gateway.url)
    yield Rig(gateway, near, backends)
    assert gateway.stop() == 0
    near.close()
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
    """`/context` asks for the size of each part of what it would send."""
    server = rig.backends["openai_chat"]
    before = len(server.received)
    known = len(rig.gateway.rows())
    ran = agents.claude_code(Agent(tmp_path), rig.gateway.url, "on-openai_chat", "/context")
    assert ran.code == 0
    assert "Context Usage" in ran.out
    # What it asked about is in its table: its tools are most of what it sends.
    assert re.search(r"System tools \| [0-9.]+k \|", ran.out)

    def written() -> list[tuple[str, int]] | None:
        rows = [(row["operation"], row["status"]) for row in rig.gateway.rows()[known:]]
        return rows if len(rows) >= CONTEXT_COUNTS else None

    rows = eventually(f"{CONTEXT_COUNTS} counts in the ledger", written)
    assert rows == [("count_tokens", 200)] * CONTEXT_COUNTS
    assert len(server.received) == before, "a count went to the model as a request"


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


@pytest.mark.parametrize("token", [False, True], ids=["key", "token"])
def test_claude_code_finds_the_models_it_may_show(token: bool, rig: Rig, tmp_path: Path) -> None:
    """The program itself asks, with one credential header, and keeps what it can show in its picker: names of its maker."""
    agent = Agent(tmp_path)
    rig.near.take()
    ran = agents.claude_code(agent, rig.near.origin, "on-openai_chat", "hello", token=token, discover=True)
    assert ran.code == 0
    (asked,) = [passed for passed in rig.near.take() if passed.request.method == "GET"]
    assert (asked.request.target, asked.status) == ("/v1/models?limit=1000", 200)
    credentials = asked.request.header("x-api-key"), asked.request.header("authorization")
    assert credentials == ((None, f"Bearer {KEY}") if token else (KEY, None))
    kept = json.loads((agent.home / ".claude" / "cache" / "gateway-models.json").read_text())
    assert {"id": "claude-sonnet-4-5", "display_name": "claude-sonnet-4-5"} in kept["models"]


def test_codex_that_tries_a_socket_goes_on_over_http_at_once(rig: Rig, tmp_path: Path) -> None:
    agent = Agent(tmp_path)
    rig.near.take()
    ran = agents.codex(agent, rig.near.origin, "on-openai_chat", sockets=True)
    assert (ran.code, agent.proof()) == (0, "trunkline\n")
    passed = [(one.request.method, one.status) for one in rig.near.take()]
    # One try, then a request for the call of the tool and one with its result.
    assert passed == [("GET", 426), ("POST", 200), ("POST", 200)]

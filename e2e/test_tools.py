"""Clients get real tool calls from a server that leaves its model's calls in the text.

The model writes its thoughts and calls as models of its family do; nobody in front of it parses them. The SDKs run whole
loops: the history that goes back is checked as strictly as ever, so ids and results must fit what the client was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kit import agents, config, loops
from kit.agents import FINAL, Agent, Ran
from kit.clients import KEY, LOOPS
from kit.gateway import Gateway
from kit.strict.leaky import FORMATS, Leaky
from kit.strict.server import Script, StrictServer, task_of

TURNS = 6


def leaky(name: str, base_url: str) -> str:
    """A server that operators run themselves, without a parser."""
    return config.provider(name, base_url, kind="vllm", more='dialects = ["openai_chat"]')


@dataclass
class Rig:
    """One gateway in front of one server for each format; a provider has its format's name."""

    gateway: Gateway
    servers: dict[str, StrictServer]

    def check(self, format: str) -> None:
        """That nothing went wrong behind the gateway."""
        server = self.servers[format]
        assert not server.refused, server.refused
        assert not server.failures, server.failures
        assert not server.unknown, server.unknown


def rig_of(folder: Path, script: Script, key: str) -> Iterator[Rig]:
    """A rig whose models all answer by this script."""
    servers = {name: StrictServer(Leaky(write), script) for name, write in FORMATS.items()}
    text = config.QUIET + config.client_key("tools", key)
    for name, server in servers.items():
        text += leaky(name, server.base_url) + config.model(f"on-{name}", name, "strict")
    gateway = Gateway(folder, text)
    yield Rig(gateway, servers)
    assert gateway.stop() == 0
    for server in servers.values():
        server.close()


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    yield from rig_of(tmp_path_factory.mktemp("tools"), loops.script(TURNS), KEY)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("client", LOOPS)
def test_a_loop_of_calls_that_are_only_text(client: str, format: str, stream: bool, counting: Rig) -> None:
    told = loops.run(LOOPS[client], counting.gateway.url, f"{format}/strict", stream=stream, turns=TURNS)
    counting.check(format)
    assert told.thoughts[:TURNS] == [loops.thought(turn) for turn in range(TURNS)]
    assert told.calls == sum(loops.calls_in(turn) for turn in range(TURNS))


def final(result: str) -> str:
    """The last sentence, if the tool really ran."""
    return FINAL if "proof is written" in result else f"the tool did not run: {result}"


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    script = task_of("proof.txt", agents.shell_call, final)
    yield from rig_of(tmp_path_factory.mktemp("agents-on-text"), script, agents.KEY)


RUNS: dict[str, tuple[str, Callable[[Agent, str], Ran]]] = {
    "claude code on hermes": ("hermes", lambda a, o: agents.claude_code(a, o, "on-hermes")),
    "claude code on qwen coder": ("qwen_coder", lambda a, o: agents.claude_code(a, o, "on-qwen_coder")),
    "codex on qwen coder": ("qwen_coder", lambda a, o: agents.codex(a, o, "on-qwen_coder")),
    "codex on pythonic": ("pythonic", lambda a, o: agents.codex(a, o, "on-pythonic")),
    "pi on deepseek": ("deepseek", lambda a, o: agents.pi(a, "openai_chat", o, "on-deepseek")),
    "opencode on glm": ("glm", lambda a, o: agents.opencode(a, "openai_chat", o, "on-glm")),
}


@pytest.mark.agents
@pytest.mark.parametrize("name", RUNS)
def test_an_agent_does_its_task(name: str, at_work: Rig, tmp_path: Path) -> None:
    format, run = RUNS[name]
    agent = Agent(tmp_path)
    ran = run(agent, at_work.gateway.url)
    at_work.check(format)
    assert (ran.code, agent.proof()) == (0, "trunkline\n")
    assert FINAL in ran.out


def test_what_was_done_is_in_the_header_and_in_the_log(counting: Rig) -> None:
    body: dict[str, Any] = {
        "model": "hermes/strict",
        "messages": [{"role": "user", "content": loops.PROMPT}],
        "tools": [{"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}],
    }
    answer = counting.gateway.http.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})
    assert answer.headers["x-trunkline-repairs"] == "found:note"
    (call,) = answer.json()["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "note"
    assert 'repaired="found:note"' in counting.gateway.logs()

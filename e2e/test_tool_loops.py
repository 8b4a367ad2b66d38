"""Twenty turns of tools: each official client against a strict backend of each wire, and no request refused.

The backend checks every history as its vendor does: calls with results, thoughts with their own signatures. The client
keeps the history in its SDK's own objects, so what the vendor wants back must travel inside what that SDK carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from kit import config, loops
from kit.clients import KEY, LOOPS
from kit.gateway import Gateway
from kit.strict.anthropic import Alternating, Anthropic
from kit.strict.chat import Chat, DeepSeek
from kit.strict.gemini import Gemini
from kit.strict.ollama import Ollama
from kit.strict.responses import Responses
from kit.strict.server import StrictServer, Wire

BACKENDS: dict[str, tuple[str, Callable[[], Wire]]] = {
    "openai_chat": ("openai_chat", Chat),
    "deepseek": ("openai_chat", DeepSeek),
    "openai_responses": ("openai_responses", Responses),
    "anthropic": ("anthropic", Anthropic),
    "alternating": ("anthropic", Alternating),
    "ollama": ("ollama", Ollama),
    "gemini": ("gemini", Gemini),
}

#: What an operator has to say of a model that its provider's type does not tell.
STATED = {
    "deepseek": {"reasoning_replay": '"reasoning_content"'},
    "openai_chat": {"reasoning_replay": '"dropped"'},
    "anthropic": {"thinking": '"budget"'},
    "alternating": {"thinking": '"budget"'},
    "gemini": {"thinking": '"adaptive"'},
}

TURNS = 20

#: In how many turns thoughts are shown, where it is not all of them. Ollama's messages have no place for a signature,
#: and Anthropic goes on with no loop whose thoughts are gone while thinking is on: it is off from the second turn on,
#: which is reported as the loss of `thinking`.
SHOWN = {("ollama", "anthropic"): 1, ("ollama", "alternating"): 1}


@dataclass
class Rig:
    """One gateway in front of every strict backend."""

    gateway: Gateway
    backends: dict[str, StrictServer]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    backends = {name: StrictServer(make(), loops.script(TURNS)) for name, (_, make) in BACKENDS.items()}
    text = config.QUIET + config.client_key("loops", KEY)
    for name, server in backends.items():
        dialect, _ = BACKENDS[name]
        text += config.wire(name, dialect, server.base_url)
        text += config.capabilities(name, "strict", **STATED[name]) if name in STATED else ""
    gateway = Gateway(tmp_path_factory.mktemp("loops"), text)
    yield Rig(gateway, backends)
    assert gateway.stop() == 0
    for server in backends.values():
        server.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("client", LOOPS)
def test_twenty_turns(client: str, backend: str, stream: bool, rig: Rig) -> None:
    server = rig.backends[backend]
    server.refused.clear()
    server.unknown.clear()
    if isinstance(server.wire, DeepSeek):
        server.wire.thoughts.clear()
    try:
        told = loops.run(LOOPS[client], rig.gateway.url, f"{backend}/strict", stream=stream, turns=TURNS)
    finally:
        assert not server.refused, server.refused
        assert not server.failures, server.failures
        assert not server.unknown, server.unknown
    # Every backend thinks in each turn, and the client asked to see it.
    turns = SHOWN.get((client, backend), TURNS)
    assert told.thoughts[:TURNS] == [loops.thought(turn) for turn in range(turns)]


@pytest.mark.parametrize("client", [name for name in LOOPS if name != "ollama"])
def test_gemini_gets_its_own_signatures_back(client: str, rig: Rig) -> None:
    """Clients that carry unknown fields, or have a place for signatures, need no dummy."""
    wire = rig.backends["gemini"].wire
    assert isinstance(wire, Gemini)
    wire.dummies = 0
    loops.run(LOOPS[client], rig.gateway.url, "gemini/strict", stream=True, turns=TURNS)
    assert wire.dummies == 0

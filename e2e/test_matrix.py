"""Every official client against every backend wire, feature by feature: what is carried, what is lost aloud, what is refused.

A dialect's clients (languages, majors) must all see the same, so the table has one part a dialect.

The backends are a mock written by others (aimock), one provider a wire; between it and the gateway, and between the client
and the gateway, stand recorders. The expected cell is in `EXPECTED`; anything that vanishes without a word is a failure,
whatever the table says. `UPDATE_DOCS=1` writes docs/matrix.md from the run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import ollama
import pytest
from google.genai import errors

from kit import backends, config
from kit.clients import KEY
from kit.features import ANSWERS, CLIENTS, FEATURES, arrived
from kit.gateway import ROOT, Gateway
from kit.sdks import Drivers, Raised
from kit.strict.ollama import Ollama
from kit.strict.server import StrictServer, Turn
from kit.tap import Tap

WIRES = ["openai_chat", "openai_responses", "anthropic", "ollama", "gemini"]
PAGE = ROOT / "docs" / "matrix.md"
CARRIED = "carried"

#: Every cell that is not `carried`: (dialect of the client, wire, feature).
EXPECTED: dict[tuple[str, str, str], str] = {
    ("openai_responses", "ollama", "tool"): "carried, without `tools[0].strict`",
    ("openai_responses", "ollama", "parallel tools"): "carried, without `tools[0].strict`",
    # Efforts take the place of budgets.
    ("anthropic", "openai_chat", "thinking"): "carried, without `thinking.budget_tokens`",
    ("anthropic", "openai_responses", "thinking"): "carried, without `thinking.budget_tokens`",
    ("anthropic", "ollama", "thinking"): "carried, without `thinking.budget_tokens`",
}

#: What the SDKs raise for a status that is none of success.
REFUSALS = (Raised, ollama.ResponseError, errors.APIError)


@dataclass
class Rig:
    """The gateway between its recorders, and the clients that have a process of their own."""

    gateway: Gateway
    drivers: Drivers
    near: Tap
    far: dict[str, Tap]


@pytest.fixture(scope="module")
def rig(drivers: Drivers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    def thinks(_: object) -> Turn:
        return Turn("42", "Six times seven is forty-two.")

    with backends.aimock(tmp_path_factory.mktemp("aimock"), "matrix.json") as mock:
        # aimock's Ollama says `reasoning_content` where Ollama says `thinking`: that one cell has a backend of our own.
        thinker = StrictServer(Ollama(), thinks)
        far = {wire: Tap(mock) for wire in WIRES} | {"ollama-thinker": Tap(thinker.origin)}
        text = config.QUIET + config.client_key("matrix", KEY)
        for name, tap in far.items():
            wire = name.partition("-")[0]
            path = "/v1" if wire.startswith("openai") else ""
            text += config.wire(name, wire, tap.origin + path)
        gateway = Gateway(tmp_path_factory.mktemp("matrix"), text)
        near = Tap(gateway.url)
        yield Rig(gateway, drivers, near, far)
        assert gateway.stop() == 0
        for server in (near, thinker, *far.values()):
            server.close()


def ask(rig: Rig, client: str, wire: str, feature: str, stream: bool) -> str:
    """One cell of one kind of answer, in the words of the table."""
    provider = "ollama-thinker" if (wire, feature) == ("ollama", "thinking") else wire
    rig.near.take()
    rig.far[provider].take()
    try:
        said = CLIENTS[client].ask(rig.drivers, rig.near.origin, f"{provider}/gemini-2.5-flash", feature, stream)
    except REFUSALS as error:
        assert 400 <= rig.near.take()[-1].status < 500, f"not refused but broken: {error!r}"
        return "refused"
    losses = rig.near.take()[-1].headers.get("x-trunkline-losses", "")
    sent = rig.far[provider].take()[-1].request.json()
    carried = ANSWERS[feature](said) and arrived(feature, wire, sent)
    assert carried or losses, f"lost without a word: {vars(said)} of {sent}"
    named = ", ".join(f"`{name.strip()}`" for name in losses.split(",") if name.strip())
    if carried:
        return f"{CARRIED}, without {named}" if named else CARRIED
    return f"reported loss of {named}"


SEEN: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("client", CLIENTS)
def test_cell(client: str, wire: str, feature: str, rig: Rig) -> None:
    cells = [ask(rig, client, wire, feature, stream) for stream in (False, True)]
    assert cells[0] == cells[1], "whole and streamed answers differ"
    where = CLIENTS[client].dialect, wire, feature
    SEEN[where] = cells[0]
    assert cells[0] == EXPECTED.get(where, CARRIED)


TITLES = {
    "openai_chat": "Chat Completions",
    "openai_responses": "Responses",
    "anthropic": "Messages",
    "ollama": "Ollama",
    "gemini": "Gemini",
}

HEAD = """# What goes over between dialects

Made by `e2e/test_matrix.py` from a run with official clients against backends of each wire, whole and streamed; do not
edit (`UPDATE_DOCS=1 make e2e PYTEST_ARGS='-k matrix'`).

- *carried*: the backend was told and the client got the answer. *carried, without*: the same, but the field named in the
  header `x-trunkline-losses` could not be said to this backend.
- *reported loss of*: the field is named there, and the feature itself did not arrive.
- *refused*: a 4xx before anything was asked.

Every client that a part names was asked every cell of it, and all of them saw the same. The backends are a mock made by
others; thinking on `ollama` has one of our own, since that mock has another name for thoughts than Ollama does.

Nothing is lost without a word: that fails the test.
"""


def page(cells: dict[tuple[str, str, str], str]) -> str:
    """The page of the docs."""
    out = HEAD
    for dialect, title in TITLES.items():
        clients = ", ".join(client.title for client in CLIENTS.values() if client.dialect == dialect)
        names = " | ".join(f"`{wire}`" for wire in WIRES)
        out += f"\n## Client: {title}\n\n{clients}\n\n| feature | {names} |\n|---|{'---|' * len(WIRES)}\n"
        for feature in FEATURES:
            row = " | ".join(cells[dialect, wire, feature] for wire in WIRES)
            out += f"| {feature} | {row} |\n"
    return out


def test_the_page_says_what_the_table_says() -> None:
    expected = {(c, w, f): EXPECTED.get((c, w, f), CARRIED) for c in TITLES for w in WIRES for f in FEATURES}
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page(expected | SEEN))
    assert PAGE.read_text() == page(expected)

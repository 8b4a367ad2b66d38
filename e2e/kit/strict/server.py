"""The server of every strict backend, and the words in which a test says what the model answers."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..upstream import Exchange, Listener, Received, read_request

#: Text and arguments are streamed in pieces of this many characters, so that no client sees them whole.
PIECE_CHARS = 7


@dataclass
class Call:
    """One tool call of the model."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass
class Turn:
    """What the model says next: thoughts, then text, then calls."""

    text: str = ""
    thinking: str = ""
    calls: list[Call] = field(default_factory=list)


@dataclass
class Seen:
    """What a script may want to know of a request, whatever its wire."""

    user: str
    """The last text of the user."""
    tools: list[str]
    """Names of the tools that it offers."""
    results: list[str]
    """What the tools said since the user last spoke, in order."""
    thinks: bool
    """Whether it asks for thoughts."""


Script = Callable[[Seen], Turn]


class Refused(Exception):
    """The vendor's answer is 400 with these words."""


class Wire:
    """One vendor's dialect: what it refuses, how it is read, how it is answered."""

    name: str
    #: What a provider's config says after the address.
    base_path = ""

    def check(self, request: Received) -> None:
        """Raises `Refused` for what the vendor refuses."""
        raise NotImplementedError

    def seen(self, request: Received) -> Seen:
        """Reads a request that was not refused."""
        raise NotImplementedError

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        """Writes the turn, whole or streamed as the request wants it."""
        raise NotImplementedError

    def error(self, message: str) -> Any:
        """The body of a refusal."""
        raise NotImplementedError

    def other(self, exchange: Exchange) -> bool:
        """Answers what is no turn: lists, counts. False when the path is none of this wire's."""
        raise NotImplementedError


class StrictServer(Listener):
    """A backend on a port of its own that speaks one wire and answers by one script."""

    def __init__(self, wire: Wire, script: Script) -> None:
        self.wire = wire
        self.script = script
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.unknown: list[str] = []
        super().__init__()

    @property
    def origin(self) -> str:
        """Its address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return self.origin + self.wire.base_path

    def serve(self, sock: socket.socket) -> None:
        reader = sock.makefile("rb")
        while (request := read_request(reader)) is not None:
            exchange = Exchange(request, sock)
            self.exchange(exchange)
            if exchange.closed or request.header("connection") == "close":
                return

    def exchange(self, exchange: Exchange) -> None:
        """One request: a list or a count, a refusal, or the script's turn."""
        request = exchange.request
        if self.wire.other(exchange):
            return
        if request.method != "POST":
            self.unknown.append(f"{request.method} {request.target}")
            exchange.answer(self.wire.error("not found"), 404)
            return
        self.received.append(request)
        try:
            self.wire.check(request)
        except Refused as refusal:
            self.refused.append(str(refusal))
            exchange.answer(self.wire.error(str(refusal)), 400)
            return
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # Not a shape that the vendor could read at all.
            self.refused.append(f"malformed: {error!r}")
            exchange.answer(self.wire.error(self.refused[-1]), 400)
            return
        self.wire.answer(exchange, self.script(self.wire.seen(request)))


def pieces(text: str) -> Iterator[str]:
    """The text as it is streamed."""
    for at in range(0, len(text), PIECE_CHARS):
        yield text[at : at + PIECE_CHARS]


def sealed(text: str) -> str:
    """What the vendor signs with: only the same text has the same seal."""
    return base64.b64encode(hashlib.sha256(b"strict" + text.encode()).digest() * 2).decode()


def need(truth: object, message: str) -> None:
    """Refuses with the message unless it is true."""
    if not truth:
        raise Refused(message)


def task_of(prompt: str, call: Callable[[list[str]], Call | None], final: Callable[[str], str]) -> Script:
    """A script for agents: when the user's text holds `prompt` and a tool that `call` wants is offered, call it once;
    then say `final` of its result. Anything else (titles, summaries, warm-ups) is answered with a word."""

    def script(seen: Seen) -> Turn:
        if prompt not in seen.user:
            return Turn(text="A small task")
        if seen.results:
            return Turn(text=final(seen.results[-1]))
        wanted = call(seen.tools)
        return Turn(thinking="A tool does this.", calls=[wanted]) if wanted else Turn(text="A small task")

    return script

"""A client without a library's opinions."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Longest wait for the gateway on a raw socket; passing it is a hang.
DEADLINE_S = 15.0


@dataclass
class Answer:
    """One answer, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def error_of(answer: Answer) -> dict[str, Any]:
    """The error of an answer, which must have OpenAI's shape."""
    assert answer.headers["content-type"].startswith("application/json"), answer
    body = answer.json()
    assert set(body) == {"error"}, body
    error = body["error"]
    assert set(error) >= {"message", "type", "param", "code"}, error
    assert isinstance(error["message"], str)
    assert error["message"]
    assert isinstance(error["type"], str)
    return error


def connect(port: int) -> socket.socket:
    """A connection to the gateway."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_answer(sock: socket.socket, method: str = "POST") -> Answer:
    """The next answer on the connection."""
    with contextlib.closing(http.client.HTTPResponse(sock, method=method)) as response:
        response.begin()
        return Answer(response.status, response.headers, response.read())


def read_answers(sock: socket.socket, count: int) -> list[Answer]:
    """The next answers on a connection on which several requests were sent at once: what one read brings may hold
    more than one of them."""
    shared = _SharedFile(sock.makefile("rb", buffering=0))
    answers = []
    for _ in range(count):
        response = http.client.HTTPResponse(shared, method="POST")
        response.begin()
        answers.append(Answer(response.status, response.headers, response.read()))
    return answers


class _SharedFile(io.BufferedReader):
    """A connection's bytes for one response after the other, each of which closes what it reads from."""

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self

    def close(self) -> None:
        pass


def exchange(port: int, data: bytes, method: str = "POST") -> Answer:
    """Sends exactly `data` on a connection of its own and reads one answer."""
    with connect(port) as sock:
        with contextlib.suppress(OSError):  # refused before all was sent; the answer says why
            sock.sendall(data)
        return read_answer(sock, method)


def post(path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a POST with these header lines; JSON unless they say otherwise."""
    lines = list(headers)
    if not any(line.lower().startswith("content-type") for line in lines):
        lines.append("content-type: application/json")
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        lines.append(f"content-length: {len(body)}")
    head = [f"POST {path} HTTP/1.1", "host: gateway", *lines]
    return "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + body


def chat_body(model: str, **fields: Any) -> bytes:
    """A small chat."""
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}).encode()


@dataclass
class Event:
    """One server-sent event and when it arrived."""

    raw: bytes
    at: float

    @property
    def data(self) -> str:
        """What follows `data:`."""
        lines = [line[5:].lstrip(b" ") for line in self.raw.splitlines() if line.startswith(b"data:")]
        return b"\n".join(lines).decode()

    def json(self) -> Any:
        """The data, read."""
        return json.loads(self.data)


class Stream:
    """An open streamed answer."""

    def __init__(self, port: int, body: bytes, path: str = "/v1/chat/completions", *headers: str) -> None:
        self.sock = connect(port)
        self.sock.sendall(post(path, body, *headers))
        self.response = http.client.HTTPResponse(self.sock, method="POST")
        self.response.begin()
        self.status = self.response.status
        self.headers = self.response.headers
        self.broken: Exception | None = None
        self.rest = b""

    def events(self) -> Iterator[Event]:
        """Events as they arrive, until the answer ends; how it ended is in `broken`, a last half event in `rest`."""
        while True:
            try:
                piece = self.response.read1(65536)
            except (ConnectionError, http.client.HTTPException) as error:
                self.broken = error
                return
            if not piece:
                return
            self.rest += piece
            while (cut := self.rest.find(b"\n\n")) >= 0:
                raw, self.rest = self.rest[: cut + 2], self.rest[cut + 2 :]
                yield Event(raw, time.monotonic())

    def all(self) -> list[Event]:
        """Every event to the end."""
        with self.sock:
            return list(self.events())

    def leave(self) -> float:
        """Hangs up, and says when."""
        left = time.monotonic()
        self.response.close()
        self.sock.close()
        return left

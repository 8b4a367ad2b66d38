"""A recorder between two parties: requests and the heads of their answers, handed on to the byte."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .upstream import SOCKET_TIMEOUT_S, Listener, Received, read_request

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

#: The head of an answer; more is no head.
HEAD_BYTES_MAX = 65536


@dataclass
class Exchanged:
    """One request, and the head of its answer."""

    request: Received
    head: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of the answer."""
        return int(self.head.split(b" ", 2)[1])


class Tap(Listener):
    """Stands before `target` and keeps what passes. Each exchange has connections of its own on both sides.

    Paths with one of the ends in `missing` are answered 404 here, as by an older target that does not know them.
    """

    def __init__(self, target: str, missing: tuple[str, ...] = ()) -> None:
        parts = urlsplit(target)
        assert parts.hostname is not None
        self.target = (parts.hostname, parts.port or 80)
        self.path = parts.path
        self.missing = missing
        self.passed: list[Exchanged] = []
        self.lock = threading.Lock()
        super().__init__()

    @property
    def origin(self) -> str:
        """Its own address, without a path."""
        return f"http://127.0.0.1:{self.port}"

    def take(self) -> list[Exchanged]:
        """What passed since the last time."""
        with self.lock:
            passed, self.passed = self.passed, []
        return passed

    def serve(self, sock: socket.socket) -> None:
        request = read_request(sock.makefile("rb"))
        if request is None:
            return
        kept = Exchanged(request)
        with self.lock:
            self.passed.append(kept)
        if request.target.endswith(self.missing):
            sock.sendall(NOT_FOUND)
            return
        with socket.create_connection(self.target, timeout=SOCKET_TIMEOUT_S) as far:
            far.sendall(closing(request))
            tail, length = b"", 0
            # A server that wants to keep the connection does not end it, whatever it was asked: the answer's end is ours.
            while data := far.recv(65536):
                if b"\r\n\r\n" not in kept.head and len(kept.head) < HEAD_BYTES_MAX:
                    kept.head += data
                    kept.headers = headers_of(kept.head)
                tail, length = (tail + data)[-8:], length + len(data)
                sock.sendall(data)
                if ended(kept, tail, length):
                    return


def ended(kept: Exchanged, tail: bytes, length: int) -> bool:
    """Whether an answer of so many bytes with this end is whole."""
    head, found, _ = kept.head.partition(b"\r\n\r\n")
    if not found:
        return False
    if kept.headers.get("transfer-encoding") == "chunked":
        return tail.endswith(b"\r\n0\r\n\r\n")
    return length >= len(head) + 4 + int(
        kept.headers.get("content-length", "0" if kept.status == 204 else "1000000000")
    )


def closing(request: Received) -> bytes:
    """The request with its length, asking for the connection to end after the answer."""
    hop = ("connection", "content-length", "transfer-encoding", "keep-alive")
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers if name.lower() not in hop]
    lines += [f"content-length: {len(request.body)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + request.body


def headers_of(head: bytes) -> dict[str, str]:
    """The headers of a head, by lower-case name."""
    lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}

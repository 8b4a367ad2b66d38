"""An upstream that does what a test says, to the byte.

Requests are answered by the script of the model they name, so that one upstream serves a whole table of cases.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .waits import eventually

#: Guards the suite against a script that waits for a client that never comes.
SOCKET_TIMEOUT_S = 30.0

USAGE = {
    "prompt_tokens": 17,
    "completion_tokens": 5,
    "total_tokens": 22,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    head: bytes
    body: bytes
    at: float = field(default_factory=time.monotonic)

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def model(self) -> str | None:
        """The model it names; `None` when the body cannot be read."""
        try:
            return self.json()["model"]
        except (ValueError, LookupError, RecursionError):
            return None


class Exchange:
    """One request and the socket to answer on."""

    def __init__(self, request: Received, sock: socket.socket) -> None:
        self.request = request
        self.sock = sock
        self.closed = False

    def send(self, raw: bytes) -> None:
        """Exactly these bytes."""
        self.sock.sendall(raw)

    def answer(self, body: bytes | Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """A whole answer with its length; anything but bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"content-type": "application/json", "content-length": str(len(raw)), **(headers or {})}
        head = f"HTTP/1.1 {status} Scripted\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        self.send(head.encode() + b"\r\n" + raw)

    def sse_head(self, headers: str = "") -> None:
        """The head of a chunked event stream."""
        self.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
            + headers.encode()
            + b"\r\n"
        )

    def chunk(self, raw: bytes) -> None:
        """One HTTP chunk."""
        self.send(b"%x\r\n%s\r\n" % (len(raw), raw))

    def event(self, data: Any) -> None:
        """One server-sent event in a chunk of its own."""
        self.chunk(b"data: " + json.dumps(data).encode() + b"\n\n")

    def token(self, text: str, finish: str | None = None) -> None:
        """One chat chunk."""
        delta = {"content": text} if text else {}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event(envelope(self.request.json()["model"], "chat.completion.chunk", [choice]))

    def done(self) -> None:
        """The end of a stream that went well."""
        self.chunk(b"data: [DONE]\n\n")
        self.end()

    def end(self) -> None:
        """The last chunk."""
        self.send(b"0\r\n\r\n")

    def close(self) -> None:
        """An orderly close."""
        self.closed = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        """A connection that breaks."""
        self.closed = True
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def gone_at(self, deadline_s: float = 10.0) -> float:
        """Waits until the other side closes, and says when that was."""
        ready, _, _ = select.select([self.sock], [], [], deadline_s)
        if not ready:
            raise AssertionError(f"the gateway kept the connection for {deadline_s} s")
        with contextlib.suppress(OSError):
            left = self.sock.recv(65536)
            assert left == b"", f"bytes instead of a close: {left!r}"
        self.closed = True
        return time.monotonic()


Script = Callable[[Exchange], None]


def envelope(model: str, kind: str, choices: list[Any], **more: Any) -> dict[str, Any]:
    """What every chat answer and chunk has around its choices."""
    return {
        "id": "chatcmpl-scripted",
        "object": kind,
        "created": 1700000000,
        "model": model,
        "choices": choices,
        **more,
    }


def openai_error(message: str, kind: str = "server_error", code: str | None = None) -> dict[str, Any]:
    """An error body in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def plain(exchange: Exchange) -> None:
    """A chat answered as any server would: streamed or whole, usage when asked for."""
    body = exchange.request.json()
    model = body["model"]
    if not body.get("stream"):
        message = {"role": "assistant", "content": "one two"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        exchange.answer(envelope(model, "chat.completion", [choice], usage=USAGE))
        return
    exchange.sse_head()
    exchange.token("one ")
    exchange.token("two")
    exchange.token("", "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        exchange.event(envelope(model, "chat.completion.chunk", [], usage=USAGE))
    exchange.done()


def unreadable(exchange: Exchange) -> None:
    """What a server says of a body that it cannot read."""
    exchange.answer(openai_error("this is no JSON", "invalid_request_error"), 400)


class Listener:
    """Accepts on a port of its own and hands every connection to `serve` in a thread."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.listener.getsockname()[1]
        self.connections = 0
        self.stopping = threading.Event()
        self.failures: list[BaseException] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def base_url(self) -> str:
        """What a provider's config says."""
        return f"http://127.0.0.1:{self.port}/v1"

    def close(self) -> None:
        """Accepts no more."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.settimeout(SOCKET_TIMEOUT_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock: socket.socket) -> None:
        try:
            self.serve(sock)
        except OSError:
            pass  # the gateway hung up, which is for the test to judge
        except BaseException as error:  # kept for the test
            self.failures.append(error)
        finally:
            # Shut down, not only closed: a reader of the same socket may still be referred to.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def serve(self, sock: socket.socket) -> None:
        """One connection, to its end."""
        raise NotImplementedError


class RawUpstream(Listener):
    """Hands the bare socket of each connection to a function."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self.script = script
        super().__init__()

    def serve(self, sock: socket.socket) -> None:
        self.script(sock)


class Upstream(Listener):
    """Reads requests and answers each by the script of its model."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.received: list[Received] = []
        #: The key without which it does not list its models; whoever brings another is told which it was.
        self.key: str | None = None
        self.listed = [
            {"id": "listed-1", "object": "model", "created": 1, "owned_by": "scripted", "max_model_len": 4096}
        ]
        super().__init__()

    def script(self, model: str, script: Script) -> None:
        """From now on `model` is answered so."""
        self.scripts[model] = script

    def requests_of(self, model: str) -> list[Received]:
        """What arrived for `model`."""
        return [request for request in list(self.received) if request.model == model]

    def request_of(self, model: str) -> Received:
        """The first request for `model`, waited for."""
        return eventually(f"a request for {model} upstream", lambda: self.requests_of(model))[0]

    def serve(self, sock: socket.socket) -> None:
        reader = sock.makefile("rb")
        while True:
            request = read_request(reader)
            if request is None:
                return
            exchange = Exchange(request, sock)
            if request.method == "GET" and self.key and request.header("authorization") != f"Bearer {self.key}":
                said = f"Incorrect API key provided: {request.header('authorization')}"
                exchange.answer(openai_error(said, "invalid_request_error", "invalid_api_key"), 401)
                continue
            if request.method == "GET":
                exchange.answer({"object": "list", "data": self.listed} if request.target == "/v1/models" else b"{}")
                continue
            self.received.append(request)
            self.scripts.get(request.model, plain if request.model else unreadable)(exchange)
            if exchange.closed:
                return


def read_request(reader: Any) -> Received | None:
    """The next request of a connection; `None` at its end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return None
        head += line
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in rest if line]
    request = Received(method, target, headers, head, b"")
    if (request.header("transfer-encoding") or "").lower() == "chunked":
        while size := int(reader.readline(), 16):
            request.body += reader.read(size)
            reader.readline()
        reader.readline()
    else:
        request.body = reader.read(int(request.header("content-length") or 0))
    return request

"""Ends that nobody's fault caused: a client that leaves cancels the upstream, a gateway told to stop finishes first."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from kit import config
from kit.gateway import Gateway
from kit.raw import Stream, chat_body, connect, post, read_answer
from kit.upstream import USAGE, Exchange, Upstream, envelope
from kit.waits import eventually

CHAT = "/v1/chat/completions"

#: The promise is 100 ms; a loaded machine gets more before the test calls it broken.
CANCEL_MS = 1000


def mid_stream(ex: Exchange) -> None:
    ex.sse_head()
    ex.token("one")


def not_yet(ex: Exchange) -> None:
    pass


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("script", [not_yet, mid_stream], ids=["before the answer", "within the answer"])
def test_a_client_that_leaves_cancels_the_upstream(
    script: Callable[[Exchange], None], stream: bool, gateway: Gateway, upstream: Upstream
) -> None:
    name = f"left-{script.__name__}-{stream}".lower()
    gone: list[float] = []

    def run(ex: Exchange) -> None:
        script(ex)
        gone.append(ex.gone_at())

    upstream.script(name, run)
    with connect(gateway.port) as sock:
        sock.sendall(post(CHAT, chat_body(f"up/{name}", stream=stream)))
        upstream.request_of(name)
        if script is mid_stream:
            assert b"one" in read_until(sock, b"one")
        left = time.monotonic()
    eventually("the upstream sees the client leave", lambda: gone)
    ms = (gone[0] - left) * 1000
    print(f"cancelled after {ms:.1f} ms")
    assert ms < CANCEL_MS


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """What arrives up to and with `mark`."""
    seen = b""
    while mark not in seen:
        piece = sock.recv(65536)
        assert piece, seen
        seen += piece
    return seen


def held(upstream: Upstream, model: str) -> threading.Event:
    """A stream of `model` that goes on only when the event is set."""
    go_on = threading.Event()

    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("before")
        assert go_on.wait(20)
        ex.token("after", "stop")
        ex.event(envelope(model, "chat.completion.chunk", [], usage=USAGE))
        ex.done()

    upstream.script(model, script)
    return go_on


def refuses(port: int) -> bool:
    """Whether nobody listens any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def test_sigterm_drains_an_open_stream_and_exits_with_0(start: Callable[..., Gateway], upstream: Upstream) -> None:
    gateway = start(config.standard(upstream.base_url))
    go_on = held(upstream, "drained")
    idle = connect(gateway.port)
    idle.sendall(b"GET /health HTTP/1.1\r\nhost: g\r\n\r\n")
    assert read_answer(idle, "GET").status == 200
    stream = Stream(gateway.port, chat_body("up/drained", stream=True))
    events = stream.events()
    assert next(events).json()["choices"][0]["delta"]["content"] == "before"
    gateway.terminate()
    eventually("no new connection is taken", lambda: refuses(gateway.port))
    assert gateway.alive()
    go_on.set()
    rest = [event.data for event in events]
    assert rest[-1] == "[DONE]"
    stream.leave()
    assert gateway.process.wait(10) == 0
    idle.close()
    row = gateway.rows_of("up/drained")[0]
    assert (row["status"], row["output_tokens"]) == (200, 5)


def test_draining_ends_at_its_limit(start: Callable[..., Gateway], upstream: Upstream) -> None:
    gateway = start(config.standard(upstream.base_url) + config.server(drain_timeout='"300ms"'))
    go_on = held(upstream, "never-ends")
    stream = Stream(gateway.port, chat_body("up/never-ends", stream=True))
    next(stream.events())
    gateway.terminate()
    assert gateway.process.wait(10) == 0
    go_on.set()
    stream.leave()
    assert len(gateway.rows_of("up/never-ends")) == 1


def test_a_second_signal_does_not_wait(start: Callable[..., Gateway], upstream: Upstream) -> None:
    """A person who presses Ctrl-C twice means it."""
    gateway = start(config.standard(upstream.base_url))
    go_on = held(upstream, "impatient")
    stream = Stream(gateway.port, chat_body("up/impatient", stream=True))
    next(stream.events())
    gateway.terminate()
    eventually("no new connection is taken", lambda: refuses(gateway.port))
    gateway.terminate()
    gateway.process.wait(10)
    go_on.set()
    stream.leave()

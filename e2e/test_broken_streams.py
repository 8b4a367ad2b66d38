"""Whatever happens to a stream that has begun, it ends with one event that says so, and never looks finished."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable

import pytest

from kit.gateway import Gateway
from kit.raw import Stream, chat_body, connect, error_of, exchange, post
from kit.upstream import Exchange, Upstream, envelope, openai_error

CHAT = "/v1/chat/completions"

TOLD = "told by the upstream"

pytestmark = pytest.mark.usefixtures("hasty_goes_on")


def begin(ex: Exchange) -> None:
    """Two tokens, which the client must have before anything breaks: else no answer has begun."""
    ex.sse_head()
    ex.token("one ")
    ex.token("two")
    assert ex.seen.wait(5)


def then_close(ex: Exchange) -> None:
    begin(ex)
    ex.close()


def then_reset(ex: Exchange) -> None:
    begin(ex)
    ex.reset()


def then_silence(ex: Exchange) -> None:
    begin(ex)
    ex.gone_at()


def then_half_an_event(ex: Exchange) -> None:
    begin(ex)
    ex.chunk(b'data: {"model":"br')
    ex.close()


def then_a_bad_chunk(ex: Exchange) -> None:
    begin(ex)
    ex.send(b"nonsense\r\n")
    ex.gone_at()


def then_a_huge_chunk_size(ex: Exchange) -> None:
    begin(ex)
    ex.send(b"FFFFFFFFFFFFFFFFF\r\n")
    ex.gone_at()


def then_an_end_without_done(ex: Exchange) -> None:
    begin(ex)
    ex.end()


MIDWAY = [
    then_close,
    then_reset,
    then_silence,
    then_half_an_event,
    then_a_bad_chunk,
    then_a_huge_chunk_size,
    then_an_end_without_done,
]


@pytest.mark.parametrize("script", MIDWAY, ids=lambda script: script.__name__)
def test_a_stream_that_breaks_ends_with_one_error_event_and_no_done(
    script: Callable[[Exchange], None], hasty: Gateway, upstream: Upstream
) -> None:
    seen = threading.Event()

    def run(ex: Exchange) -> None:
        ex.seen = seen
        script(ex)

    upstream.script("midway", run)
    started = time.monotonic()
    stream = Stream(hasty.port, chat_body("up/midway", stream=True))
    assert (stream.status, stream.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
    events = []
    for event in stream.events():
        events.append(event)
        if len(events) == 2:
            seen.set()
    stream.leave()
    assert stream.broken is None, "the client's own framing must stay whole"
    assert stream.rest == b""
    contents = [event.json() for event in events]
    assert [c["choices"][0]["delta"]["content"] for c in contents[:2]] == ["one ", "two"]
    assert len(contents) == 3, contents
    error = contents[2]["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    assert error["type"] == "server_error"
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("whole", [False, True], ids=["cut", "ended"])
def test_a_stream_that_broke_before_it_was_read_is_one_clear_failure(
    whole: bool, hasty: Gateway, upstream: Upstream
) -> None:
    """All of it arrives at once: an error status is as good as an error event, a quiet end is not."""

    def burst(ex: Exchange) -> None:
        event = json.dumps(envelope("burst", "chat.completion.chunk", [{"index": 0, "delta": {"content": "one"}}]))
        chunk = b"data: %s\n\n" % event.encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        ex.send(head + b"%x\r\n%s\r\n" % (len(chunk), chunk) + (b"0\r\n\r\n" if whole else b""))
        ex.close()

    upstream.script("burst", burst)
    answer = exchange(hasty.port, post(CHAT, chat_body("up/burst", stream=True)))
    if answer.status == 502:
        assert error_of(answer)["type"] == "server_error"
        return
    assert answer.status == 200
    *_, last, end = answer.body.split(b"\n\n")
    assert json.loads(last.removeprefix(b"data: "))["error"]["type"] == "server_error"
    assert end == b""


def test_a_client_that_does_not_read_holds_the_upstream_back(hasty: Gateway, upstream: Upstream) -> None:
    """What it does not read stays in the upstream, not in the gateway's memory."""
    sent: list[int] = []
    held_back = threading.Event()

    def flood(ex: Exchange) -> None:
        ex.sse_head()
        ex.sock.settimeout(1)
        chunk = b": " + b"x" * 65_000 + b"\n\n"
        with contextlib.suppress(TimeoutError, ConnectionError):
            while sum(sent) < 200 << 20:
                ex.chunk(chunk)
                sent.append(len(chunk))
        held_back.set()
        ex.close()

    upstream.script("flood", flood)
    with connect(hasty.port) as sock:
        sock.sendall(post(CHAT, chat_body("up/flood", stream=True)))
        assert sock.recv(1000)
        assert held_back.wait(30)
    print(f"the upstream could send {sum(sent) >> 20} MiB")
    assert sum(sent) < 64 << 20


def test_an_error_event_of_the_upstreams_own_passes(hasty: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("one")
        ex.event(openai_error(TOLD))
        ex.end()

    upstream.script("own-words", script)
    data = [event.data for event in Stream(hasty.port, chat_body("up/own-words", stream=True)).all()]
    errors = [json.loads(text)["error"] for text in data if "error" in text]
    assert [error["message"] for error in errors] == [TOLD]
    assert "[DONE]" not in data


def test_a_stream_that_finished_but_never_said_done_is_no_error(hasty: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("one")
        ex.token("", "stop")
        ex.end()

    upstream.script("no-done", script)
    data = [event.data for event in Stream(hasty.port, chat_body("up/no-done", stream=True)).all()]
    assert not [text for text in data if "error" in text], data


def test_pings_keep_a_slow_stream_alive(hasty: Gateway, upstream: Upstream) -> None:
    pause = threading.Event()

    def script(ex: Exchange) -> None:
        ex.sse_head()
        for _ in range(5):
            ex.chunk(b": ping\n\n")
            pause.wait(0.25)  # the pace is what is tested: five times half the idle limit
        ex.token("late", "stop")
        ex.done()

    upstream.script("pings", script)
    data = [event.data for event in Stream(hasty.port, chat_body("up/pings", stream=True)).all()]
    assert data[-1] == "[DONE]"

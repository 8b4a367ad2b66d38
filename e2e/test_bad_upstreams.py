"""Whatever an upstream does instead of answering, the client gets a mapped status, soon, in its own words."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from kit import config
from kit.gateway import Gateway
from kit.raw import chat_body, error_of, exchange, post
from kit.upstream import Exchange, RawUpstream, Upstream, envelope, openai_error

CHAT = "/v1/chat/completions"

pytestmark = pytest.mark.usefixtures("hasty_goes_on")


@dataclass
class Case:
    """What an upstream answers, and what the client must see of it."""

    status: int
    body: bytes | dict
    out: int
    type: str | None = None
    code: str | None = None
    says: str = "told by the upstream"
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: str | None = None


TOLD = "told by the upstream"
HTML = b"<html><head><title>told by the upstream</title></head><body><h1>502</h1></body></html>"

ANSWERS = {
    "400": Case(
        400, openai_error(TOLD, "invalid_request_error", "invalid_value"), 400, "invalid_request_error", "invalid_value"
    ),
    "400 context": Case(
        400,
        openai_error(TOLD, "invalid_request_error", "context_length_exceeded"),
        400,
        None,
        "context_length_exceeded",
    ),
    "400 context in words": Case(
        400,
        openai_error("This model's maximum context length is 10 tokens: " + TOLD, "BadRequestError"),
        400,
        None,
        "context_length_exceeded",
    ),
    "400 llama.cpp context": Case(
        400,
        {
            "error": {
                "code": 400,
                "message": TOLD + ": exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
        400,
        None,
        "context_length_exceeded",
    ),
    # Not in its own words: vendors quote a part of the refused key, which is the operator's.
    "401": Case(401, openai_error(TOLD), 502, "server_error", "upstream_auth_error", says="401"),
    "403": Case(403, openai_error(TOLD), 502, "server_error", "upstream_auth_error", says="403"),
    "402": Case(402, openai_error(TOLD), 429, None, "insufficient_quota"),
    "404": Case(404, openai_error(TOLD, "invalid_request_error", "model_not_found"), 404, None, "model_not_found"),
    "422 fastapi": Case(
        422, {"detail": [{"loc": ["body", "n"], "msg": TOLD, "type": "int_parsing"}]}, 422, "invalid_request_error"
    ),
    "400 fastapi": Case(400, {"detail": TOLD}, 400, "invalid_request_error"),
    "400 ollama": Case(400, {"error": TOLD}, 400, "invalid_request_error"),
    "400 old vllm": Case(
        400, {"object": "error", "message": TOLD, "type": "BadRequestError", "param": None, "code": 400}, 400
    ),
    "400 gemini list": Case(
        400, b'[{"error":{"code":400,"message":"told by the upstream","status":"INVALID_ARGUMENT"}}]', 400
    ),
    "429": Case(
        429,
        openai_error(TOLD, "requests"),
        429,
        None,
        "rate_limit_exceeded",
        headers={"retry-after": "7"},
        retry_after="7",
    ),
    "429 quota": Case(
        429,
        openai_error(TOLD, "insufficient_quota", "insufficient_quota"),
        429,
        "insufficient_quota",
        "insufficient_quota",
    ),
    "500": Case(500, openai_error(TOLD), 502, "server_error"),
    "500 html": Case(500, HTML, 502, "server_error"),
    "500 text": Case(500, b"told by the upstream", 502, "server_error"),
    "500 empty": Case(500, b"", 502, "server_error", says=""),
    "500 bytes": Case(500, b"\xff\xfe\x00told by the upstream\x00", 502, "server_error"),
    "502 html": Case(502, HTML, 502, "server_error"),
    "503": Case(
        503, openai_error(TOLD), 503, None, "server_is_overloaded", headers={"retry-after": "3"}, retry_after="3"
    ),
    "503 llama.cpp": Case(
        503,
        {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
        503,
        None,
        "server_is_overloaded",
        "Loading model",
    ),
    "504": Case(504, HTML, 504),
    "529": Case(529, openai_error(TOLD), 503, None, "server_is_overloaded"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_error_answer_is_mapped_and_keeps_the_upstreams_words(
    name: str, stream: bool, hasty: Gateway, upstream: Upstream
) -> None:
    case = ANSWERS[name]
    kind = (
        "text/html"
        if case.body is HTML
        else "text/plain"
        if isinstance(case.body, bytes) and case.body[:1] != b"["
        else None
    )
    headers = {**case.headers, **({"content-type": kind} if kind else {})}
    upstream.script("answers", lambda ex: ex.answer(case.body, case.status, headers))
    answer = exchange(hasty.port, post(CHAT, chat_body("up/answers", stream=stream)))
    error = error_of(answer)
    assert answer.status == case.out, error
    if case.type is not None:
        assert error["type"] == case.type
    if case.code is not None:
        assert error["code"] == case.code
    assert case.says in error["message"]
    if case.retry_after is not None:
        assert answer.headers["retry-after"] == case.retry_after


def test_a_refused_credential_of_the_clients_own_is_told_as_such(hasty: Gateway, upstream: Upstream) -> None:
    upstream.script("own", lambda ex: ex.answer(openai_error(TOLD, "invalid_request_error", "invalid_api_key"), 401))
    answer = exchange(hasty.port, post(CHAT, chat_body("through/own"), "authorization: Bearer of-the-client"))
    assert upstream.request_of("own").header("authorization") == "Bearer of-the-client"
    assert (answer.status, error_of(answer)["message"]) == (401, TOLD)


def reset(ex: Exchange) -> None:
    ex.reset()


def close(ex: Exchange) -> None:
    ex.close()


def raw(data: bytes) -> Callable[[Exchange], None]:
    """Sends these bytes, then closes."""

    def script(ex: Exchange) -> None:
        ex.send(data)
        ex.close()

    return script


def silent(ex: Exchange) -> None:
    ex.gone_at()


def slow_head(ex: Exchange) -> None:
    """A head that arrives byte by byte and never ends."""
    with contextlib.suppress(OSError):
        ex.send(b"HTTP/1.1 200 OK\r\nx: ")
        ended = threading.Event()
        while not ended.wait(0.05):
            ex.send(b"a")
    ex.closed = True


OK = b"HTTP/1.1 200 OK\r\n"
BREAKS = {
    "reset at once": (reset, 502),
    "closed at once": (close, 502),
    "silent": (silent, 504),
    "a head that never ends": (slow_head, 504),
    "no http": (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), 502),
    "random bytes": (raw(bytes(range(256)) * 4), 502),
    "half a head": (raw(OK + b"content-le"), 502),
    "a huge head": (raw(OK + b"x: " + b"a" * 3_000_000 + b"\r\n\r\n"), 502),
    "endless headers": (raw(OK + b"x: 1\r\n" * 200_000 + b"\r\n"), 502),
    "both lengths": (raw(OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"), 502),
    "two lengths": (raw(OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), 502),
    "a length that is none": (raw(OK + b"content-length: two\r\n\r\n{}"), 502),
    "a bad status line": (raw(b"HTTP/1.1 2000 OK\r\ncontent-length: 2\r\n\r\n{}"), 502),
    "a bad first chunk": (raw(OK + b"transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"), 502),
    "a length and no body": (raw(OK + b"content-type: application/json\r\ncontent-length: 100\r\n\r\n"), 502),
    "a stream without an event": (
        raw(OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"),
        502,
    ),
    "switching protocols": (raw(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), 502),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", BREAKS)
def test_an_upstream_that_breaks_before_the_answer_is_a_gateway_error(
    name: str, stream: bool, hasty: Gateway, upstream: Upstream
) -> None:
    script, status = BREAKS[name]
    upstream.script("breaks", script)
    started = time.monotonic()
    answer = exchange(hasty.port, post(CHAT, chat_body("up/breaks", stream=stream)))
    error = error_of(answer)
    assert (answer.status, error["type"]) == (status, "server_error"), error
    assert "up" in error["message"]
    assert "sk-upstream" not in error["message"]
    assert time.monotonic() - started < 6


def test_a_refused_connection_is_502(hasty: Gateway) -> None:
    answer = exchange(hasty.port, post(CHAT, chat_body("gone/x")))
    assert (answer.status, error_of(answer)["type"]) == (502, "server_error")
    assert "gone" in error_of(answer)["message"]


def test_the_wait_for_an_answer_does_not_include_the_wait_for_a_connection(
    start: Callable[..., Gateway], upstream: Upstream
) -> None:
    patience = config.timeouts(connect="8s", first_byte="300ms")
    gateway = start(config.QUIET + config.provider("up", upstream.base_url, more=patience))
    upstream.script("late", silent)
    started = time.monotonic()
    assert exchange(gateway.port, post(CHAT, chat_body("up/late"))).status == 504
    assert time.monotonic() - started < 5


def test_a_redirect_is_not_followed(hasty: Gateway, upstream: Upstream) -> None:
    visited: list[bytes] = []
    elsewhere = RawUpstream(lambda sock: visited.append(sock.recv(100)))
    location = {"location": f"http://127.0.0.1:{elsewhere.port}/v1/chat/completions"}
    upstream.script("moved", lambda ex: ex.answer(b"", 307, location))
    answer = exchange(hasty.port, post(CHAT, chat_body("up/moved")))
    elsewhere.close()
    assert answer.status == 502
    assert visited == []


def test_an_interim_answer_is_passed_over(hasty: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
        ex.answer(envelope("interim", "chat.completion", []))

    upstream.script("interim", script)
    assert exchange(hasty.port, post(CHAT, chat_body("up/interim"))).status == 200


def test_an_answer_without_a_length_ends_with_its_connection(hasty: Gateway, upstream: Upstream) -> None:
    body = json.dumps(envelope("until-close", "chat.completion", [])).encode()
    for version in (b"HTTP/1.0", b"HTTP/1.1"):
        upstream.script("until-close", raw(version + b" 200 OK\r\ncontent-type: application/json\r\n\r\n" + body))
        answer = exchange(hasty.port, post(CHAT, chat_body("up/until-close")))
        assert (answer.status, answer.body) == (200, body.replace(b'"until-close"', b'"up/until-close"'))


def test_an_answer_cut_in_its_middle_never_looks_whole(hasty: Gateway, upstream: Upstream) -> None:
    for head in (b"content-length: 500\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n100\r\n"):
        upstream.script("cut", raw(OK + b"content-type: application/json\r\n" + head + b'{"model":"cut","x":"'))
        try:
            answer = exchange(hasty.port, post(CHAT, chat_body("up/cut")))
        except (http.client.HTTPException, ConnectionError):
            continue
        assert answer.status == 502, answer


def test_an_upstream_that_does_not_read_is_given_up(start: Callable[..., Gateway]) -> None:
    release = threading.Event()
    deaf = RawUpstream(lambda sock: release.wait(30) and None)
    gateway = start(config.QUIET + config.provider("deaf", deaf.base_url, more=config.HASTY))
    started = time.monotonic()
    answer = exchange(gateway.port, post(CHAT, chat_body("deaf/x", pad="y" * (24 << 20))))
    release.set()
    deaf.close()
    assert answer.status in (502, 504)
    assert time.monotonic() - started < 10


def test_an_answer_before_the_body_was_read_is_used(start: Callable[..., Gateway]) -> None:
    error = json.dumps(openai_error(TOLD, "invalid_request_error")).encode()

    def early(sock: socket.socket) -> None:
        sock.recv(1024)
        head = b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-type: application/json\r\n"
        sock.sendall(head + b"content-length: %d\r\n\r\n%s" % (len(error), error))
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass

    server = RawUpstream(early)
    gateway = start(config.QUIET + config.provider("early", server.base_url, more=config.HASTY))
    answer = exchange(gateway.port, post(CHAT, chat_body("early/x", pad="y" * (8 << 20))))
    server.close()
    assert (answer.status, error_of(answer)["message"]) == (413, TOLD)


def test_a_kept_connection_that_died_is_not_the_clients_problem(hasty: Gateway, upstream: Upstream) -> None:
    """The upstream closes a connection right after an answer, as servers with short keep-alives do."""

    def answer_and_close(ex: Exchange) -> None:
        ex.answer(envelope("stale", "chat.completion", []))
        ex.close()

    upstream.script("stale", answer_and_close)
    for _ in range(20):
        assert exchange(hasty.port, post(CHAT, chat_body("up/stale"))).status == 200

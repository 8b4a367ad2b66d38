"""Whatever a client sends, it gets a clear answer in OpenAI's shape, soon, and the gateway goes on."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from kit import config
from kit.gateway import Gateway
from kit.raw import chat_body, connect, error_of, exchange, post, read_answer
from kit.upstream import Exchange, Upstream, openai_error, plain

CHAT = "/v1/chat/completions"
BODY_LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def strict(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with small limits, so that meeting them takes no time."""
    limits = config.server(body_limit='"64KiB"', header_read_timeout='"700ms"', body_read_timeout='"700ms"')
    running = Gateway(tmp_path_factory.mktemp("strict"), config.standard(upstream.base_url) + limits)
    yield running
    assert running.stop() == 0


@pytest.fixture(autouse=True)
def goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each case the gateway still serves."""
    yield
    for name in ("gateway", "strict"):
        if name in request.fixturenames:
            running: Gateway = request.getfixturevalue(name)
            assert running.healthy()
            assert running.chat("alias").status_code == 200
            assert "panicked" not in running.stderr()


@dataclass
class Case:
    """A body, and what it must be answered with."""

    body: bytes
    status: int = 400
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    says: list[str] = field(default_factory=list)


BODIES = {
    "nothing": Case(b""),
    "blank": Case(b" \n "),
    "cut off": Case(b'{"model":"alias","messages":['),
    "no json": Case(b"model=alias&messages=x"),
    "an array": Case(b'[{"model":"alias"}]', says=["object"]),
    "a string": Case(b'"alias"', says=["object"]),
    "a number": Case(b"12", says=["object"]),
    "null": Case(b"null", says=["object"]),
    "text after the object": Case(b'{"model":"alias"} x'),
    "two objects": Case(b'{"model":"alias"}{"model":"alias"}'),
    "a comment": Case(b'{"model":"alias" /* hi */}'),
    "single quotes": Case(b"{'model':'alias'}"),
    "a trailing comma": Case(b'{"model":"alias",}'),
    "a bare control character": Case(b'{"model":"ali\nas"}'),
    "a lonely surrogate": Case(b'{"model":"\\ud800"}'),
    "a bad escape": Case(b'{"model":"\\x41"}'),
    "deep nesting without an end": Case(b'{"model":"alias","x":' + b'{"a":' * 5_000),
    "a number that is none": Case(b'{"model":"alias","x":01}'),
    "no model": Case(b'{"messages":[]}', param="model", says=["model"]),
    "a null model": Case(b'{"model":null}', param="model", says=["model"]),
    "a model that is a number": Case(b'{"model":5}', param="model", says=["model"]),
    "a model that is an object": Case(b'{"model":{"id":"alias"}}', param="model", says=["model"]),
    "an empty model": Case(b'{"model":""}', param="model", says=["model"]),
    "a stream that is no boolean": Case(b'{"model":"alias","stream":"yes"}', param="stream", says=["stream"]),
    "an unknown model": Case(chat_body("aliaz"), 404, code="model_not_found", param="model", says=["aliaz", "alias"]),
    "a model unlike any": Case(chat_body("zzzzzzzzzzzz"), 404, code="model_not_found", says=["zzzzzzzzzzzz"]),
    "an unknown prefix": Case(chat_body("upp/x"), 404, "not_found_error", "provider_not_found", says=["upp", "up"]),
    "a prefix and no model": Case(chat_body("up/"), 404, code="model_not_found"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_cannot_be_served_is_answered_clearly(name: str, gateway: Gateway, upstream: Upstream) -> None:
    case = BODIES[name]
    before = len(upstream.received)
    answer = exchange(gateway.port, post(CHAT, case.body))
    error = error_of(answer)
    assert (answer.status, error["type"]) == (case.status, case.type), error
    if case.code is not None:
        assert error["code"] == case.code
    if case.param is not None:
        assert error["param"] == case.param
    missing = [word for word in case.says if word not in error["message"]]
    assert not missing, error["message"]
    assert len(upstream.received) == before


ODD = {
    "bytes that are no utf-8": b'{"model":"alias","x":"\xff\xfe"}',
    "some nesting": b'{"model":"alias","x":' + b"[" * 100 + b"]" * 100 + b"}",
    "deep nesting": b'{"model":"alias","x":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deepest nesting": b'{"model":"alias","x":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_body_goes_upstream_unchanged_or_is_refused(name: str, gateway: Gateway, upstream: Upstream) -> None:
    before = len(upstream.received)
    answer = exchange(gateway.port, post(CHAT, ODD[name]))
    assert answer.status in (200, 400)
    arrived = [request.body for request in upstream.received[before:]]
    assert arrived in ([], [ODD[name].replace(b"alias", b"real-name")])


def test_the_same_errors_come_without_the_version_and_at_other_paths(gateway: Gateway) -> None:
    for path in ("/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/chat/completions/stream"):
        answer = exchange(gateway.port, post(path, b"{}"))
        assert (answer.status, error_of(answer)["param"]) == (400, "model"), path


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_405_and_says_which_would_do(method: str, gateway: Gateway) -> None:
    answer = exchange(
        gateway.port, f"{method} {CHAT} HTTP/1.1\r\nhost: g\r\ncontent-length: 0\r\n\r\n".encode(), method
    )
    error_of(answer)
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


def test_posting_to_the_model_list_is_405(gateway: Gateway) -> None:
    answer = exchange(gateway.port, post("/v1/models", b"{}"))
    error_of(answer)
    assert (answer.status, "GET" in answer.headers["allow"]) == (405, True)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_wrong_content_type_is_415(kind: str, gateway: Gateway) -> None:
    answer = exchange(gateway.port, post(CHAT, chat_body("alias"), f"content-type: {kind}"))
    error = error_of(answer)
    assert answer.status == 415
    assert kind.split(";")[0] in error["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])
def test_the_spellings_of_json_are_taken(kind: str, gateway: Gateway) -> None:
    assert exchange(gateway.port, post(CHAT, chat_body("alias"), f"content-type: {kind}")).status == 200


def test_a_compressed_body_is_refused_or_read_but_never_garbled(gateway: Gateway) -> None:
    answer = exchange(gateway.port, post(CHAT, gzip.compress(chat_body("alias")), "content-encoding: gzip"))
    assert answer.status in (200, 415)


@pytest.mark.parametrize(
    "path", ["/v1/nothing/here", "/nope", "/v1/../etc/passwd", "/v1/models/not-there", "/v1/models/up%00"]
)
def test_an_unknown_path_or_model_is_404(path: str, gateway: Gateway) -> None:
    answer = exchange(gateway.port, f"GET {path} HTTP/1.1\r\nhost: g\r\n\r\n".encode(), "GET")
    error_of(answer)
    assert answer.status == 404


def test_a_path_that_leaves_the_providers_base_is_not_handed_on(gateway: Gateway, upstream: Upstream) -> None:
    before = len(upstream.received)
    for path in ("/v1/../admin", "/v1/a/%2e%2E/b", "/v1//evil.example/x", "/v1/a\\b", "/v1/a%2fb"):
        assert exchange(gateway.port, post(path, chat_body("alias"))).status in (400, 404), path
    assert len(upstream.received) == before


def test_a_body_over_the_limit_is_413_before_it_is_read(strict: Gateway) -> None:
    started = time.monotonic()
    data = f"POST {CHAT} HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n"
    answer = exchange(strict.port, data.encode())
    assert answer.status == 413
    assert str(BODY_LIMIT) in error_of(answer)["message"]
    assert time.monotonic() - started < 5


def test_a_body_that_grows_over_the_limit_is_413(strict: Gateway) -> None:
    piece = b"%x\r\n%s\r\n" % (8192, b" " * 8192)
    head = f"POST {CHAT} HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    answer = exchange(strict.port, head.encode() + piece * 9)
    error_of(answer)
    assert answer.status == 413


def test_a_body_just_under_the_limit_is_served(strict: Gateway) -> None:
    body = chat_body("alias")
    body += b" " * (BODY_LIMIT - len(body))
    assert exchange(strict.port, post(CHAT, body)).status == 200


def test_the_default_limit_lets_a_large_prompt_through(gateway: Gateway, upstream: Upstream) -> None:
    body = chat_body("up/large", x="y" * (20 << 20))
    assert exchange(gateway.port, post(CHAT, body)).status == 200
    assert len(upstream.request_of("large").body) == len(body) - len("up/")


def test_a_chunked_body_is_served(gateway: Gateway, upstream: Upstream) -> None:
    body = chat_body("up/chunked")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert exchange(gateway.port, post(CHAT, chunks, "transfer-encoding: chunked")).status == 200
    assert upstream.request_of("chunked").json()["model"] == "chunked"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_client_of_http_1_0_gets_no_chunks(stream: bool, gateway: Gateway) -> None:
    data = post(CHAT, chat_body("alias", stream=stream)).replace(b"HTTP/1.1", b"HTTP/1.0")
    with connect(gateway.port) as sock:
        sock.sendall(data)
        answer = read_answer(sock)
        assert sock.recv(1) == b"", "the connection ends with the answer"
    assert (answer.status, answer.headers["transfer-encoding"]) == (200, None)
    assert b'"alias"' in answer.body


def test_one_request_too_many_is_503_and_told_to_come_back(start: Callable[..., Gateway], upstream: Upstream) -> None:
    go_on = threading.Event()

    def held(ex: Exchange) -> None:
        assert go_on.wait(20)
        plain(ex)

    upstream.script("held", held)
    gateway = start(config.standard(upstream.base_url) + config.server(requests_max="1"))
    with connect(gateway.port) as sock:
        sock.sendall(post(CHAT, chat_body("up/held")))
        upstream.request_of("held")
        answer = exchange(gateway.port, post(CHAT, chat_body("alias")))
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert error_of(answer)["code"] == "server_is_overloaded"
        assert gateway.healthy(), "health is no request"
        go_on.set()
        assert read_answer(sock).status == 200
    assert gateway.chat("alias").status_code == 200


def test_nobodys_words_make_a_line_of_the_log(gateway: Gateway, upstream: Upstream) -> None:
    words = "one\nFORGED line\r\x1b[31mred\x00"
    upstream.script("wordy", lambda ex: ex.answer(openai_error(words), 500))
    exchange(gateway.port, post(CHAT, chat_body("up/wordy")))
    exchange(gateway.port, post(CHAT, chat_body(f"up/{words}")))
    exchange(gateway.port, post(CHAT, chat_body(words)))
    gateway.rows_of(f"up/{words}")
    logged = gateway.stderr()
    assert "wordy" in logged
    assert not [line for line in logged.splitlines() if line.startswith("FORGED")]
    assert not {"\x1b", "\x00", "\r"} & set(logged)


def test_a_client_that_waits_for_100_continue_gets_it(gateway: Gateway) -> None:
    body = chat_body("alias")
    with connect(gateway.port) as sock:
        head = post(CHAT, body, "expect: 100-continue")[: -len(body)]
        sock.sendall(head)
        assert sock.recv(64).startswith(b"HTTP/1.1 100")
        sock.sendall(body)
        assert read_answer(sock).status == 200


def test_half_a_head_does_not_hold_a_connection(strict: Gateway) -> None:
    with connect(strict.port) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\n")
        first = sock.recv(65536)
    assert first == b"" or b" 408 " in first[:20], first


def test_half_a_body_is_408(strict: Gateway) -> None:
    with connect(strict.port) as sock:
        sock.sendall(post(CHAT, b'{"model":', "content-length: 500"))
        answer = read_answer(sock)
        error_of(answer)
        assert answer.status == 408


def test_a_body_that_ends_early_is_not_served(gateway: Gateway, upstream: Upstream) -> None:
    before = len(upstream.received)
    with connect(gateway.port) as sock:
        sock.sendall(post(CHAT, chat_body("alias"), "content-length: 5000"))
        sock.shutdown(1)
        closes = sock.recv(65536)
    assert b" 200 " not in closes[:20]
    assert len(upstream.received) == before


HEADS = {
    "no http": b"hello\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "both lengths": post(CHAT, b"0\r\n\r\n", "content-length: 5", "transfer-encoding: chunked"),
    "two lengths": post(CHAT, b"{}", "content-length: 2", "content-length: 3"),
    "a negative length": post(CHAT, b"", "content-length: -1"),
    "a bad chunk size": post(CHAT, b"zz\r\n", "transfer-encoding: chunked"),
    "a huge head": b"GET /health HTTP/1.1\r\nhost: g\r\nx: " + b"a" * 2_000_000 + b"\r\n\r\n",
    "many headers": b"GET /health HTTP/1.1\r\nhost: g\r\n"
    + b"".join(b"x-%d: 1\r\n" % i for i in range(5000))
    + b"\r\n",
    "a long path": b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nhost: g\r\n\r\n",
    "a nul in a header": b"GET /health HTTP/1.1\r\nhost: g\r\nx: \x00\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_a_request_that_is_no_http_is_refused(name: str, gateway: Gateway) -> None:
    with connect(gateway.port) as sock:
        try:
            sock.sendall(HEADS[name])
            first = sock.recv(65536)
        except ConnectionError:
            return  # closed in the middle: refused too
    assert first == b"" or first.split(b" ")[1][:1] == b"4", first[:200]


KEY = "sk-tl-the-only-right-one"


@pytest.fixture
def keyed(start: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    """A gateway that asks for a key."""
    return start(config.standard(upstream.base_url) + config.client_key("laptop", KEY))


RIGHT = {
    "bearer": f"authorization: Bearer {KEY}",
    "bearer in small letters": f"authorization: bearer {KEY}",
    "x-api-key": f"x-api-key: {KEY}",
    "api-key": f"api-key: {KEY}",
    "x-goog-api-key": f"x-goog-api-key: {KEY}",
}
WRONG = {
    "none": "x-nothing: 1",
    "wrong": "authorization: Bearer sk-tl-the-only-wrong-one",
    "a beginning": f"authorization: Bearer {KEY[:-1]}",
    "longer": f"authorization: Bearer {KEY}x",
    "basic": "authorization: Basic c2s6",
    "empty": "authorization: Bearer ",
    "other case": f"x-api-key: {KEY.upper()}",
}


def test_client_keys_are_taken_from_every_header_and_wrong_ones_are_401(keyed: Gateway, upstream: Upstream) -> None:
    before = len(upstream.received)
    for name, line in WRONG.items():
        for data in (
            post(CHAT, chat_body("alias"), line),
            post(CHAT, b"no json", line),
            post(CHAT, chat_body("none"), line),
        ):
            answer = exchange(keyed.port, data)
            error = error_of(answer)
            assert (answer.status, error["code"]) == (401, "invalid_api_key"), name
            assert KEY[:-1] not in error["message"]
    models = exchange(keyed.port, b"GET /v1/models HTTP/1.1\r\nhost: g\r\n\r\n", "GET")
    assert models.status == 401
    assert len(upstream.received) == before
    for name, line in RIGHT.items():
        assert exchange(keyed.port, post(CHAT, chat_body("alias"), line)).status == 200, name
    assert keyed.http.get("/health").status_code == 200
    assert KEY not in keyed.stdout() + keyed.stderr()
    rows = keyed.rows_of("alias", len(RIGHT))
    assert {row["client_key"] for row in rows if row["status"] == 200} == {"laptop"}


def test_a_key_may_be_given_by_its_hash_and_by_variable(start: Callable[..., Gateway], upstream: Upstream) -> None:
    hashed = "sha256:" + hashlib.sha256(KEY.encode()).hexdigest()
    text = config.standard(upstream.base_url) + config.client_key("a", hashed) + config.client_key("b", "${SECOND}")
    gateway = start(text, env={"SECOND": "second-key-value", "CLIENT_API_KEY": "third-key-value"})
    for key, status in ((KEY, 200), ("second-key-value", 200), ("third-key-value", 200), (hashed, 401), ("", 401)):
        answer = exchange(gateway.port, post(CHAT, chat_body("alias"), f"authorization: Bearer {key}"))
        assert answer.status == status, key
    assert json.dumps(gateway.http.get("/health/detailed").json()).count("second-key-value") == 0

"""The native lane: every byte but the model's name goes through as it came, at once, and is only read on its way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from kit import config
from kit.gateway import Gateway
from kit.raw import Stream, chat_body, connect, exchange, post, read_answer, read_answers
from kit.upstream import USAGE, Exchange, Upstream, envelope, plain

CHAT = "/v1/chat/completions"

BODIES = {
    "odd whitespace": b'\r\n\t { "model"\t:\n"NAME" ,\r\n"messages" : [ ] , "n":1  }\n\n',
    "unknown fields and key order": b'{"zeta":1,"alpha":{"b":2,"a":1},"model":"NAME","x_vendor":[1,{"k":null}]}',
    "number spellings": b'{"model":"NAME","a":1.0,"b":1E+2,"c":-0,"d":1e400,"e":12345678901234567890123,"messages":[]}',
    "escapes and raw unicode": '{"model":"NAME","x":"\\u00e9é\\ud83d\\ude00😀\\/\\n\\u0000"}'.encode(),
    "the model's key escaped": b'{"\\u006dodel":"NAME","messages":[]}',
    "a model inside": b'{"messages":[{"model":"in","content":"{\\"model\\":1}"}],"model":"NAME","x":{"model":"m"}}',
    "duplicate keys elsewhere": b'{"seed":1,"model":"NAME","seed":2,"messages":[],"messages":[]}',
    "no space at all": b'{"model":"NAME"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_request_reaches_the_upstream_unchanged_but_for_the_model(
    name: str, gateway: Gateway, upstream: Upstream
) -> None:
    upstream.script("real-name", plain)
    before = len(upstream.received)
    answer = exchange(gateway.port, post(CHAT, BODIES[name].replace(b"NAME", b"alias")))
    assert answer.status == 200, answer.body
    arrived = upstream.received[before]
    assert arrived.body == BODIES[name].replace(b"NAME", b"real-name")
    assert arrived.target == CHAT


def test_a_name_that_needs_no_change_changes_no_byte(gateway: Gateway, upstream: Upstream) -> None:
    body = BODIES["number spellings"].replace(b"NAME", b"up\\/as-it-is")
    answer = exchange(gateway.port, post(CHAT, body))
    assert answer.status == 200, answer.body
    assert upstream.request_of("as-it-is").body == body.replace(b"up\\/as-it-is", b"as-it-is")


def test_every_copy_of_a_repeated_model_is_renamed(gateway: Gateway, upstream: Upstream) -> None:
    before = len(upstream.received)
    answer = exchange(gateway.port, post(CHAT, b'{"model":"other","messages":[],"model":"alias"}'))
    assert answer.status == 200, answer.body
    seen = json.loads(upstream.received[before].body, object_pairs_hook=list)
    assert [value for key, value in seen if key == "model"] == ["real-name", "real-name"]


ODD_ANSWER = (
    b'{ "id":"c1",\n\t"object" : "chat.completion", "created":1.0,"model" : "real-name" ,"choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"the model is \\"real-name\\" \\u00e9 \xf0\x9f\x98\x80"},'
    b'"finish_reason":"stop","x":1e400}],"dup":1,"dup":2,"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n'
)


def test_an_answer_comes_back_unchanged_but_for_the_model(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script("real-name", lambda ex: ex.answer(ODD_ANSWER))
    answer = exchange(gateway.port, post(CHAT, chat_body("alias")))
    assert answer.body == ODD_ANSWER.replace(b'"model" : "real-name"', b'"model" : "alias"')
    assert answer.headers["content-type"] == "application/json"


def test_the_upstreams_own_name_for_the_model_is_in_a_header(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script("real-name", plain)
    answer = exchange(gateway.port, post(CHAT, chat_body("alias")))
    assert "real-name" in [value for key, value in answer.headers.items() if key.lower().startswith("x-")]
    assert answer.headers["x-request-id"]


def test_an_answer_that_is_not_understood_passes_untouched(gateway: Gateway, upstream: Upstream) -> None:
    odd = b' {"of":"no dialect", "that":["is","known",1e999,"\\ud800"],\n"choices":"many","usage":[null]}\n'
    upstream.script("odd", lambda ex: ex.answer(odd, headers={"x-vendor-note": "kept"}))
    answer = exchange(gateway.port, post(CHAT, chat_body("up/odd")))
    assert (answer.status, answer.body) == (200, odd)


def test_an_answer_that_is_none_is_an_error(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script("none", lambda ex: ex.answer(b'{"half":"a json \xff\xfe \x00 ...'))
    answer = exchange(gateway.port, post(CHAT, chat_body("up/none")))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (502, "upstream_error")


SSE = (
    b": a comment\n\nevent: message\nid: 7\n"
    b'data:{"id":"1","model":"real-name","choices":[{"index":0,"delta":{"content":"a \\"real-name\\""}}]}\n\n'
    b'data: {"model": "real-name","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x":1.0}\n\n'
    b"data: this is no json\n\ndata: [DONE]\n\n"
)


NAMES = ["with/slashes/in it", 'a"quote', "back\\slash", "ünïcode-😀", "line\nfeed", "nul\u0000"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_odd_names_go_there_and_back(name: str, stream: bool, gateway: Gateway, upstream: Upstream) -> None:
    answer = exchange(gateway.port, post(CHAT, chat_body(f"up/{name}", stream=stream)))
    assert answer.status == 200
    assert upstream.requests_of(name)
    first = answer.body.split(b"\n\n")[0].removeprefix(b"data: ")
    assert json.loads(first)["model"] == f"up/{name}"


@pytest.mark.parametrize("size", [1, 2, 7, 64, 4096])
def test_a_stream_comes_back_unchanged_however_it_was_cut(size: int, gateway: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        for at in range(0, len(SSE), size):
            ex.chunk(SSE[at : at + size])
        ex.end()

    upstream.script("real-name", script)
    body = chat_body("alias", stream=True, stream_options={"include_usage": True})
    answer = exchange(gateway.port, post(CHAT, body))
    expected = SSE.replace(b':"real-name"', b':"alias"').replace(b': "real-name"', b': "alias"')
    assert answer.body == expected


def test_events_arrive_while_the_upstream_still_works(gateway: Gateway, upstream: Upstream) -> None:
    go_on = threading.Event()

    def script(ex: Exchange) -> None:
        ex.sse_head()
        ex.token("first")
        assert go_on.wait(10), "the first event did not reach the client"
        ex.token("second", "stop")
        ex.done()

    upstream.script("paced", script)
    stream = Stream(gateway.port, chat_body("up/paced", stream=True))
    events = stream.events()
    assert next(events).json()["choices"][0]["delta"] == {"content": "first"}
    go_on.set()
    rest = [event.data for event in events]
    assert rest[-1] == "[DONE]"
    assert stream.broken is None
    stream.leave()


def stream_of(gateway: Gateway, model: str, **fields: object) -> list[str]:
    stream = Stream(gateway.port, chat_body(model, stream=True, **fields))
    data = [event.data for event in stream.all()]
    assert stream.broken is None
    assert stream.rest == b""
    return data


def test_usage_is_asked_for_and_withheld_when_the_client_did_not_ask(gateway: Gateway, upstream: Upstream) -> None:
    data = stream_of(gateway, "up/quiet-usage")
    arrived = upstream.request_of("quiet-usage").json()
    assert arrived["stream_options"] == {"include_usage": True}
    assert data[-1] == "[DONE]"
    chunks = [json.loads(text) for text in data[:-1]]
    assert all(chunk["choices"] for chunk in chunks)
    assert len(chunks) == 3
    row = gateway.rows_of("up/quiet-usage")[0]
    assert tokens(row) == (13, 5, 4, 2)


@pytest.mark.parametrize("options", [{"include_usage": False}, {}, None])
def test_usage_is_withheld_however_the_client_declined_it(
    options: object, gateway: Gateway, upstream: Upstream
) -> None:
    name = f"declined-{json.dumps(options)}".translate(str.maketrans('{}": ', "-----"))
    data = stream_of(gateway, f"up/{name}", stream_options=options)
    assert upstream.request_of(name).json()["stream_options"]["include_usage"] is True
    assert all(json.loads(text)["choices"] for text in data[:-1])


def test_usage_reaches_a_client_that_asked_for_it(gateway: Gateway, upstream: Upstream) -> None:
    data = stream_of(gateway, "up/asked", stream_options={"include_usage": True})
    last = json.loads(data[-2])
    assert (last["choices"], last["usage"]) == ([], USAGE)


def test_lines_may_end_in_either_way(gateway: Gateway, upstream: Upstream) -> None:
    def script(ex: Exchange) -> None:
        ex.sse_head()
        for choices in ([{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}], []):
            ex.chunk(b"data: " + json.dumps(envelope("crlf", "chat.completion.chunk", choices, usage=USAGE)).encode())
            ex.chunk(b"\r")
            ex.chunk(b"\n\r\n")
        ex.chunk(b"data: [DONE]\r\n\r\n")
        ex.end()

    upstream.script("crlf", script)
    answer = exchange(gateway.port, post(CHAT, chat_body("up/crlf", stream=True)))
    events = answer.body.split(b"\r\n\r\n")
    assert [json.loads(events[0].removeprefix(b"data: "))["model"], events[1:]] == ["up/crlf", [b"data: [DONE]", b""]]
    assert tokens(gateway.rows_of("up/crlf")[0]) == (13, 5, 4, 2)


def tokens(row: dict) -> tuple:
    """Input without what the cache gave, output, what the cache gave, the part of the output that was reasoning."""
    return (row["input_tokens"], row["output_tokens"], row["cache_read_tokens"], row["reasoning_tokens"])


def test_the_ledger_has_the_tokens_of_a_plain_answer(gateway: Gateway, upstream: Upstream) -> None:
    upstream.script("real-name", plain)
    known = len([row for row in gateway.rows() if row["model"] == "alias"])
    assert gateway.chat("alias").status_code == 200
    row = gateway.rows_of("alias", known + 1)[-1]
    assert tokens(row) == (13, 5, 4, 2)
    assert (row["provider"], row["upstream_model"], row["status"]) == ("up", "real-name", 200)


def test_the_path_for_streams_streams_whatever_the_body_says(gateway: Gateway, upstream: Upstream) -> None:
    for name, fields in (("forced", {}), ("forced-false", {"stream": False})):
        stream = Stream(gateway.port, chat_body(f"up/{name}", **fields), "/v1/chat/completions/stream")
        data = [event.data for event in stream.all()]
        assert data[-1] == "[DONE]"
        arrived = upstream.request_of(name)
        assert (arrived.target, arrived.json()["stream"]) == (CHAT, True)


@pytest.mark.parametrize("path", ["/v1/rerank", "/v1/audio/speech", "/v1/images/generations", "/v1/moderations"])
def test_any_other_post_goes_where_its_model_points(path: str, gateway: Gateway, upstream: Upstream) -> None:
    name = "other" + path.replace("/", "-")
    upstream.script(name, lambda ex: ex.answer(b"RIFF\x00\xff binary", headers={"content-type": "audio/wav"}))
    answer = exchange(gateway.port, post(path, json.dumps({"model": f"up/{name}", "query": "q"}).encode()))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"RIFF\x00\xff binary", "audio/wav")
    assert upstream.request_of(name).target == path


def test_a_query_string_goes_upstream_with_its_path(gateway: Gateway, upstream: Upstream) -> None:
    exchange(gateway.port, post(CHAT + "?api-version=2026-01-01&x=%20y", chat_body("up/queried")))
    assert upstream.request_of("queried").target == CHAT + "?api-version=2026-01-01&x=%20y"


def test_headers_are_ours_toward_the_upstream(gateway: Gateway, upstream: Upstream) -> None:
    data = post(
        CHAT,
        chat_body("up/headers"),
        "authorization: Bearer client-secret",
        "x-api-key: client-secret",
        "cookie: a=b",
        "connection: keep-alive, x-hop",
        "x-hop: 1",
        "te: trailers",
        "x-forwarded-for: 6.6.6.6",
    )
    assert exchange(gateway.port, data).status == 200
    arrived = upstream.request_of("headers")
    assert arrived.header("authorization") == "Bearer sk-upstream-secret"
    assert arrived.header("host") == f"127.0.0.1:{upstream.port}"
    assert arrived.header("content-type") == "application/json"
    for absent in ("x-api-key", "cookie", "x-hop", "te"):
        assert arrived.header(absent) is None, absent
    assert b"client-secret" not in arrived.head


def test_a_provider_may_add_headers_and_pass_some_on(start: Callable[..., Gateway], upstream: Upstream) -> None:
    more = 'headers = { x-team = "blue" }\nforward_headers = ["x-session-id"]\n'
    gateway = start(config.QUIET + config.provider("up", upstream.base_url, more=more))
    lines = ("x-session-id: s1", "x-other: o1", "x-team: red", "accept-encoding: gzip, br")
    assert exchange(gateway.port, post(CHAT, chat_body("up/added"), *lines)).status == 200
    arrived = upstream.request_of("added")
    assert [arrived.header(name) for name in ("x-session-id", "x-team", "x-other")] == ["s1", "blue", None]
    assert arrived.header("accept-encoding") in (None, "identity"), "a compressed answer could not be read"


def test_passthrough_hands_on_the_clients_own_headers(start: Callable[..., Gateway], upstream: Upstream) -> None:
    gateway = start(config.QUIET + config.provider("up", upstream.base_url, keys=[], more='auth = "passthrough"\n'))
    lines = ("authorization: Bearer mine", "x-org: o1", "connection: x-hop", "x-hop: 1", "accept-encoding: gzip")
    assert exchange(gateway.port, post(CHAT, chat_body("up/own-headers"), *lines)).status == 200
    arrived = upstream.request_of("own-headers")
    assert [arrived.header(name) for name in ("authorization", "x-org", "x-hop")] == ["Bearer mine", "o1", None]
    assert arrived.header("accept-encoding") in (None, "identity")


def test_keys_are_used_in_turn(start: Callable[..., Gateway], upstream: Upstream) -> None:
    gateway = start(config.QUIET + config.provider("up", upstream.base_url, keys=["k1", "k2", "k3"]))
    for _ in range(6):
        assert gateway.chat("up/in-turn").status_code == 200
    sent = [request.header("authorization") for request in upstream.requests_of("in-turn")]
    assert sorted(sent) == sorted([f"Bearer k{n}" for n in (1, 2, 3)] * 2)


def test_hop_headers_and_cookies_of_the_upstream_stay_there(gateway: Gateway, upstream: Upstream) -> None:
    more = {
        "set-cookie": "a=b",
        "keep-alive": "timeout=5",
        "x-hop": "1",
        "connection": "x-hop, keep-alive",
        "access-control-allow-origin": "*",
        "x-vendor-note": "kept",
        "openai-processing-ms": "12",
    }
    upstream.script("headers-back", lambda ex: ex.answer(envelope("m", "chat.completion", []), headers=more))
    answer = exchange(gateway.port, post(CHAT, chat_body("up/headers-back")))
    for absent in ("set-cookie", "keep-alive", "x-hop", "access-control-allow-origin"):
        assert answer.headers[absent] is None, absent
    assert answer.headers["openai-processing-ms"] == "12"


def test_one_client_connection_carries_many_requests(gateway: Gateway, upstream: Upstream) -> None:
    with connect(gateway.port) as sock:
        for turn in range(5):
            sock.sendall(post(CHAT, chat_body("up/turns", stream=turn % 2 == 1)))
            assert read_answer(sock).status == 200
        sock.sendall(post(CHAT, chat_body("up/turns")) + post(CHAT, chat_body("up/turns")))
        assert [answer.status for answer in read_answers(sock, 2)] == [200, 200]
    assert len(upstream.requests_of("turns")) == 7


def test_upstream_connections_are_used_again(gateway: Gateway, upstream: Upstream) -> None:
    gateway.chat("up/warm")
    before = upstream.connections
    for _ in range(10):
        assert gateway.chat("up/warm").status_code == 200
    assert upstream.connections - before <= 1

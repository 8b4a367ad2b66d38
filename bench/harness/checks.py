"""Whether a contestant does the work it is measured for. Figures of one that does not mean nothing."""

import json
from dataclasses import dataclass

from . import contestants, upstream, workloads

ACCOUNTED_MIN = 0.99
"""Share of the requests that must be found in the ledger and in the request log."""
WITH_TOKENS_MIN = 0.9
"""Share that must have tokens counted: not the streams that the end of a run cut off."""


@dataclass(frozen=True)
class Check:
    name: str
    passed: bool
    found: str = ""


def answers(contestant, mock: upstream.Upstream) -> list[Check]:
    """Any proxy: every kind of request is answered whole."""
    mock.set(chunks=workloads.CHUNKS, delay_us=0)
    found = []
    for kind in ("small", "big"):
        status, answer = _post(contestant, kind)
        found.append(
            Check(f"{kind} is answered", status == 200 and b"lazy dog" in answer, f"{status} {answer[:200]!r}")
        )
    for kind in ("stream", "stream-no-usage"):
        status, answer = _post(contestant, kind)
        content = answer.count(b'"content":" ')
        whole = status == 200 and content == workloads.CHUNKS and answer.endswith(b"data: [DONE]\n\n")
        found.append(Check(f"{kind} is whole", whole, f"{status}, {content} content events, end {answer[-40:]!r}"))
    return found


def gateway(contestant, mock: upstream.Upstream) -> list[Check]:
    """A gateway: keys are looked at, the model is renamed both ways, usage is asked for and withheld."""
    mock.set(chunks=workloads.CHUNKS, delay_us=0, keep_last=1)
    _, answer = _post(contestant, "small")
    authorization, sent = mock.last()
    events = {kind: _events(_post(contestant, kind)[1]) for kind in ("stream", "stream-no-usage")}
    _, sent_without = mock.last()
    mock.set(keep_last=0)
    refused, _, _ = upstream.get(
        contestant.address,
        workloads.PATH,
        workloads.body("small", contestant.model),
        workloads.headers("sk-bench-wrong"),
    )
    names = {event.get("model") for kind in events for event in events[kind]} | {_json(answer).get("model")}
    with_usage = {kind: sum(bool(event.get("usage")) for event in events[kind]) for kind in events}
    expected_key = f"Bearer {contestants.UPSTREAM_KEY}"
    return [
        Check("a wrong key is refused", refused == 401, str(refused)),
        Check(
            "the upstream sees its own key", authorization == expected_key, "another one" if authorization else "none"
        ),
        Check("the upstream sees its own model name", sent.get("model") == "mock-model", str(sent.get("model"))),
        Check("answers carry the model name asked for", names == {contestant.model}, str(names)),
        Check("usage is asked for upstream", (sent_without.get("stream_options") or {}).get("include_usage") is True),
        Check("a usage chunk comes when asked for", with_usage["stream"] == 1, str(with_usage["stream"])),
        Check("none comes when not", with_usage["stream-no-usage"] == 0, str(with_usage["stream-no-usage"])),
    ]


def accounts(account: dict) -> list[Check]:
    """The ledger and the request log were really on."""
    if not account:
        return []
    wanted = account["requests"] * ACCOUNTED_MIN
    found = ", ".join(f"{name} {value}" for name, value in account.items())
    return [
        Check("the ledger has every request", account["ledger_rows"] >= wanted, found),
        Check("its rows count tokens", account["rows_with_tokens"] >= account["requests"] * WITH_TOKENS_MIN, found),
        Check("the log has every request", account["log_lines"] >= wanted, found),
    ]


def loads(results: dict[str, dict]) -> list[Check]:
    """No request failed under load."""
    return [
        Check(f"no error under {name}", result["errors"] == 0, f"{result['errors']} errors")
        for name, result in results.items()
    ]


def _post(contestant, kind: str) -> tuple[int, bytes]:
    body, headers = workloads.body(kind, contestant.model), workloads.headers(contestant.key)
    status, _, answer = upstream.get(contestant.address, workloads.PATH, body, headers)
    return status, answer


def _events(stream: bytes) -> list[dict]:
    data = (line.removeprefix(b"data: ") for line in stream.split(b"\n") if line.startswith(b"data: "))
    return [_json(event) for event in data if event != b"[DONE]"]


def _json(text: bytes) -> dict:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

"""The admin API's things of the document: providers, models, patterns and prices, from nothing to a first answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from kit import config
from kit.backends import aimock, free_port
from kit.gateway import Gateway
from kit.upstream import Exchange, Upstream, openai_error
from kit.waits import eventually

Start = Callable[..., Gateway]

TOKEN = "canary-admin-token"
VIEWER = "canary-viewer-token"
#: A literal key: nobody is ever shown more of it than its end.
KEY = "sk-canary-0123456789abcdefWXYZ"
MASK = "••••••••WXYZ"

#: What people write into a document, which no edit may touch.
NOTES = "# The gateway of the office. Ask Ada before you touch the limits.\n"
TARGET = {"provider": "up", "model": "real-name"}


class Api:
    """Somebody with a token."""

    def __init__(self, gateway: Gateway, token: str = TOKEN) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=f"{gateway.url}/api/v1", timeout=30, trust_env=False, headers=headers)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        assert "canary" not in answer.text, answer.text
        return answer.json()

    def revision(self) -> str:
        """What an edit has to name now."""
        return self.http.get("/providers").headers["etag"]

    def edit(self, method: str, path: str, body: Any = None, *, revision: str | None = None) -> httpx.Response:
        """An edit of the newest document, or of that revision."""
        answer = self.http.request(method, path, json=body, headers={"if-match": revision or self.revision()})
        assert "canary" not in answer.text, answer.text
        return answer

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """The same where all goes well."""
        answer = self.edit(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def test(self, **asked: Any) -> tuple[Any, dict[str, Any]]:
        """A provider's test: what came of it, and its steps by name."""
        answer = self.http.post("/providers/test", json=asked)
        assert answer.status_code == 200, answer.text
        assert "canary" not in answer.text, answer.text
        tested = answer.json()
        return tested, {step["name"]: step for step in tested["steps"]}


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """The status of a problem, and the field that is to blame."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json().get("field")


def named(items: list[Any], name: str) -> Any:
    return next(item for item in items if item["name"] == name)


@pytest.fixture
def gateway(start: Start, upstream: Upstream) -> Gateway:
    """A gateway with a document that people have written notes into."""
    text = NOTES + config.standard(upstream.base_url).replace("sk-upstream-secret", KEY)
    return start(text, env={"TRUNKLINE_ADMIN_TOKEN": TOKEN, "SECOND": "canary-of-another"})


@pytest.fixture
def api(gateway: Gateway) -> Iterator[Api]:
    mine = Api(gateway)
    yield mine
    mine.http.close()


def test_from_nothing_to_a_first_answer(start: Start, tmp_path: Path) -> None:
    gateway = start(None, env={"TRUNKLINE_ADMIN_TOKEN": TOKEN, "TRUNKLINE_PROBE": "false"})
    api = Api(gateway)
    types = {entry["type"]: entry for entry in api.get("/provider-types")["items"]}
    assert types["openai"]["needs_key"] and types["vllm"]["default_base_url"] == "http://127.0.0.1:8000/v1"
    assert [entry["source"] for entry in api.get("/providers")["items"]] == ["built_in"]

    with aimock(tmp_path) as url:
        section = {"type": "openai", "base_url": f"{url}/v1", "key": KEY}
        tested, steps = api.test(section=section)
        assert tested["ok"], tested
        assert list(steps) == ["address", "connection", "credentials", "models"]
        assert tested["models"], "a model can be picked"
        picked = "gpt-4o" if "gpt-4o" in tested["models"] else tested["models"][0]

        added = api.done("POST", "/providers", {"name": "first", **section})
        assert added["section"]["key"] == MASK and added["live"]["source"] == "document"
        assert picked in [model["name"] for model in api.get("/providers/first/models")["items"]]

        _, steps = api.test(name="first", model=picked)
        assert "answer" in steps, steps

        target = {"provider": "first", "model": picked}
        model = api.done("POST", "/models", {"name": "turbo", "targets": [target]})
        assert model["live"]["targets"] == [{**target, "priority": 0, "weight": 1, "state": "ready", "reason": None}]
        answer = gateway.chat("turbo")
        assert answer.status_code == 200 and "mock" in answer.text, answer.text

    def is_counted() -> bool:
        models, providers = api.get("/models")["items"], api.get("/providers")["items"]
        return named(models, "turbo")["requests_24h"] == 1 and named(providers, "first")["requests_24h"] >= 1

    eventually("the request is told of", is_counted)
    assert "canary" not in gateway.logs().replace(TOKEN, "")


def test_a_test_says_which_step_failed_and_never_the_key(api: Api, upstream: Upstream) -> None:
    section = {"type": "openai", "base_url": f"http://127.0.0.1:{free_port()}/v1", "key": KEY}
    tested, steps = api.test(section=section)
    assert not tested["ok"] and list(steps) == ["address", "connection"]
    assert "connection refused" in steps["connection"]["detail"], steps

    tested, steps = api.test(section={**section, "base_url": "http://nowhere.invalid/v1"})
    assert not tested["ok"] and list(steps) == ["address"]

    upstream.key = "sk-another"
    tested, steps = api.test(name="up")
    assert not steps["credentials"]["ok"] and "up#1" in steps["credentials"]["detail"], steps
    tested, steps = api.test(section={"type": "vllm", "base_url": upstream.base_url})
    assert "wants a key" in steps["credentials"]["detail"], steps
    upstream.key = KEY
    masked = api.get("/providers/up")["section"]
    assert masked["keys"] == [MASK]
    tested, steps = api.test(name="up", section=masked, model="real-name")
    assert tested["ok"] and "one two" in steps["answer"]["detail"], "a mask is the key that it stands for"

    def babbles(exchange: Exchange) -> None:
        exchange.answer(openai_error(f"I was sent {exchange.request.header('x-secret')}"), 500)

    upstream.script("babbler", babbles)
    # What repeats a long secret is not told at all; of what may be chance, the letters are hidden.
    for secret, detail in [("canary-in-a-header", "answered 500"), ("canary-short", "I was sent ••••••••")]:
        secretive = {**masked, "headers": {"x-secret": secret}}
        tested, steps = api.test(name="up", section=secretive, model="babbler")
        assert not tested["ok"] and detail in steps["answer"]["detail"], steps
        assert secret not in str(tested), tested
    upstream.key = None
    section = {"type": "vllm", "base_url": "ftp://x"}
    assert told(api.http.post("/providers/test", json={"section": section})) == (
        422,
        "base_url",
    )
    assert told(api.http.post("/providers/test", json={}))[0] == 400


def test_edits_touch_nothing_else(gateway: Gateway, api: Api, upstream: Upstream) -> None:
    before = gateway.config_path.read_text()
    api.done("PATCH", "/providers/up", {"requests_max": 8})
    assert gateway.config_path.read_text() == before.replace(f'keys = ["{KEY}"]\n', f'keys = ["{KEY}"]\nrequests_max = 8\n')
    back = api.done("PATCH", "/providers/up", {"requests_max": None, "keys": [MASK, "${SECOND}"], "enabled": True})
    assert back is not None
    after = gateway.config_path.read_text()
    assert NOTES in after and KEY in after and "${SECOND}" in after, "a mask goes back as what it stands for"


def test_two_editors_do_not_overwrite_each_other(api: Api) -> None:
    old = api.revision()
    api.done("PATCH", "/models/alias", {"context_window": 9000})
    assert told(api.edit("PATCH", "/models/alias", {"context_window": 9001}, revision=old)) == (412, None)
    assert told(api.http.patch("/models/alias", json={"context_window": 9001})) == (428, None)
    assert api.get("/models/alias")["section"]["context_window"] == 9000


def test_what_is_wrong_is_told_at_its_field(gateway: Gateway, api: Api) -> None:
    before = gateway.config_path.read_text()
    cases: list[tuple[str, str, Any, int, str | None]] = [
        ("POST", "/providers", {"type": "openai"}, 400, "name"),
        ("POST", "/providers", {"name": "up", "type": "openai"}, 409, "name"),
        ("POST", "/providers", {"name": "x", "type": "klingon"}, 422, "type"),
        ("POST", "/providers", {"name": "x", "type": "vllm", "base_url": "ftp://x"}, 422, "base_url"),
        ("PATCH", "/providers/up", {"requests_max": 0}, 422, "requests_max"),
        ("PATCH", "/providers/up", {"keys": ["••••••••AAAA"]}, 422, "keys[0]"),
        ("PATCH", "/providers/nobody", {"enabled": True}, 404, None),
        ("PATCH", "/providers/dummy", {"enabled": False}, 409, None),
        ("POST", "/models", {"name": "m", "targets": [{"provider": "upp", "model": "x"}]}, 422, "targets[0].provider"),
        ("POST", "/models", {"name": "m"}, 422, "targets"),
        ("PATCH", "/models/alias", {"fallbacks": ["alias"]}, 422, "fallbacks[0]"),
        ("PATCH", "/models/alias", {"tragets": []}, 422, "tragets"),
        ("POST", "/patterns", {"name": "p", "regex": "(", "tool_name": "t"}, 422, "regex"),
        ("PUT", "/prices/gpt-5", {"input": 1, "output": 1}, 422, None),
        ("PUT", "/prices/openai%2Fgpt-5", {"input": 1}, 400, None),
        ("DELETE", "/prices/openai%2Fgpt-5", None, 404, None),
    ]
    for method, path, body, status, field in cases:
        answer = api.edit(method, path, body)
        assert told(answer) == (status, field), f"{method} {path} {body}: {answer.text}"
    assert gateway.config_path.read_text() == before, "nothing of it was written"


def test_a_provider_is_drained_switched_off_and_taken_out(gateway: Gateway, api: Api) -> None:
    def state() -> str:
        return api.get("/providers/up")["live"]["health"]["state"]

    before = gateway.config_path.read_text()
    assert api.http.post("/providers/up/drain").status_code == 204
    assert state() == "draining" and api.get("/models/alias")["live"]["targets"][0]["state"] == "draining"
    assert gateway.chat("alias").status_code == 503
    assert api.http.post("/providers/up/resume").status_code == 204
    assert state() == "up" and gateway.chat("alias").status_code == 200
    assert gateway.config_path.read_text() == before, "what was added is gone, and nothing else"

    api.done("PATCH", "/providers/up", {"enabled": False})
    off = named(api.get("/providers")["items"], "up")
    assert not off["enabled"] and off["health"]["reason"] == "it is switched off"
    assert api.get("/models/alias")["live"]["targets"][0]["state"] == "disabled"
    assert gateway.chat("up/real-name").status_code == 404
    api.done("PATCH", "/providers/up", {"enabled": None})

    used = api.edit("DELETE", "/providers/up")
    assert told(used) == (409, None) and '"alias"' in used.json()["detail"], "in words that name the model"
    api.done("DELETE", "/models/alias")
    api.done("DELETE", "/providers/up")
    assert "up" not in gateway.config_path.read_text().replace(NOTES, "")
    assert told(api.http.get("/providers/up"))[0] == 404


def test_a_model_is_switched_off_and_its_callers_are_told(gateway: Gateway, api: Api) -> None:
    name = "org/big:8b"
    api.done("POST", "/models", {"name": name, "targets": [TARGET]})
    api.done("PATCH", "/models/alias", {"fallbacks": [name]})
    path = f"/models/{quote(name, safe='')}"
    assert api.get(path)["live"]["name"] == name, "names hold slashes and colons"
    assert told(api.edit("DELETE", path))[0] == 409, "others fall back to it"
    assert gateway.chat(name).status_code == 200

    assert api.done("PATCH", path, {"enabled": False})["live"]["enabled"] is False
    refused = gateway.chat(name)
    assert refused.status_code == 404 and "switched off" in refused.json()["error"]["message"]
    body = {"model": name, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
    refused = gateway.http.post("/v1/messages", json=body)
    assert refused.status_code == 404 and refused.json()["error"]["type"] == "not_found_error"
    listed = [model["id"] for model in gateway.http.get("/v1/models").json()["data"]]
    assert name not in listed and "alias" in listed
    assert named(api.get("/models", limit=200)["items"], name)["targets"][0]["state"] == "disabled"
    api.done("PATCH", path, {"enabled": True})
    assert gateway.chat(name).status_code == 200


def test_what_providers_list_is_there_page_by_page(api: Api) -> None:
    def everything() -> list[str] | None:
        names, cursor = [], None
        while True:
            query = {"limit": 1, **({"cursor": cursor} if cursor else {})}
            page = api.get("/models", **query)
            names += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return names if "up/listed-1" in names else None

    names = eventually("its list is read", everything)
    assert names[0] == "alias" and len(set(names)) == len(names)
    assert api.get("/models/up%2Flisted-1")["live"]["context_window"] == 4096
    assert told(api.http.get("/models", params={"limit": 0})) == (400, "limit")


def test_patterns_are_tried_added_and_used(gateway: Gateway, api: Api) -> None:
    pattern = {"regex": r"\[EXECUTE:(\w+):([^\]]+)\]", "tool_name_group": 1, "parameter_mapping": {"2": "command"}}
    text = "I will look. [EXECUTE:shell:ls -la]"

    def tried(**asked: Any) -> Any:
        answer = api.http.post("/patterns/try", json={"text": text, **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert tried()["calls"] == []
    found = tried(pattern={"name": "new", **pattern})
    assert found["calls"] == [{"name": "shell", "arguments": {"command": "ls -la"}}] and found["text"] == "I will look."
    assert tried(pattern={"name": "new", **pattern}, tools=["other"])["calls"] == []
    assert tried(pattern={"name": "new", "regex": "(", "tool_name": "t"})["problems"][0]["path"] == "regex"

    api.done("POST", "/patterns", {"name": "execute", **pattern})
    assert tried(tools=["shell"])["calls"] == found["calls"]
    assert api.done("PATCH", "/patterns/execute", {"enabled": False})["live"]["enabled"] is False
    assert tried()["calls"] == []
    listed = api.get("/patterns", limit=200)["items"]
    assert named(listed, "execute")["source"] == "document"
    ships = next(item for item in listed if item["source"] == "built_in")
    assert not ships["enabled"]
    assert told(api.edit("PATCH", f"/patterns/{ships['name']}", {"enabled": True}))[0] == 409
    api.done("DELETE", "/patterns/execute")
    assert "EXECUTE" not in gateway.config_path.read_text()


def test_prices_are_stated_in_place_of_listed_ones(gateway: Gateway, api: Api) -> None:
    listed = api.get("/prices", q="gpt-5", limit=2)
    assert listed["next_cursor"] and {item["source"] for item in listed["items"]} == {"built_in"}
    own = "/prices/up%2Freal-name"
    api.done("PUT", own, {"input": 1000, "output": 2000, "cached_input": None, "cache_write": None})
    stated = api.get("/prices", q="UP/REAL")["items"]
    assert [(item["model"], item["source"], item["input"]) for item in stated] == [("up/real-name", "document", 1000)]
    assert api.get("/models/alias")["live"]["price"]["output"] == 2000
    gateway.chat("alias")
    assert gateway.rows_of("alias")[-1]["cost_nusd"] > 0
    api.done("DELETE", own)
    assert api.get("/prices", q="up/real")["items"] == []


def test_viewers_look_and_are_shown_no_secret(start: Start, upstream: Upstream) -> None:
    tokens = f'[admin]\ntoken = "{TOKEN}"\nviewer_tokens = ["{VIEWER}"]\n'
    text = tokens + config.standard(upstream.base_url).replace("sk-upstream-secret", KEY)
    gateway = start(text)
    viewer = Api(gateway, VIEWER)
    for path in ("/provider-types", "/providers", "/providers/up", "/providers/up/models", "/models", "/models/alias"):
        viewer.get(path)
    assert viewer.get("/providers/up")["section"]["keys"] == [MASK]
    assert viewer.http.post("/patterns/try", json={"text": "x"}).status_code == 200
    for method, path in (
        ("POST", "/providers"),
        ("PATCH", "/providers/up"),
        ("DELETE", "/models/alias"),
        ("POST", "/providers/test"),
        ("POST", "/providers/up/drain"),
        ("PUT", "/prices/up%2Freal-name"),
    ):
        assert told(viewer.edit(method, path, {}))[0] == 403, path

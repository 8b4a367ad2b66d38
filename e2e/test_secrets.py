"""Secrets stay secret: a canary in every place that holds one, everything asked of the process in good and bad ways, at
trace level; and no canary in logs, answers, exports, metrics or files, save where showing one is what was asked for."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.canaries import Canaries, World, described, example, routes, run, writable_slots
from kit.gateway import Gateway
from kit.upstream import Exchange, Upstream, openai_error
from kit.waits import eventually

Start = Callable[..., Gateway]

#: Models whose provider tells all that it was sent, with this status.
TELLING = {"refused": 401, "wrong": 400, "busy": 429, "failing": 500}

def document(canary: Canaries, upstream: Upstream) -> str:
    """A document with a canary in every place for one."""
    return f"""
[log]
level = "trace"
[discovery]
probe = false
[store]
flush_interval = "50ms"
[ledger.bodies]
sample = 1.0
[failover]
retries = 2
when_resting = "try"

[admin]
password = "{canary("admin.password")}"
token = "{canary("admin.token")}"
tokens = ["{canary("admin.tokens[]")}"]
viewer_tokens = ["{canary("admin.viewer_tokens[]")}"]
[admin.oidc]
issuer = "http://127.0.0.1:1/"
client_id = "trunkline"
client_secret = "{canary("admin.oidc.client_secret")}"

[[client_keys]]
name = "app"
key = "{canary("client_keys[].key")}"

[providers.one]
type = "openai"
base_url = "{upstream.base_url}"
key = "{canary("providers.NAME.key")}"
headers = {{ x-extra = "{canary("providers.NAME.headers.NAME")}" }}

[providers.many]
type = "openai"
base_url = "{upstream.base_url}"
keys = ["{canary("providers.NAME.keys[]")}", {{ key = "{canary("providers.NAME.keys[].key")}" }}, "${{CANARY_KEY}}", "secret:canary"]

[providers.other]
type = "anthropic"
base_url = "{upstream.base_url}"
key = "secret:canary"

[models.fine]
targets = [{{ provider = "one", model = "fine" }}]
[models.refused]
targets = [{{ provider = "many", model = "refused" }}]
[models.failing]
targets = [{{ provider = "many", model = "failing" }}, {{ provider = "other", model = "failing" }}]
[models.wrong]
targets = [{{ provider = "one", model = "wrong" }}]
[models.busy]
targets = [{{ provider = "many", model = "busy" }}]
[models.broken]
targets = [{{ provider = "one", model = "broken" }}]
"""


def environment(canary: Canaries) -> dict[str, str]:
    """And in every variable."""
    return {
        "CANARY_KEY": canary("${VAR}"),
        "OPENAI_API_KEY": canary("OPENAI_API_KEY"),
        "CLIENT_API_KEY": canary("CLIENT_API_KEY"),
        "TRUNKLINE_ADMIN_TOKEN": canary("TRUNKLINE_ADMIN_TOKEN"),
        "TRUNKLINE_ADMIN_PASSWORD": canary("TRUNKLINE_ADMIN_PASSWORD"),
        "TRUNKLINE_SECRET_KEY": canary("TRUNKLINE_SECRET_KEY"),
        "TRUNKLINE_SECRET_KEY_PREVIOUS": canary("TRUNKLINE_SECRET_KEY_PREVIOUS"),
        "TRUNKLINE_REPLICAS_URL": f"redis://me:{canary('TRUNKLINE_REPLICAS_URL')}@127.0.0.1:1/0",
    }


def tell(exchange: Exchange, status: int) -> None:
    """What careless providers say: the key that they were sent, and what else they were, or only that."""
    keys = ("authorization", "x-api-key") if status == 400 else ()
    sent = "; ".join(f"{name}: {value}" for name, value in exchange.request.headers if name not in keys)
    exchange.answer(openai_error(f"no: {sent}", "invalid_request_error"), status)


def break_off(exchange: Exchange) -> None:
    """A stream that ends in the middle."""
    if not exchange.request.json().get("stream"):
        exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{")
    else:
        exchange.sse_head()
        exchange.token("one ")
    exchange.close()


def chat(world: World) -> None:
    """Traffic of every kind: served, refused, failing, broken off; with keys that are good, and keys that are not."""
    good = world.canary("client_keys[].key")
    presented = [
        {"authorization": f"Bearer {good}"},
        {"x-api-key": good},
        {"authorization": f"Bearer {world.canary('CLIENT_API_KEY')}"},
        {"authorization": f"Bearer {world.canary('a wrong client key')}"},
        {"authorization": f"Basic {world.canary('a wrong client key')}", "cookie": f"a={world.canary('a cookie')}"},
        {},
    ]
    models = ["fine", *TELLING, "broken", "nothing"]
    asked = [(presented[0], model) for model in models] + [(headers, "fine") for headers in presented[1:]]
    messages = [{"role": "user", "content": "hello"}]
    for (headers, model), stream in itertools.product(asked, [True, False]):
        body = json.dumps({"model": model, "messages": messages, "stream": stream, "max_tokens": 5}).encode()
        for path in ("/v1/chat/completions", "/v1/messages"):
            with contextlib.suppress(httpx.RemoteProtocolError):
                world.ask("POST", path, {"content-type": "application/json", **headers}, body)
    gemini = json.dumps({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}).encode()
    for key in (good, world.canary("a wrong client key")):
        for model in ("fine", "refused", "nothing"):
            path = f"/v1beta/models/{model}:generateContent?key={key}"
            world.ask("POST", path, {"content-type": "application/json"}, gemini)
        world.ask("GET", f"/nowhere?key={key}&token={key}", {}, None)
        world.ask("GET", f"/v1/models?api_key={key}", {"authorization": f"Bearer {key}"}, None)
    for path in ("/metrics", "/health", "/health/detailed", "/v1/models", "/", "/ui/"):
        world.ask("GET", path, {"authorization": f"Bearer {good}"}, None)


def administer(world: World) -> None:
    """Every path, by everybody, with what it takes and with what it does not."""
    canary = world.canary
    json_type = {"content-type": "application/json"}
    sign_in = json.dumps({"password": canary("TRUNKLINE_ADMIN_PASSWORD")}).encode()
    assert world.ask("POST", "/api/v1/session", json_type, sign_in).status_code == 200
    csrf = json.loads(world.said)["csrf"]
    viewer = {"authorization": f"Bearer {canary('admin.viewer_tokens[]')}"}
    admin = {"authorization": f"Bearer {canary('TRUNKLINE_ADMIN_TOKEN')}"}
    page = {"cookie": f"trunkline_session={world.session}", "x-csrf-token": csrf, "origin": world.gateway.url}
    stranger = {"authorization": f"Bearer {canary('a wrong admin token')}"}
    takes = described()
    for (method, path), caller in itertools.product(routes(), [{}, stranger, viewer, admin, page]):
        if (method, path) in {("DELETE", "/api/v1/session"), ("DELETE", "/api/v1/sessions/{id}")}:
            continue
        edits = caller in (admin, page)
        headers = {**json_type, **caller}
        bodies = [None] if method in ("GET", "DELETE") else inputs(canary, takes.get((method, path)))
        names = ["canary", "nothing"] if method == "DELETE" else ["canary", "one", "fine", "1"]
        for name, body in itertools.product(names if "{" in path else [""], bodies):
            if method not in ("GET", "POST") and edits:
                # So that what is asked for is done, where it can be.
                headers["if-match"] = world.gateway.http.get("/api/v1/config", headers=admin).headers.get("etag", '"1"')
            content = None if body is None else json.dumps(body).encode()
            world.ask(method, re.sub(r"\{\w+\}", name, path), headers, content, path, edits=edits)
        at = re.sub(r"\{\w+\}", "canary", path)
        if method not in ("GET", "DELETE"):
            world.ask(method, at, headers, b'{"value": "' + canary("half a body").encode(), path, edits=edits)
        else:
            # A client key can be named by itself.
            for key in (canary("client_keys[].key"), f"sk-tl-{canary('a client key that is none')}"):
                at = re.sub(r"\{\w+\}", key, path)
                world.ask(method, f"{at}?key={key}", headers, None, path, edits=edits)


def inputs(canary: Canaries, taken: Any) -> list[Any]:
    """Bodies: what a path takes, and what it does not."""
    schema, known = taken or (None, {})
    fields = {name: canary(f"{name} in a body") for name in ("password", "value", "key", "token", "secret")}
    return [
        *([example(schema, known, canary)] if schema else []),
        {"name": f"made-{secrets.token_hex(4)}"},
        {},
        [],
        fields,
        {name: [value] for name, value in fields.items()},
        {name: 7 for name in fields},
        {name: {"x": value} for name, value in fields.items()},
        canary("a body that is a text"),
    ]


@pytest.fixture
def world(start: Start, upstream: Upstream, tmp_path: Path) -> World:
    canary = Canaries()
    env = environment(canary)
    text = document(canary, upstream)
    folder = tmp_path / "gateway-0"
    folder.mkdir()
    (folder / "trunkline.toml").write_text(text)
    beside = ["--data-dir", str(folder / "data"), "--config", str(folder / "trunkline.toml")]
    stored = run("secrets", "set", "canary", *beside, folder=folder, env=env, said=canary("secret:NAME"))
    assert stored.returncode == 0, stored.stderr
    for model, status in TELLING.items():
        upstream.script(model, functools.partial(tell, status=status))
    upstream.script("broken", break_off)
    return World(start(text, env=env), canary, env, written=canary.seen_in(text))


def test_every_place_of_a_secret_has_a_canary(world: World) -> None:
    schema = json.loads(run("schema", folder=world.gateway.folder, env={}).stdout)
    elsewhere = {"store.url", "replicas.url"}  # below, and in a variable
    assert set(writable_slots(schema)) - elsewhere <= set(world.canary.by_slot)


@pytest.mark.timeout(400)
def test_no_canary_is_seen_anywhere(world: World, upstream: Upstream) -> None:
    gateway = world.gateway
    chat(world)
    sent = b"".join(request.head for request in upstream.received)
    used = {slot for slot in world.canary.by_slot if slot.startswith("providers") or slot in ("${VAR}", "secret:NAME")}
    assert used <= world.canary.seen_in(sent), "providers were sent them, and told them back"
    administer(world)
    chat(world)
    eventually("a request is in the ledger", gateway.rows)
    for command in (
        ["usage", "--json"],
        ["requests", "list", "--json"],
        ["keys", "list", "--json"],
        ["secrets", "list"],
        ["secrets", "list", "--json"],
        ["secrets", "set", "other"],
        ["models", "--json"],
        ["explain", "--model", "fine", "--json"],
        ["explain", "--model", "failing", "--offline"],
        ["prices"],
        ["config", "revisions", "--json"],
        ["secrets", "rotate-key"],
    ):
        world.command(*command, said=world.canary("said to a command"))
    gateway.write_config(document(world.canary, Upstream()) + "\n[nonsense]\n")
    eventually("it is refused", lambda: "nonsense" in gateway.stderr())
    gateway.stop()
    world.look("stdout", gateway.stdout())
    for line in gateway.stderr().splitlines():
        world.look(f"log {line[:300]}", line)
    for path in sorted(gateway.data.rglob("*")):
        if path.is_file():
            world.look(f"file {path.name}", path.read_bytes())
    assert not world.found, "\n".join(sorted(set(world.found)))


BAD = {
    "no TOML": 'key = "CANARY',
    "no TOML within": '[admin]\ntoken = "CANARY" "x"\n',
    "a number": "[providers.a]\ntype = 'openai'\nkey = 7\nkeys = [{ kye = 'CANARY' }]\n",
    "an unknown key": '[providers.a]\ntype = "openai"\nkeyy = "CANARY"\n',
    "a bad word": '[providers.a]\ntype = "openai"\nkey_strategy = "first"\nkey = "CANARY"\n',
    "a list": '[admin]\ntoken = ["CANARY"]\n',
    "control characters": '[providers.a]\ntype = "openai"\nkey = "CANARY\\n"\nheaders = { x = "CANARY\\u0001" }\n',
    "in a URL": '[providers.a]\ntype = "openai"\nbase_url = "http://me:CANARY@127.0.0.1:1/v1?key=CANARY"\n',
    "a store": '[store]\nurl = "postgres://me:CANARY@127.0.0.1:port/db"\n',
    "a store that is away": '[store]\nurl = "postgres://me:CANARY@127.0.0.1:1/db"\n',
    "another engine": '[store]\nurl = "mysql://me:CANARY@127.0.0.1:1/db"\n',
    "replicas": '[replicas]\nurl = "redis://me:CANARY@127.0.0.1:port/0"\n',
    "no replicas": '[replicas]\nurl = "http://me:CANARY@127.0.0.1:1/0"\n',
    "a hash": '[[client_keys]]\nname = "a"\nkey = "sha256:CANARY"\n',
    "twice": '[[client_keys]]\nname = "a"\nkey = "CANARY"\n[[client_keys]]\nname = "b"\nkey = "CANARY"\n',
    "a comment": '[admin] # CANARY\ntokne = 1 # CANARY\n',
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_wrong_with_a_document_is_told_without_its_secrets(kind: str, tmp_path: Path) -> None:
    canary = Canaries()
    (tmp_path / "bad.toml").write_text(BAD[kind].replace("CANARY", canary("bad")))
    data = ["--data-dir", str(tmp_path / "data")]
    for command in (
        ["check", "bad.toml"],
        ["config", "push", "bad.toml", *data],
        ["usage", "--config", "bad.toml", *data],
        ["secrets", "list", "--config", "bad.toml", *data],
        ["keys", "list", "--config", "bad.toml", *data],
    ):
        done = run(*command, folder=tmp_path, env={"TRUNKLINE_LOG_LEVEL": "trace"})
        said = done.stdout + done.stderr
        assert not canary.seen_in(said), f"{command}: {said}"
        assert "panicked" not in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TRUNKLINE_STORE_URL", "postgres://me:CANARY@127.0.0.1:1/db"),
        ("TRUNKLINE_STORE_URL", "postgres://me:CANARY@127.0.0.1:port/db"),
        ("TRUNKLINE_STORE_URL", "mysql://me:CANARY@127.0.0.1/db"),
        ("TRUNKLINE_REPLICAS_URL", "redis://me:CANARY@127.0.0.1:port/0"),
        ("TRUNKLINE_SECRET_KEY", "CANARY"),
    ],
)
def test_what_is_wrong_with_a_variable_is_told_without_its_secret(variable: str, value: str, tmp_path: Path) -> None:
    canary = Canaries()
    # Too short for a key, and long enough to be known again.
    env = {variable: value.replace("CANARY", canary("bad")[:30]), "TRUNKLINE_LOG_LEVEL": "trace"}
    data = ["--data-dir", str(tmp_path / "data")]
    for command in (["secrets", "set", "a", *data], ["keys", "list", *data], ["config", "revisions", *data]):
        done = run(*command, folder=tmp_path, env=env, said=canary("said"))
        said = done.stdout + done.stderr
        assert not canary.seen_in(said), f"{command}: {said}"
        assert "panicked" not in said


def test_a_setting_is_shown_to_admins_who_ask_for_it_and_the_master_key_to_nobody(world: World) -> None:
    canary = world.canary
    admin, viewer = canary("TRUNKLINE_ADMIN_TOKEN"), canary("admin.viewer_tokens[]")

    def reveal(token: str, key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"}
        return world.gateway.http.post("/api/v1/settings/reveal", headers=headers, json={"key": key})

    assert reveal(admin, "admin.token").json()["value"] == admin
    for token, key, status in [(viewer, "admin.token", 403), ("nobody", "admin.token", 401), (admin, "process.master_key", 404)]:
        answer = reveal(token, key)
        assert answer.status_code == status and not canary.seen_in(answer.text), answer.text
    world.gateway.stop()
    assert not canary.seen_in(world.gateway.stderr()), "that it was shown is logged, what it is is not"

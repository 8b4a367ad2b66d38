"""The pages of the admin UI: how they are served, and journeys through them in a real browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit import backends, config
from kit.gateway import ROOT, Gateway, binary, clean_env

Start = Callable[..., Gateway]

PASSWORD = "canary correct horse"
VIEWER = "canary viewing horse"
TOKEN = "canary-admin-token"
SIGN_IN = {"TRUNKLINE_ADMIN_PASSWORD": PASSWORD, "TRUNKLINE_ADMIN_TOKEN": TOKEN}
#: A journey, or all pages in all looks, on a loaded machine.
JOURNEY_DEADLINE_S = 180
PAGES_DEADLINE_S = 540

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
#: The script that the page begins with.
SCRIPT = re.compile(r'src="(/ui/assets/[^"]+\.js)"')


@pytest.fixture
def pages(start: Start) -> httpx.Client:
    """Somebody who has not signed in, at a gateway."""
    return start(config.QUIET).http


def test_whoever_opens_it_in_a_browser_gets_the_pages(pages: httpx.Client) -> None:
    entered = pages.get("/", headers=HTML)
    assert (entered.status_code, entered.headers["location"]) == (307, "/ui/")
    assert pages.get("/ui").headers["location"] == "/ui/"
    assert pages.get("/").json()["name"] == "trunkline", "programs get what they always got"
    page = pages.get("/ui/")
    assert page.status_code == 200 and SCRIPT.search(page.text), page.text
    for path in ["/ui/providers/groq", "/ui/models/gpt-4.1", "/ui/index.html"]:
        assert pages.get(path).text == page.text, path
    icon = pages.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_pages_may_do_nothing_but_ask_this_server(pages: httpx.Client) -> None:
    head = pages.get("/ui/keys").headers
    policy = dict(part.split(" ", 1) for part in head["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert head["x-content-type-options"] == "nosniff" and head["referrer-policy"] == "no-referrer"


def test_what_was_fetched_once_is_not_fetched_again(pages: httpx.Client) -> None:
    page = pages.get("/ui/")
    assert page.headers["cache-control"] == "no-cache"
    again = pages.get("/ui/", headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    asset = SCRIPT.search(page.text)[1]
    sizes = {}
    for accepted, encoding in [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)]:
        with pages.stream("GET", asset, headers={"accept-encoding": accepted}) as answer:
            assert answer.headers.get("content-encoding") == encoding
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "accept-encoding"
            sizes[accepted] = len(b"".join(answer.iter_raw()))
    assert sizes["br, gzip"] < sizes["gzip"] < sizes["identity"] / 2
    assert pages.get("/ui/assets/nothing-here.js").status_code == 404


def test_pages_are_where_the_admin_api_is_and_nowhere_else(start: Start, pages: httpx.Client) -> None:
    rebound = pages.get("/ui/", headers={"host": "evil.example.com"})
    assert rebound.status_code == 403 and rebound.json()["type"].endswith("wrong_host")
    off = start(config.QUIET + "[admin]\nenabled = false\n").http
    assert off.get("/ui/").status_code == 403 and off.get("/", headers=HTML).status_code == 200
    apart = start(config.QUIET + config.server(admin_listen='"127.0.0.1:0"'))
    there = re.search(r"admin API +(http://127\.0\.0\.1:\d+)/api/v1/", apart.stdout())[1]
    assert apart.http.get("/ui/").status_code == 404 and apart.http.get("/", headers=HTML).status_code == 200
    assert httpx.get(f"{there}/ui/", trust_env=False).status_code == 200
    assert httpx.get(there, headers=HTML, trust_env=False).headers["location"] == "/ui/"


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock of every vendor that somebody else wrote; its base URL."""
    with backends.aimock(tmp_path_factory.mktemp("aimock")) as url:
        yield url


def travel(name: str, gateway: Gateway, deadline_s: float = JOURNEY_DEADLINE_S, **known: Any) -> str:
    """Makes a journey of `web/tests/real/` in a browser; what it printed."""
    journey = {"url": gateway.url, "password": PASSWORD, "viewer": VIEWER, "token": TOKEN, **known}
    env = clean_env(gateway.folder, {"JOURNEY": json.dumps(journey)})
    env.update({name: os.environ[name] for name in ("CHROMIUM",) if name in os.environ})
    ran = subprocess.run(
        ["nice", "-n", "10", "node", "tests/real.mjs", name],
        cwd=ROOT / "web",
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=deadline_s,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def document(mock: str, more: str = "") -> str:
    """What somebody wrote, comments and all, with the mock as provider `up`."""
    text = "# Ours since March.\n" + config.QUIET + config.provider("up", mock)
    return text + config.model("alias", "up", "gpt-4o", "context_window = 8192  # as they say\n") + more


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
@pytest.mark.parametrize("name", ["sign-in", "expired-session"])
def test_people_sign_in_and_out(name: str, start: Start, mock: str) -> None:
    travel(name, start(document(mock), env=SIGN_IN))


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_a_viewer_looks_and_changes_nothing(start: Start, mock: str) -> None:
    gateway = start(document(mock), env=SIGN_IN)
    set_viewer_password(gateway)
    travel("viewer", gateway)
    assert gateway.config_path.read_text() == document(mock)


def set_viewer_password(gateway: Gateway) -> None:
    """As an operator does, beside the process that serves."""
    words = [str(binary()), "admin", "password", "--role", "viewer", "--stdin", "--data-dir", str(gateway.data)]
    subprocess.run(words, env=clean_env(gateway.folder), input=VIEWER, text=True, timeout=20, check=True)


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_nothing_leads_to_an_answer_in_a_minute(start: Start, mock: str) -> None:
    gateway = start(None)
    password = re.search(r"admin password +(\S+)", gateway.stdout())[1]
    travel("first-run", gateway, upstream=mock, password=password)
    written = (gateway.folder / "trunkline.toml").read_text()
    assert mock in written and "sk-canary" not in written, written


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_things_are_added_tried_and_paid_for(start: Start, mock: str) -> None:
    gateway = start(document(mock), env=SIGN_IN)
    travel("things", gateway, upstream=mock)
    written = gateway.config_path.read_text()
    assert written.startswith(document(mock)), "what was there is as it was"
    assert "[providers.mock]" in written and "[models.chatty]" in written and "[[patterns]]" in written
    assert "sk-canary-typed" not in written
    [row] = gateway.rows_of("chatty")
    assert (row["provider"], row["upstream_model"]) == ("mock", "gpt-4o")


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_the_playground_speaks_every_dialect_and_makes_itself_a_key(start: Start, mock: str) -> None:
    travel("dialects", start(document(mock), env=SIGN_IN))
    travel("key", start(document(mock, config.client_key("app", "sk-app")), env=SIGN_IN))


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_a_broken_document_is_told_of_and_a_change_is_taken_back(start: Start, mock: str) -> None:
    gateway = start(document(mock), env=SIGN_IN)
    travel("config", gateway)
    assert gateway.config_path.read_text() == document(mock)


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_a_bundle_of_model_proxy_is_seen_before_it_is_taken(start: Start, mock: str) -> None:
    gateway = start(document(mock), env=SIGN_IN)
    travel("import", gateway, bundle=bundle(mock))
    assert gateway.chat("turbo").json()["choices"][0]["message"]["content"] == "Hi there from the mock!"


def bundle(mock: str) -> dict[str, Any]:
    """What model-proxy exports."""
    groq = {
        "name": "groq",
        "enabled": True,
        "api_keys": {"env_var_patterns": ["{PROVIDER}_API_KEY_{INDEX}"]},
        "endpoints": {"base_url": f"{mock}/v1", "completions": "/chat/completions"},
        "authentication": {"type": "bearer"},
        "rate_limiting": {"cooldown_seconds": 60},
        "error_handling": {"429": {"action": "model_key_failure"}},
    }
    turbo = {
        "logical_name": "turbo",
        "timeout_seconds": 20,
        "model_routings": [{"provider": "groq", "model": "gpt-4o"}],
        "fallback_model_routings": [],
    }
    keys = {"groq": [{"env_var": "GROQ_API_KEY_1", "value": "sk-canary-bundle"}]}
    setup = {"providers": [groq], "models": [turbo], "environment": {"HOST": "0.0.0.0"}, "api_keys": keys}
    return {"version": 1, "exported_at": "2026-11-01T08:00:00Z", "metadata": {}, "setup": setup}

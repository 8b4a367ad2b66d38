"""The pages of the admin UI: how they are served, and journeys through them in a real browser."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from kit import backends, config
from kit.gateway import Gateway
from kit.pages import (
    JOURNEY_DEADLINE_S,
    PAGES_DEADLINE_S,
    SIGN_IN,
    bundle,
    busy_document,
    document,
    send_traffic,
    set_viewer_password,
    travel,
)

Start = Callable[..., Gateway]

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


def test_a_head_says_how_long_the_page_is(pages: httpx.Client) -> None:
    plain = {"accept-encoding": "identity"}
    head, page = pages.head("/ui/", headers=plain), pages.get("/ui/", headers=plain)
    assert (head.headers.get_list("content-length"), head.content) == ([str(len(page.content))], b"")


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


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_nothing_leads_to_an_answer_in_a_minute(start: Start, mock: str) -> None:
    gateway = start(None)
    password = re.search(r"admin password +(\S+)", gateway.stdout())[1]
    travel("first-run", gateway, upstream=mock, password=password)
    written = (gateway.data / "trunkline.toml").read_text()
    assert mock in written and "sk-canary" not in written, written


@pytest.mark.timeout(JOURNEY_DEADLINE_S + 30)
def test_things_are_added_tried_and_paid_for(start: Start, mock: str) -> None:
    gateway = start(document(mock), env=SIGN_IN)
    travel("things", gateway, upstream=mock)
    written = gateway.config_path.read_text()
    gone = [line for line in difflib.ndiff(document(mock).splitlines(), written.splitlines()) if line.startswith("- ")]
    assert gone == [], "what was there is as it was"
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
    written = gateway.config_path.read_text()
    assert "secret:groq" in written and "sk-canary-bundle" not in written


@pytest.mark.timeout(PAGES_DEADLINE_S + 60)
def test_every_page_in_every_look_is_for_everybody(start: Start, mock: str) -> None:
    gateway = start(busy_document(mock), env=SIGN_IN)
    send_traffic(gateway)
    travel("pages", gateway, PAGES_DEADLINE_S)

"""Sign-in to the admin API: passwords, sessions, roles, pages of others, and two services that know who signs in."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit import config, oidc
from kit.gateway import Gateway, binary, clean_env, command
from kit.waits import eventually

Start = Callable[..., Gateway]

PASSWORD = "canary correct horse"
TOKEN = "canary-admin-token"
VIEWER = "canary-viewer-token"
SESSION = "/api/v1/session"
KEYS = "/api/v1/client-keys"
PLAYGROUND = "/api/v1/playground/v1/chat/completions"
#: Within this time everybody knows that a session is over.
KNOWN_WITHIN_S = 1.0
#: The two longest waits: a session service that hangs, with the limit that is stated for it, and some slack.
SERVICE_DEADLINE_S = 10.0

ADMIN = config.QUIET + "[admin]\n"


@pytest.fixture
def gateway(start: Start) -> Gateway:
    """A gateway whose admin password is known."""
    return start(config.QUIET, env={"TRUNKLINE_ADMIN_PASSWORD": PASSWORD})


class Browser:
    """Somebody at a page of the gateway: keeps cookies, and shows what the page was told to show."""

    def __init__(self, gateway: Gateway) -> None:
        self.http = httpx.Client(base_url=gateway.url, timeout=20, trust_env=False)
        self.http.headers["origin"] = gateway.url
        self.signed: dict[str, Any] = {}

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        answer = self.http.post(SESSION, json={"password": password})
        if answer.status_code == 200:
            self.signed = answer.json()
            self.http.headers["x-csrf-token"] = self.signed["csrf"]
        return answer

    def is_in(self) -> bool:
        return self.http.get(SESSION).status_code == 200


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status, and which problem it is."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code and problem["detail"]
    return answer.status_code, problem["type"].rsplit(":", 1)[-1]


def first_password(gateway: Gateway) -> str | None:
    found = re.search(r"admin password +(\S+)", gateway.stdout())
    return found.group(1) if found else None


def set_password(gateway: Gateway, *args: str, said: str = "", env: dict[str, str] | None = None) -> str:
    """Runs `trunkline admin password`, and gives what it prints."""
    options = ["--data-dir", str(gateway.data), "--config", str(gateway.config_path)]
    done = subprocess.run(
        [str(binary()), "admin", "password", *args, *options],
        cwd=gateway.folder,
        env=clean_env(gateway.folder, env),
        input=said,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def everything_kept(gateway: Gateway) -> bytes:
    """What is on the disk of a gateway, its document aside."""
    return b"".join(path.read_bytes() for path in sorted(gateway.data.rglob("*")) if path.is_file())


def test_the_first_start_shows_a_password_once(start: Start) -> None:
    gateway = start(config.QUIET)
    password = first_password(gateway)
    assert password and re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    assert Browser(gateway).sign_in(password).status_code == 200
    assert password not in gateway.stderr() and password.encode() not in everything_kept(gateway)
    assert gateway.stop() == 0
    again = start(config.QUIET, data=gateway.data)
    assert first_password(again) is None and password not in again.logs()
    assert Browser(again).sign_in(password).status_code == 200


def test_signing_in_and_out(gateway: Gateway) -> None:
    assert gateway.http.get("/api/v1/auth").json() == {
        "enabled": True,
        "password": True,
        "oidc": None,
        "external": None,
    }
    page = Browser(gateway)
    assert told(page.http.get(KEYS)) == (401, "unauthenticated")
    assert told(page.sign_in("canary correct hors")) == (401, "unauthenticated")
    answer = page.sign_in()
    assert answer.status_code == 200 and answer.json()["role"] == "admin"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/;" in cookie and "Secure" not in cookie
    assert page.http.get(SESSION).json() == answer.json()
    assert page.http.post(KEYS, json={"name": "laptop"}).status_code == 201
    without = {"x-csrf-token": ""}
    assert told(page.http.post(KEYS, json={"name": "phone"}, headers=without)) == (403, "csrf")
    assert [row["name"] for row in page.http.get(KEYS).json()["items"]] == ["laptop"]
    assert page.http.delete(SESSION).status_code == 204
    assert not page.is_in()


def test_sessions_end_and_are_ended(gateway: Gateway, start: Start) -> None:
    one, other = Browser(gateway), Browser(gateway)
    one.sign_in(), other.sign_in()
    rows = one.http.get("/api/v1/sessions").json()["items"]
    assert sorted(row["current"] for row in rows) == [False, True]
    assert {row["address"] for row in rows} == {"127.0.0.1"}
    theirs = next(row["id"] for row in rows if not row["current"])
    assert other.is_in()
    assert one.http.delete(f"/api/v1/sessions/{theirs}").status_code == 204
    assert not other.is_in() and one.is_in()
    made = set_password(gateway)
    eventually("the session is over", lambda: not one.is_in(), KNOWN_WITHIN_S)
    assert told(one.sign_in()) == (401, "unauthenticated")
    assert one.sign_in(made).status_code == 200
    short = start(ADMIN + 'session_max = "1s"\n', env={"TRUNKLINE_ADMIN_PASSWORD": PASSWORD})
    page = Browser(short)
    page.sign_in()
    assert page.is_in()
    eventually("it ends however much it is used", lambda: not page.is_in(), 5.0)


def test_a_stated_password_is_set_at_the_start_and_another_ends_sessions(start: Start) -> None:
    gateway = start(config.QUIET, env={"TRUNKLINE_ADMIN_PASSWORD": PASSWORD})
    assert first_password(gateway) is None
    page = Browser(gateway)
    page.sign_in()
    cookie = page.http.cookies["trunkline_session"]
    assert gateway.stop() == 0
    for env, status in [({"TRUNKLINE_ADMIN_PASSWORD": PASSWORD}, 200), ({"TRUNKLINE_ADMIN_PASSWORD": "another one"}, 401)]:
        again = start(config.QUIET, data=gateway.data, env=env)
        assert again.http.get(SESSION, headers={"cookie": f"trunkline_session={cookie}"}).status_code == status
        assert again.stop() == 0


def test_viewers_look_and_change_nothing(start: Start) -> None:
    env = {"TRUNKLINE_ADMIN_PASSWORD": PASSWORD, "BOSS": TOKEN, "LOOKER": VIEWER}
    gateway = start(ADMIN + 'tokens = ["${BOSS}"]\nviewer_tokens = ["${LOOKER}"]\n', env=env)
    assert set_password(gateway, "--role", "viewer", "--stdin", said="of the viewers\n", env=env) == ""
    page = Browser(gateway)
    assert page.sign_in("of the viewers").json()["role"] == "viewer"
    viewer = httpx.Client(base_url=gateway.url, headers={"authorization": f"Bearer {VIEWER}"}, trust_env=False)
    for looker in [page.http, viewer]:
        assert looker.get(SESSION).json()["role"] == "viewer"
        assert looker.get(KEYS).status_code == 200
        assert looker.post("/api/v1/explain", json={"model": "dummy/echo-1"}).status_code == 200
        assert told(looker.post(KEYS, json={"name": "laptop"})) == (403, "forbidden")
        assert told(looker.delete("/api/v1/sessions/x")) == (403, "forbidden")
    boss = httpx.Client(base_url=gateway.url, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert boss.post(KEYS, json={"name": "laptop"}).status_code == 201, "no page, no header of one"
    assert boss.get(SESSION).json() == {"role": "admin", "user": "token", "expires_at": None, "csrf": None}


def test_who_guesses_waits(gateway: Gateway) -> None:
    page = Browser(gateway)
    for number in range(5):
        assert told(page.sign_in(f"guess number {number}")) == (401, "unauthenticated")
    refused = page.sign_in()
    assert told(refused) == (429, "too_many_tries") and refused.headers["retry-after"] == "1"
    eventually("after the wait the password is right", lambda: page.sign_in().status_code == 200)


def test_pages_of_others_come_nowhere(start: Start) -> None:
    env = {"TRUNKLINE_ADMIN_PASSWORD": PASSWORD}
    text = ADMIN + 'public_url = "https://gw.example.com"\n' + config.server(cors_origins='["*"]')
    gateway = start(text, env=env)
    page = Browser(gateway)
    page.sign_in()
    evil = {"origin": "http://evil.example.com"}
    assert told(page.http.get(SESSION, headers={"host": "evil.example.com"})) == (403, "wrong_host")
    assert told(page.http.post(KEYS, json={"name": "a"}, headers=evil)) == (403, "wrong_origin")
    assert told(page.http.post(SESSION, json={"password": PASSWORD}, headers=evil)) == (403, "wrong_origin")
    cross = {"sec-fetch-site": "cross-site"}
    bare = httpx.Client(base_url=gateway.url, trust_env=False)
    assert told(bare.post(SESSION, json={"password": PASSWORD}, headers=cross)) == (403, "wrong_origin")
    asking = evil | {"access-control-request-method": "POST", "access-control-request-headers": "x-csrf-token"}
    for answer in [
        page.http.get(SESSION, headers=evil),
        bare.get("/api/v1/auth", headers=evil),
        bare.options(SESSION, headers=asking),
        bare.options("/key/generate", headers=asking),
    ]:
        assert not [name for name in answer.headers if name.startswith("access-control-")], answer.headers
    assert bare.get("/v1/models", headers=evil).headers["access-control-allow-origin"] == evil["origin"]
    proxied = {"host": "gw.example.com", "origin": "https://gw.example.com"}
    assert "; Secure" in bare.post(SESSION, json={"password": PASSWORD}, headers=proxied).headers["set-cookie"]


def test_it_is_open_only_when_nobody_else_can_come_or_that_is_said_twice(start: Start, tmp_path: Path) -> None:
    gateway = start(config.QUIET, env={"AUTH_ENABLED": "false"})
    assert first_password(gateway) is None
    assert gateway.http.post(KEYS, json={"name": "laptop"}).status_code == 201
    assert told(gateway.http.get(KEYS, headers={"host": "evil.example.com"})) == (403, "wrong_host")
    reachable = ["--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data")]
    env = {"AUTH_ENABLED": "false", "CLIENT_API_KEY": "sk-some-client"}
    refused = command(["serve", *reachable], tmp_path, env)
    assert refused.returncode == 1 and "allow_unauthenticated" in refused.stderr, refused.stderr
    off = start(ADMIN + "enabled = false\n", env={"TRUNKLINE_ADMIN_TOKEN": TOKEN})
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert told(off.http.get(KEYS, headers=headers)) == (403, "off")
    assert told(off.http.get("/api/v1/auth")) == (403, "off")


def test_it_can_have_an_address_of_its_own(start: Start) -> None:
    narrow = '[providers.narrow]\ntype = "dummy"\nrequests_max = 1\n'
    text = config.QUIET + config.server(admin_listen='"127.0.0.1:0"') + narrow
    gateway = start(text, env={"TRUNKLINE_ADMIN_PASSWORD": PASSWORD})
    found = re.search(r"admin API +(http://127\.0\.0\.1:\d+)/api/v1/", gateway.stdout())
    assert found and found.group(1) != gateway.url
    there = httpx.Client(base_url=found.group(1), headers={"origin": found.group(1)}, trust_env=False)
    assert there.post(SESSION, json={"password": PASSWORD}).status_code == 200
    there.headers["x-csrf-token"] = there.get(SESSION).json()["csrf"]
    assert there.get(KEYS).status_code == 200
    for path in [SESSION, "/api/v1/auth", "/key/info"]:
        assert gateway.http.get(path).status_code == 404
    assert there.get("/health").status_code == 200
    assert there.get("/v1/models").status_code == 404 and gateway.http.get("/v1/models").status_code == 200
    body = {"model": "dummy/echo-1", "messages": [{"role": "user", "content": "hello"}]}
    assert there.post("/v1/chat/completions", json=body).status_code == 404
    # The playground is where the pages are, for those who may see them.
    played = there.post(PLAYGROUND, json=body)
    assert played.status_code == 200 and "hello" in played.text, played.text
    # Also where it may have to wait for its turn.
    told = there.post(PLAYGROUND, json=body | {"model": "narrow/story-1", "stream": True})
    assert told.status_code == 200 and told.text.endswith("data: [DONE]\n\n"), told.text
    assert there.post(PLAYGROUND, json=body, headers={"origin": "https://evil.example.com"}).status_code == 403
    assert httpx.post(found.group(1) + PLAYGROUND, json=body, trust_env=False).status_code == 401
    assert there.get("/api/v1/playground/v1/models").status_code == 404
    assert gateway.http.post(PLAYGROUND, json=body).status_code == 404


@contextlib.contextmanager
def session_service(mood: dict[str, str]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A service that knows the session `good`; `mood["now"]` may be `well`, `broken` or `hanging`."""
    asked: list[dict[str, str]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            presented = self.headers.get("x-session-token") or (self.headers.get("cookie") or "").removeprefix("session=")
            asked.append({"path": self.path, "presented": presented})
            if mood["now"] == "hanging":
                over.wait(SERVICE_DEADLINE_S * 2)
                return
            valid = {"valid": True, "user": "ada"} if presented == "good" else {"valid": False}
            text = json.dumps(valid).encode()
            self.send_response(500 if mood["now"] == "broken" else 200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def test_sessions_of_another_service_are_asked_for_and_never_assumed(start: Start) -> None:
    mood = {"now": "well"}
    with session_service(mood) as (url, asked):
        gateway = start(config.QUIET, env={"AIMENU_URL": url, "TRUNKLINE_ADMIN_PASSWORD": PASSWORD})

        def look(**headers: str) -> httpx.Response:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return gateway.http.get(SESSION, headers=names, timeout=SERVICE_DEADLINE_S)

        assert told(look(cookie="session=bad")) == (401, "unauthenticated")
        known = look(cookie="theme=dark; session=good").json()
        assert (known["user"], known["role"]) == ("ada", "admin") and known["csrf"]
        assert look(x_session_token="good").json()["user"] == "ada"
        assert asked[1] == {"path": "/session/validate", "presented": "good"}
        mood["now"] = "broken"
        # What was said a moment ago counts for that moment.
        eventually("a broken service admits nobody", lambda: look(cookie="session=good").status_code == 401, KNOWN_WITHIN_S)
        mood["now"] = "hanging"
        assert told(look(cookie="session=good")) == (502, "elsewhere")
    assert told(look(cookie="session=good")) == (502, "elsewhere")
    assert Browser(gateway).sign_in().status_code == 200, "the password is another way"


@pytest.mark.parametrize(("algorithm", "where"), [("RS256", "token"), ("ES256", "userinfo")])
def test_people_sign_in_with_a_real_provider(start: Start, tmp_path: Path, algorithm: str, where: str) -> None:
    gateway = start(config.QUIET, env={"TRUNKLINE_ADMIN_PASSWORD": PASSWORD, "OIDC_SECRET": "canary-oidc-secret"})
    callback = f"{gateway.url}/api/v1/oidc/callback"
    begin = f"{gateway.url}/api/v1/oidc/start"
    assert told(gateway.http.get(begin)) == (404, "not_found")
    secret = "canary-oidc-secret"
    with oidc.provider(tmp_path, callback, secret=secret, algorithm=algorithm, told=where) as issuer:
        gateway.write_config(
            config.QUIET
            + f'[admin.oidc]\nissuer = "{issuer}"\nclient_id = "trunkline"\nclient_secret = "${{OIDC_SECRET}}"\n'
            + 'name = "House"\nadmin_values = ["gateway-admins"]\nviewer_values = ["staff"]\n'
        )
        way = {"name": "House", "start_url": "/api/v1/oidc/start"}
        eventually("it is known", lambda: gateway.http.get("/api/v1/auth").json()["oidc"] == way)

        def at_a_browser() -> httpx.Client:
            return httpx.Client(timeout=20, trust_env=False)

        for person, role in [("ada", "admin"), ("bob", "viewer")]:
            browser = at_a_browser()
            answer = oidc.signed_in(browser, begin, callback, person)
            assert (answer.status_code, answer.headers["location"]) == (303, "/ui/"), answer.text
            cookies = answer.headers.get_list("set-cookie")
            assert any(cookie.startswith("trunkline_session=") and "SameSite=Strict" in cookie for cookie in cookies)
            shown = browser.get(gateway.url + SESSION).json()
            assert (shown["user"], shown["role"]) == (person, role)
            again = browser.get(str(answer.request.url))
            assert told(again) == (401, "unauthenticated"), "a sign-in is over once it is done"
        stranger = oidc.signed_in(at_a_browser(), begin, callback, "eve")
        assert told(stranger) == (403, "forbidden")
        # An answer that belongs to somebody else's browser begins no session.
        first, second = at_a_browser(), at_a_browser()
        first.get(begin), second.get(begin)
        state = httpx.URL(first.get(begin).headers["location"]).params["state"]
        for code in ["stolen", ""]:
            answer = second.get(callback, params={"code": code, "state": state})
            assert told(answer) == (401, "unauthenticated")
        refused = first.get(callback, params={"error": "access_denied", "state": state, "iss": issuer})
        assert told(refused) == (401, "unauthenticated") and "access_denied" in refused.text
        forged = first.get(callback, params={"code": "made-up", "state": state, "iss": issuer})
        assert told(forged) == (401, "unauthenticated")
        mixed = first.get(callback, params={"code": "made-up", "state": state, "iss": "https://evil.example.com"})
        assert told(mixed) == (401, "unauthenticated")
    logs = gateway.stdout() + gateway.stderr()
    assert secret not in logs and secret.encode() not in everything_kept(gateway)


def test_secrets_are_nowhere_but_where_they_belong(start: Start) -> None:
    env = {"TRUNKLINE_ADMIN_PASSWORD": PASSWORD, "BOSS": TOKEN, "LOOKER": VIEWER}
    text = ADMIN + 'tokens = ["${BOSS}"]\nviewer_tokens = ["${LOOKER}"]\n'
    gateway = start(text, env=env, args=["--log-level", "trace"])
    page = Browser(gateway)
    page.sign_in("canary wrong password")
    page.sign_in()
    secrets = [PASSWORD, TOKEN, VIEWER, "canary wrong password", page.http.cookies["trunkline_session"], page.signed["csrf"]]
    for headers in [{"authorization": f"Bearer {TOKEN}"}, {"authorization": f"Bearer {VIEWER}"}, {}]:
        for path in ["/api/v1/auth", SESSION, "/api/v1/sessions", KEYS, "/spend/logs", "/health/detailed"]:
            answer = page.http.get(path, headers=headers)
            assert not [secret for secret in secrets[:5] if secret in answer.text], path
    for body in ['{"password":', json.dumps({"password": [PASSWORD]}), json.dumps({"password": PASSWORD, "user": "x"})]:
        answer = page.http.post(SESSION, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400 and PASSWORD not in answer.text
    page.http.delete(SESSION)
    assert gateway.stop() == 0
    said = gateway.stdout() + gateway.stderr()
    assert "signed in" in said and "wrong password" in said
    kept = everything_kept(gateway)
    for secret in secrets:
        assert secret not in said, secret
        assert secret.encode() not in kept, secret

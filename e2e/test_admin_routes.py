"""Every path of the admin API as `openapi.json` lists it: who may come in, asked of the real binary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from kit import config
from kit.gateway import ROOT, Gateway

TOKEN = "canary-admin-token"
VIEWER = "canary-viewer-token"

DESCRIPTION = json.loads((ROOT / "crates/admin/openapi.json").read_text())

#: What a viewer may do beside looking: it changes nothing that anybody else would see.
VIEWER_MAY = {"explain", "mayPlay", "signIn", "signOut", "tryPattern"}


def operations() -> Iterator[Any]:
    """Method, path and what is said of it, each a case of its own."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield pytest.param(method.upper(), path, operation, id=operation["operationId"])


every_operation = pytest.mark.parametrize(("method", "path", "operation"), list(operations()))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[int, str]]]:
    """Asks a gateway, and gives the status and which problem it is."""
    document = config.QUIET + f'[admin]\ntokens = ["{TOKEN}"]\nviewer_tokens = ["{VIEWER}"]\n'
    gateway = Gateway(Path(tmp_path_factory.mktemp("routes")), document)

    def ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        url = re.sub(r"\{[^}]*\}", "no-such-thing", path)
        body = {} if method == "GET" else {"json": {}}
        with gateway.http.stream(method, url, headers=headers, follow_redirects=False, **body) as answer:
            if answer.headers.get("content-type") != "application/problem+json":
                return answer.status_code, ""
            problem = json.loads(answer.read())
            assert problem["status"] == answer.status_code and problem["title"] and problem["detail"]
            return answer.status_code, problem["type"].rsplit(":", 1)[-1]

    yield ask
    assert gateway.stop() == 0


def is_refused(answer: tuple[int, str]) -> bool:
    """Whether somebody was not let in; a wrong password is no such thing."""
    return answer[1] in {"unauthenticated", "forbidden", "wrong_host", "wrong_origin", "csrf", "off"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_the_description_is_one() -> None:
    OpenAPIV31SpecValidator(DESCRIPTION).validate()


def test_the_binary_serves_the_description(start: Callable[..., Gateway]) -> None:
    gateway = start(config.QUIET, env={"TRUNKLINE_ADMIN_TOKEN": TOKEN})
    assert gateway.http.get("/api/v1/openapi.json").status_code == 401
    answer = gateway.http.get("/api/v1/openapi.json", headers=bearer(TOKEN))
    assert answer.headers["content-type"] == "application/json" and answer.json() == DESCRIPTION


@every_operation
def test_nobody_comes_in_without_saying_who_it_is(asked: Any, method: str, path: str, operation: dict) -> None:
    if operation.get("security") == []:
        assert operation["operationId"] in {"auth", "signIn", "startOidc", "finishOidc"}
        assert operation["x-trunkline-role"] is None
        return
    for headers in [{}, bearer("guess"), {"cookie": "trunkline_session=guess"}, {"x-api-key": TOKEN}]:
        assert asked(method, path, headers) == (401, "unauthenticated"), headers


@every_operation
def test_pages_of_others_come_nowhere(asked: Any, method: str, path: str, operation: dict) -> None:
    assert asked(method, path, {"host": "evil.example.com"}) == (403, "wrong_host")
    if method == "GET":
        return
    for page in [{"origin": "http://evil.example.com"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]:
        assert asked(method, path, bearer(TOKEN) | page) == (403, "wrong_origin"), page


@every_operation
def test_viewers_look_and_change_nothing(asked: Any, method: str, path: str, operation: dict) -> None:
    answer = asked(method, path, bearer(VIEWER))
    if method == "GET" or operation["operationId"] in VIEWER_MAY:
        assert operation["x-trunkline-role"] != "admin"
        assert operation.get("security") == [] or not is_refused(answer), answer
    else:
        assert operation["x-trunkline-role"] == "admin"
        assert answer == (403, "forbidden")


@every_operation
def test_what_an_administrator_is_answered_is_described(asked: Any, method: str, path: str, operation: dict) -> None:
    status, problem = asked(method, path, bearer(TOKEN))
    assert str(status) in operation["responses"], problem
    assert operation.get("security") == [] or not is_refused((status, problem))


def test_what_is_in_no_list_is_nobodys_business(asked: Any) -> None:
    assert asked("GET", "/api/v1/nothing-here", {}) == (401, "unauthenticated")
    assert asked("GET", "/api/v1/nothing-here", bearer(VIEWER)) == (404, "not_found")
    assert asked("PUT", "/api/v1/session", bearer(TOKEN)) == (405, "method_not_allowed")

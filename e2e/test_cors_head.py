"""What browsers and careful clients ask before they ask: HEAD, preflight, and paths without a version."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from kit import config
from kit.gateway import Gateway
from kit.upstream import Upstream

PAGE = "https://chat.example.com"


def preflight(gateway: Gateway, origin: str, path: str = "/v1/chat/completions") -> httpx.Response:
    asks = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, x-stainless-os",
    }
    return gateway.http.request("OPTIONS", path, headers=asks)


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/models", "/health", "/health/ready", "/health/detailed", "/models"])
def test_head_answers_as_get_would_without_a_body(path: str, gateway: Gateway) -> None:
    head, get = gateway.http.head(path), gateway.http.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert get.status_code == 200
    assert head.headers["content-type"] == get.headers["content-type"]


def test_head_of_a_model_and_of_nothing(gateway: Gateway) -> None:
    assert gateway.http.head("/v1/models/alias").status_code == 200
    assert gateway.http.head("/v1/models/nothing").status_code == 404
    assert gateway.http.get("/health").status_code == 200


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
def test_paths_work_with_and_without_the_version(path: str, gateway: Gateway) -> None:
    body = {"model": "alias", "messages": [{"role": "user", "content": "x"}]}
    answer = gateway.http.post(path, json=body)
    assert (answer.status_code, answer.json()["model"]) == (200, "alias")


def test_completions_embeddings_and_models_work_without_the_version(gateway: Gateway, upstream: Upstream) -> None:
    assert gateway.http.get("/models").json() == gateway.http.get("/v1/models").json()
    assert gateway.http.get("/models/alias").json()["id"] == "alias"
    for path in ("/completions", "/embeddings"):
        name = "bare" + path.replace("/", "-")
        assert gateway.http.post(path, json={"model": f"up/{name}", "input": "x", "prompt": "x"}).status_code == 200
        assert upstream.request_of(name).target == "/v1" + path


@pytest.fixture
def browsers(start: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    """A gateway that one page may call."""
    return start(
        config.standard(upstream.base_url)
        + config.server(cors_origins=f'["{PAGE}"]')
        + config.client_key("a", "the-key")
    )


def test_a_listed_origin_may_call(browsers: Gateway) -> None:
    asked = preflight(browsers, PAGE)
    assert asked.status_code in (200, 204)
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "POST" in asked.headers["access-control-allow-methods"]
    allowed = asked.headers["access-control-allow-headers"].lower()
    assert allowed == "*" or all(name in allowed for name in ("authorization", "content-type", "x-stainless-os"))
    assert "authorization" in allowed, "a star does not cover authorization"
    assert "origin" in asked.headers["vary"].lower()

    body = {"model": "alias", "messages": []}
    headers = {"origin": PAGE, "x-api-key": "the-key"}
    answer = browsers.http.post("/v1/chat/completions", json=body, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, PAGE)
    refused = browsers.http.post("/v1/chat/completions", json=body, headers={"origin": PAGE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)


def test_another_origin_may_not(browsers: Gateway) -> None:
    for origin in ("https://evil.example", "null", PAGE + ".evil.example", "http://chat.example.com"):
        assert "access-control-allow-origin" not in preflight(browsers, origin).headers
        answer = browsers.http.get("/v1/models", headers={"origin": origin, "x-api-key": "the-key"})
        assert "access-control-allow-origin" not in answer.headers


def test_without_a_list_no_origin_may(gateway: Gateway) -> None:
    assert "access-control-allow-origin" not in preflight(gateway, PAGE).headers


@pytest.mark.parametrize("value", ["*", f"{PAGE},https://other.example"])
def test_the_predecessors_variable_is_understood(value: str, start: Callable[..., Gateway], upstream: Upstream) -> None:
    gateway = start(config.standard(upstream.base_url), env={"CORS_ORIGINS": value})
    assert preflight(gateway, PAGE).headers["access-control-allow-origin"] in (PAGE, "*")
    assert preflight(gateway, "https://other.example").headers["access-control-allow-origin"] in (
        "https://other.example",
        "*",
    )

"""The commands on two predecessors' pages, and their admin routes, asked with curl as their users ask."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit import config
from kit.gateway import Gateway, clean_env
from kit.upstream import Upstream

Start = Callable[..., Gateway]

CURLS = Path(__file__).parent / "fixtures" / "predecessor_curls.txt"
#: Where the pages say that the two listen.
PLACES = re.compile(r"http://(?:localhost:8002|127\.0\.0\.1:9876)")

NOTE = "# The gateway of the office. Ask Ada before you touch the limits.\n"
CLIENT_KEY = "canary-client-key"
TOKEN = "canary-admin-token"
#: A literal key: nobody is ever shown more of it than its end.
KEY = "sk-canary-0123456789abcdefWXYZ"


def commands(page: str) -> list[str]:
    """The commands of a page."""
    text = CURLS.read_text().split(f"[{page}]\n")[1].split("\n[")[0]
    return [command for command in text.strip().split("\n\n") if command]


def run(command: str, gateway: Gateway, **variables: str) -> str:
    """Runs a command as it is written, elsewhere."""
    done = subprocess.run(
        ["bash", "-c", PLACES.sub(gateway.url, command)],
        env=clean_env(gateway.folder, variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


class Curl:
    """Somebody with curl, and with these headers."""

    def __init__(self, gateway: Gateway, url: str, *headers: str) -> None:
        self.gateway, self.url, self.headers = gateway, url, headers

    def __call__(self, method: str, path: str, body: Any = None, *more: str) -> tuple[int, Any]:
        """The status and the body, read where it is JSON."""
        line = ["curl", "-s", "-X", method, f"{self.url}{path}", "-w", "\n%{http_code}"]
        for header in (*self.headers, *more):
            line += ["-H", header]
        if body is not None:
            line += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        done = subprocess.run(line, env=clean_env(self.gateway.folder), capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout, done.stdout
        text, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(text) if text.startswith(("{", "[")) else text

    def done(self, method: str, path: str, body: Any = None) -> Any:
        status, said = self(method, path, body)
        assert 200 <= status < 300, (method, path, status, said)
        return said


def dashboard(gateway: Gateway) -> str:
    """Where the dashboard of serverless_proxy was."""
    places = re.findall(r"admin API +(http://\S+?)/api", gateway.stdout())
    assert len(places) == 2, gateway.stdout()
    return places[1]


def named(rows: list[Any], name: str) -> Any:
    return next(row for row in rows if row["name"] == name)


def test_each_command_of_serverless_proxys_page(start: Start, upstream: Upstream) -> None:
    gateway = start(NOTE + config.QUIET, env={"AUTH_ENABLED": "false", "FLASK_PORT": "0"})
    curl = Curl(gateway, dashboard(gateway))
    endpoint = {"name": "My Ollama", "url": upstream.base_url, "api_key": KEY, "endpoint_type": "openai"}
    made = curl.done("POST", "/api/admin/endpoints", endpoint)
    assert made["status"] == "ok"
    for name in ("your-virtual-model-name", "my-virtual-model"):
        model = {"name": name, "endpoint_id": made["id"], "actual_model": "real-name"}
        assert curl.done("POST", "/virtual-models", model)["status"] == "ok"
    models, chat, health, other = commands("serverless_proxy")
    listed = json.loads(run(models, gateway))
    assert listed["object"] == "list"
    assert {"your-virtual-model-name", "my-virtual-model"} <= {model["id"] for model in listed["data"]}
    for command, name in ((chat, "your-virtual-model-name"), (other, "my-virtual-model")):
        answer = json.loads(run(command, gateway))
        assert (answer["object"], answer["model"]) == ("chat.completion", name)
        assert answer["choices"][0]["message"]["role"] == "assistant"
    assert json.loads(run(health, gateway))["status"] in ("ok", "healthy")
    assert gateway.config_path.read_text().startswith(NOTE)


def test_each_admin_route_of_serverless_proxys_page(start: Start, upstream: Upstream) -> None:
    gateway = start(NOTE + config.QUIET, env={"AUTH_ENABLED": "false", "FLASK_PORT": "0"})
    curl = Curl(gateway, dashboard(gateway))
    assert curl("GET", "/v1/models")[0] == 404, "models are asked elsewhere"
    assert curl("GET", "/proxy-dashboard")[0] == 302
    form = {"name": "one", "url": upstream.base_url, "api_key": KEY, "endpoint_type": "openai", "priority": 0}
    endpoint = curl.done("POST", "/endpoints", form)["id"]
    row = named(curl.done("GET", "/api/admin/endpoints"), "one")
    assert (row["id"], row["enabled"], row["endpoint_type"]) == (endpoint, 1, "openai")
    assert row["api_key"].endswith("WXYZ") and KEY not in row["api_key"]
    assert curl.done("PUT", f"/endpoints/{endpoint}", {**row, "enabled": True})["status"] == "ok"
    assert curl.done("POST", f"/endpoints/{endpoint}/test", {})["status"] == "ok"
    assert curl.done("GET", f"/endpoints/{endpoint}/models") == {"models": ["listed-1"]}
    model = {"name": "gpt-4", "endpoint_id": endpoint, "actual_model": "real-name", "cost_per_1m_tokens_in": 0.5}
    model_id = curl.done("POST", "/virtual-models", model)["id"]
    row = named(curl.done("GET", "/api/admin/virtual-models"), "gpt-4")
    assert (row["endpoint_name"], row["cost_per_1m_tokens_in"], row["show_reasoning"]) == ("one", 0.5, 1)
    curl.done("PUT", f"/virtual-models/{model_id}", {**row, "enabled": 0})
    assert gateway.chat("gpt-4").status_code == 404, "it is switched off"
    curl.done("PUT", f"/virtual-models/{model_id}", {**row, "enabled": 1})
    assert gateway.chat("gpt-4").status_code == 200, "and with the key that it had"
    gateway.rows_of("gpt-4")
    used, refused = curl.done("GET", "/api/admin/usage/by_model")
    assert (used["virtual_model"], used["total_tokens"], used["request_count"]) == ("gpt-4", 22, 1)
    assert (refused["total_tokens"], refused["request_count"]) == (0, 1), "the one that found it switched off"
    summary = curl.done("GET", "/api/admin/usage")
    assert (summary["summary"]["total_tokens"], len(summary["daily_breakdown"])) == (22, 1)
    assert curl.done("GET", "/api/admin/usage/by_endpoint")[0]["endpoint_name"] == "one"
    pattern = {"pattern_name": "mine", "pattern_type": "xml", "regex_pattern": r"<call>(\w+)</call>", "priority": 95,
               "tool_name_group": 1, "tool_name_mapping": "{}", "parameter_mapping": "{}", "enabled": True}  # fmt: skip
    pattern_id = curl.done("POST", "/api/admin/tool-patterns", pattern)["id"]
    for place in ("/api/admin/tool-patterns", "/tool-patterns", "/endpoints/patterns"):
        (row,) = curl.done("GET", place)
        assert (row["id"], row["pattern_name"], row["priority"]) == (pattern_id, "mine", 95)
        assert curl.done("PUT", f"{place}/{pattern_id}", {**row, "enabled": 1})["status"] == "ok"
    assert curl.done("DELETE", f"/api/admin/tool-patterns/{pattern_id}")["status"] == "ok"
    assert curl("PUT", f"/api/admin/tool-patterns/{pattern_id}", {"enabled": 0})[0] == 404
    assert curl.done("GET", f"/virtual-models/{model_id}/delete")["status"] == "ok"
    assert curl.done("DELETE", f"/endpoints/{endpoint}/delete")["status"] == "ok"
    status, said = curl("DELETE", f"/endpoints/{endpoint}/delete")
    assert (status, said["error"]) == (404, "Endpoint not found")
    assert gateway.config_path.read_text().startswith(NOTE)


def test_serverless_proxys_routes_ask_who_calls(start: Start) -> None:
    gateway = start(config.QUIET, env={"FLASK_PORT": "0", "TRUNKLINE_ADMIN_TOKEN": TOKEN})
    nobody = Curl(gateway, dashboard(gateway))
    for method, path in (("GET", "/api/admin/endpoints"), ("POST", "/endpoints"), ("GET", "/endpoints/1/delete")):
        status, said = nobody(method, path, {} if method == "POST" else None)
        assert (status, said["error"]) == (401, "Unauthorized")
    admin = Curl(gateway, gateway.url, f"Authorization: Bearer {TOKEN}")
    assert admin("GET", "/api/admin/endpoints")[0] == 200, "where all else is, as well"


@pytest.fixture
def folder(start: Start, tmp_path: Path, upstream: Upstream) -> Gateway:
    """A gateway on a folder of model-proxy's."""
    root = tmp_path / "config"
    provider = {
        "name": "up",
        "api_keys": {"env_var_patterns": ["UP_API_KEY"]},
        "endpoints": {"base_url": upstream.base_url, "completions": "/chat/completions"},
        "authentication": {"type": "bearer"},
    }
    for path, says in {"providers/up.json": provider, "models/turbo.json": MODEL}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps(says))
    env = {"CLIENT_API_KEY": CLIENT_KEY, "UP_API_KEY": KEY}
    return start(None, env=env, args=["--config", str(root)])


MODEL = {
    "logical_name": "turbo",
    "timeout_seconds": 20,
    "default_cooldown_seconds": 10,
    "context_window": 131072,
    "model_routings": [{"provider": "up", "model": "real-name"}],
    "fallback_model_routings": [],
}


def test_each_command_of_model_proxys_page(folder: Gateway) -> None:
    health, models = commands("model-proxy")
    assert json.loads(run(health, folder))["status"] in ("ok", "healthy")
    listed = json.loads(run(models, folder, CLIENT_API_KEY=CLIENT_KEY))
    turbo = next(model for model in listed["data"] if model["id"] == "turbo")
    assert (turbo["context_window"], turbo["context_length"], turbo["limit"]["context"]) == (131072, 131072, 131072)


def test_a_folder_of_model_proxys_is_shown_and_its_key_lets_in(folder: Gateway) -> None:
    nobody = Curl(folder, folder.url)
    status, said = nobody("GET", "/v1/admin/logs")
    assert (status, said["error"]["type"]) == (401, "authentication_error")
    assert nobody("GET", "/v1/admin/auth/status") == (401, {"authenticated": False})
    assert nobody("GET", "/setup/")[0] == 302
    for header in (f"Authorization: Bearer {CLIENT_KEY}", f"x-api-key: {CLIENT_KEY}"):
        curl = Curl(folder, folder.url, header)
        assert curl("GET", "/v1/admin/auth/status") == (200, {"authenticated": True})
        assert curl.done("GET", "/v1/admin/config/models/turbo")["model"] == MODEL
        provider = curl.done("GET", "/v1/admin/config/providers/up")["provider"]
        assert provider["api_keys"] == {"env_var_patterns": ["UP_API_KEY"]}
        entries = curl.done("GET", "/v1/admin/config/env?reveal=true")["entries"]
        assert {"key": "UP_API_KEY", "value": "****", "masked": True} in entries
    status, said = curl("PUT", "/v1/admin/config/models/turbo", {**MODEL, "timeout_seconds": 30})
    assert status == 409 and said["error"], "the folder is for its own tools to change"


def test_each_admin_route_of_model_proxys_page(start: Start, upstream: Upstream) -> None:
    text = NOTE + config.QUIET + config.provider("up", upstream.base_url, keys=[KEY])
    gateway = start(text, env={"TRUNKLINE_ADMIN_TOKEN": TOKEN})
    curl = Curl(gateway, gateway.url, f"Authorization: Bearer {TOKEN}")
    status, made = curl("POST", "/v1/admin/config/models/turbo", MODEL)
    assert (status, made["model"]) == (201, MODEL)
    assert gateway.chat("turbo").status_code == 200
    changed = curl.done("PATCH", "/v1/admin/config/models/turbo", {"timeout_seconds": 120})
    assert changed["model"]["timeout_seconds"] == 120
    assert curl.done("PUT", "/v1/admin/config/models/turbo", MODEL)["model"] == MODEL
    provider = curl.done("GET", "/v1/admin/config/providers/up")["provider"]
    other = {**provider, "name": "other"}
    assert curl("POST", "/v1/admin/config/providers/other", other)[0] == 201
    assert [row["name"] for row in curl.done("GET", "/v1/admin/config/providers")["providers"]] == ["other", "up"]
    bundle = curl.done("GET", "/v1/admin/config/export")
    assert bundle["metadata"]["total_providers"] == 2
    bundle["setup"]["models"][0]["context_window"] = 4096
    seen = curl.done("POST", "/v1/admin/config/import?dry_run=true", bundle)
    assert (seen["dry_run"], seen["models"]["overwrite"], seen["providers"]["unchanged"]) == (
        True,
        ["turbo"],
        ["up", "other"],
    )
    taken = curl.done("POST", "/v1/admin/config/import", bundle)
    assert (taken["applied"], taken["aborted"]) == ({"providers": 0, "models": 1, "env": 0}, False)
    assert curl.done("GET", "/v1/admin/config/models/turbo")["model"]["context_window"] == 4096
    gateway.rows_of("turbo")
    logs = curl.done("GET", "/v1/admin/logs?limit=5")
    (record,) = logs["records"]
    assert (logs["count"], record["requestedModel"], record["resolvedProvider"]) == (1, "turbo", "up")
    trace = curl.done("GET", f"/v1/admin/events/{record['requestId']}")
    kinds = ["request.started", "route.attempted", "route.succeeded", "request.finished"]
    assert [event["type"] for event in trace["events"]] == kinds
    _, told = curl("GET", f"/v1/admin/events/{record['requestId']}/stream")
    assert [json.loads(line.removeprefix("data: "))["type"] for line in told.split("\n\n") if line] == kinds
    assert curl("GET", "/v1/admin/events/nothing")[0] == 404
    assert curl.done("DELETE", "/v1/admin/config/models/turbo") == {"deleted": True, "name": "turbo"}
    assert curl("GET", "/v1/admin/config/models/turbo")[1]["error"] == "Model config 'turbo' not found"
    assert gateway.chat("turbo").status_code == 404
    assert gateway.config_path.read_text().startswith(NOTE)

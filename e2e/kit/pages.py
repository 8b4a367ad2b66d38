"""Journeys through the UI's pages in a real browser, and gateways that have something to show."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from . import config
from .backends import free_port
from .gateway import ROOT, Gateway, binary, clean_env

PASSWORD = "canary correct horse"
VIEWER = "canary viewing horse"
TOKEN = "canary-admin-token"
CLIENT_KEY = "sk-canary-app"
SIGN_IN = {"TRUNKLINE_ADMIN_PASSWORD": PASSWORD, "TRUNKLINE_ADMIN_TOKEN": TOKEN}
#: A journey, or all pages in all looks, on a loaded machine.
JOURNEY_DEADLINE_S = 180
PAGES_DEADLINE_S = 540


def travel(name: str, gateway: Gateway, deadline_s: float = JOURNEY_DEADLINE_S, **known: Any) -> str:
    """Makes a journey of `web/tests/real/` in a browser; what it printed."""
    journey = {"url": gateway.url, "password": PASSWORD, "viewer": VIEWER, "token": TOKEN, **known}
    env = clean_env(gateway.folder, {"JOURNEY": json.dumps(journey)})
    env.update({word: os.environ[word] for word in ("CHROMIUM",) if word in os.environ})
    ran = subprocess.run(
        ["node", "tests/real.mjs", name],
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


def set_viewer_password(gateway: Gateway) -> None:
    """As an operator does, beside the process that serves."""
    words = [str(binary()), "admin", "password", "--role", "viewer", "--stdin", "--data-dir", str(gateway.data)]
    subprocess.run(words, env=clean_env(gateway.folder), input=VIEWER, text=True, timeout=20, check=True)


def bundle(mock: str) -> dict[str, Any]:
    """What model-proxy exports."""
    groq = {
        "name": "groq",
        "enabled": True,
        "api_keys": {"env_var_patterns": ["{PROVIDER}_API_KEY_{INDEX}"]},
        "endpoints": {"base_url": f"{mock}/v1", "completions": "/chat/completions"},
        "authentication": {"type": "bearer"},
        "billing_code": "R-7",
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


def busy_document(mock: str) -> str:
    """What a team has: vendors and servers of its own, one of them down, keys, budgets, a pattern. All of them are the mock."""
    return f"""\
# What our team uses. Ask #platform before you add to it.
[store]
flush_interval = "50ms"

[discovery]
probe = false

[providers.groq]
type = "groq"
base_url = "{mock}"
keys = ["sk-canary-groq-1", "sk-canary-groq-2"]

[providers.anthropic]
base_url = "{mock}"
key = "sk-canary-anthropic"

[providers.openai]
base_url = "{mock}"
key = "sk-canary-openai"

[providers.gpu]            # the big box in the cellar
type = "vllm"
base_url = "{mock}"

[providers.gpu-old]        # goes away in spring
type = "llama_cpp"
base_url = "http://127.0.0.1:{free_port()}"

[models.turbo]
targets = [
  {{ provider = "groq", model = "llama-3.3-70b-versatile", cooldown = "10s" }},
  {{ provider = "gpu", model = "Qwen/Qwen3-8B", priority = 1 }},
]
fallbacks = ["vision"]
context_window = 131072

[models.coder]
targets = [
  {{ provider = "gpu-old", model = "Qwen/Qwen3-Coder-30B" }},
  {{ provider = "gpu", model = "Qwen/Qwen3-Coder-30B", priority = 1 }},
]
price = {{ input = 0.1, output = 0.3 }}

[models.claude]
targets = [{{ provider = "anthropic", model = "claude-sonnet-5" }}]

[models.vision]
targets = [{{ provider = "openai", model = "gpt-4o" }}]

[[client_keys]]
name = "app"
key = "{CLIENT_KEY}"
budgets = [{{ usd = "20", period = "day" }}]

[[client_keys]]
name = "ci"
key = "sk-canary-ci"
models = ["turbo", "coder"]
requests_per_minute = 60

[[patterns]]
name = "execute"
regex = '\\[EXECUTE:(\\w+):([^\\]]+)\\]'
tool_name_group = 1
parameter_mapping = {{ "2" = "command" }}
"""


def send_traffic(gateway: Gateway) -> None:
    """A handful of requests of every kind: served, by a second target, translated, refused; and a secret that is kept."""
    sign_in = {"authorization": f"Bearer {TOKEN}"}
    gateway.http.put("/api/v1/secrets/spare", json={"value": "sk-canary-spare"}, headers=sign_in).raise_for_status()
    gateway.http.headers["authorization"] = f"Bearer {CLIENT_KEY}"
    chat = "/v1/chat/completions"
    for _ in range(3):
        for model in ("turbo", "coder", "vision", "claude"):
            gateway.http.post(chat, json={"model": model, "messages": [{"role": "user", "content": "hello"}]})
    said = [{"role": "user", "content": "hello"}]
    gateway.http.post("/v1/messages", json={"model": "turbo", "max_tokens": 64, "top_k": 5, "messages": said})
    gateway.http.post(chat, json={"model": "turbo", "stream": True, "messages": said})
    gateway.http.post(chat, json={"model": "vision", "messages": [{"role": "user", "content": "too fast"}]})
    gateway.http.post(chat, json={"model": "nothing-like-it", "messages": said})
    gateway.rows_of("turbo", 5)

"""Client keys: made, limited, rotated and revoked while the gateway runs, seen through the vendors' own SDKs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from kit import config
from kit.gateway import Gateway, command
from kit.upstream import Upstream
from kit.waits import eventually

HELLO = [{"role": "user", "content": "hello"}]
#: Within this time a running process knows what was done to a key.
KNOWN_WITHIN_S = 1.0
ADMIN = "sk-admin-of-the-test"


@pytest.fixture
def keyed(start: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    """A gateway that asks for keys, has none, and prices its model at a thousandth of a USD a token that comes out."""
    priced = config.model("alias", "up", "real-name", "price = { input = 0, output = 1000 }")
    text = config.QUIET + config.provider("up", upstream.base_url) + priced + config.server(auth='"keys"')
    return start(text, env={"TRUNKLINE_ADMIN_TOKEN": ADMIN})


def keys(gateway: Gateway, *args: str) -> Any:
    """Runs `trunkline keys`, and gives what it says in JSON."""
    options = ["--json", "--data-dir", str(gateway.data), "--config", str(gateway.config_path)]
    done = command(["keys", *args, *options], gateway.folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def openai_sdk(gateway: Gateway, key: str) -> Iterator[openai.OpenAI]:
    """No retries: a test wants the first answer."""
    with openai.OpenAI(base_url=gateway.v1, api_key=key, max_retries=0, timeout=20) as sdk:
        yield sdk


@contextmanager
def anthropic_sdk(gateway: Gateway, key: str) -> Iterator[anthropic.Anthropic]:
    """The same."""
    with anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0, timeout=20) as sdk:
        yield sdk


def chat(sdk: openai.OpenAI, model: str = "alias") -> Any:
    return sdk.chat.completions.create(model=model, messages=HELLO, max_tokens=5)


def answers(sdk: openai.OpenAI) -> bool:
    try:
        return bool(chat(sdk))
    except openai.AuthenticationError:
        return False


def test_a_key_works_within_a_second_and_stops_within_one(keyed: Gateway) -> None:
    made = keys(keyed, "create", "--name", "laptop", "--owner", "ada", "--tag", "team-x")
    assert made["key"].startswith("sk-tl-") and len(made["key"]) == len("sk-tl-") + 32
    with openai_sdk(keyed, made["key"]) as sdk:
        eventually("the key works", lambda: answers(sdk), KNOWN_WITHIN_S)
        listed = keys(keyed, "list")["items"]
        assert [(row["name"], row["owner"], row["tags"]) for row in listed] == [("laptop", "ada", ["team-x"])]
        keys(keyed, "disable", "laptop")
        eventually("the key is off", lambda: not answers(sdk), KNOWN_WITHIN_S)
        keys(keyed, "enable", "laptop")
        eventually("the key is on", lambda: answers(sdk), KNOWN_WITHIN_S)
        keys(keyed, "revoke", "laptop")
        eventually("the key is gone", lambda: not answers(sdk), KNOWN_WITHIN_S)
    again = keys(keyed, "create", "--name", "laptop")
    assert again["id"] != made["id"], "the name is free again"
    assert made["key"] not in keyed.logs(), "a key is shown once, and logged never"
    stored = b"".join(path.read_bytes() for path in Path(keyed.data).iterdir() if path.is_file())
    assert made["key"].encode() not in stored and again["key"].encode() not in stored


def test_a_start_without_keys_asks_for_one_as_soon_as_there_is_one(
    start: Callable[..., Gateway], upstream: Upstream
) -> None:
    gateway = start(config.standard(upstream.base_url))
    with openai_sdk(gateway, "anything") as sdk:
        assert answers(sdk)
        made = keys(gateway, "create", "--name", "first")
        eventually("a key is asked for", lambda: not answers(sdk), KNOWN_WITHIN_S)
        keys(gateway, "revoke", made["id"])
        assert not answers(sdk), "the last key that goes opens nothing"


def test_a_rotated_key_overlaps_with_the_one_before(keyed: Gateway) -> None:
    made = keys(keyed, "create", "--name", "turning")
    rotated = keys(keyed, "rotate", "turning", "--overlap", "1h")
    with openai_sdk(keyed, made["key"]) as before, openai_sdk(keyed, rotated["key"]) as after:
        eventually("the new one works", lambda: answers(after), KNOWN_WITHIN_S)
        assert answers(before)
        last = keys(keyed, "rotate", "turning")
        eventually("no overlap", lambda: not answers(after), KNOWN_WITHIN_S)
        assert not answers(before)
    with openai_sdk(keyed, last["key"]) as sdk:
        assert answers(sdk)


def test_limits_are_told_in_words_that_the_sdks_read(keyed: Gateway) -> None:
    key = keys(keyed, "create", "--name", "slow", "--rpm", "2", "--model", "alias")["key"]
    with openai_sdk(keyed, key) as sdk, anthropic_sdk(keyed, key) as claude:
        eventually("the key is known", lambda: bool(sdk.models.list().data), KNOWN_WITHIN_S)
        assert [model.id for model in sdk.models.list()] == ["alias"]
        with pytest.raises(openai.PermissionDeniedError) as denied:
            chat(sdk, "up/other")
        assert denied.value.code == "model_not_allowed"
        first = sdk.chat.completions.with_raw_response.create(model="alias", messages=HELLO)
        assert first.headers["x-ratelimit-limit-requests"] == "2"
        assert first.headers["x-ratelimit-remaining-requests"] == "1"
        second = claude.messages.with_raw_response.create(model="alias", messages=HELLO, max_tokens=5)
        assert second.headers["anthropic-ratelimit-requests-remaining"] == "0"
        with pytest.raises(openai.RateLimitError) as limited:
            chat(sdk)
        assert limited.value.code == "rate_limit_exceeded"
        assert 1 <= int(limited.value.response.headers["retry-after"]) <= 61
        with pytest.raises(anthropic.RateLimitError) as limited:
            claude.messages.create(model="alias", messages=HELLO, max_tokens=5)
        assert limited.value.body["error"]["type"] == "rate_limit_error"
        assert limited.value.response.headers["anthropic-ratelimit-requests-reset"].endswith("Z")


def test_a_budget_survives_a_restart(keyed: Gateway, start: Callable[..., Gateway]) -> None:
    # Each answer has five tokens: 0.005 USD.
    key = keys(keyed, "create", "--name", "spender", "--budget", "0.012", "--budget-period", "month")["key"]
    with openai_sdk(keyed, key) as sdk:
        eventually("the key works", lambda: answers(sdk), KNOWN_WITHIN_S)
    assert keyed.stop() == 0
    text = keyed.config_path.read_text()
    again = start(text, data=keyed.data, env={"TRUNKLINE_ADMIN_TOKEN": ADMIN})
    with openai_sdk(again, key) as sdk:
        chat(sdk)
        with pytest.raises(openai.RateLimitError) as spent:
            # Not tried again: the SDK is told so, and would wait for a month otherwise.
            chat(sdk.with_options(max_retries=5))
    assert spent.value.code == "budget_exceeded"
    headers = {"authorization": f"Bearer {ADMIN}"}
    [row] = again.http.get("/api/v1/client-keys", headers=headers).json()["items"]
    month = {"period": "month", "usd": "0.01"}
    assert month in row["spent"] and row["reserved_usd"] == "0.00", row


def test_the_admin_api_and_litellms_words_do_the_same(keyed: Gateway) -> None:
    admin = {"authorization": f"Bearer {ADMIN}"}
    base = "/api/v1/client-keys"
    assert keyed.http.get(base).status_code == 401
    made = keyed.http.post(base, headers=admin, json={"name": "app", "requests_per_minute": 100})
    assert made.status_code == 201, made.text
    made = made.json()
    with openai_sdk(keyed, made["key"]) as sdk:
        eventually("the key works", lambda: answers(sdk), KNOWN_WITHIN_S)
    taken = keyed.http.post(base, headers=admin, json={"name": "app"})
    assert taken.status_code == 409 and "app" in taken.json()["detail"]
    wrong = keyed.http.post(base, headers=admin, json={"name": "x", "budgets": [{"usd": "much"}]})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "budgets[0].usd"), wrong.text
    patched = keyed.http.patch(f"{base}/app", headers=admin, json={"models": ["al*"], "requests_per_minute": None})
    assert (patched.json()["models"], "requests_per_minute" in patched.json()) == (["al*"], False)
    assert "key" not in keyed.http.get(f"{base}/{made['id']}", headers=admin).json()
    info = keyed.http.get("/key/info", params={"key": made["key"]}, headers=admin).json()
    assert (info["info"]["key_alias"], info["info"]["models"]) == ("app", ["al*"])
    assert made["key"] not in json.dumps(info)

    theirs = keyed.http.post(
        "/key/generate",
        headers=admin,
        json={"key_alias": "bot", "max_budget": 5.5, "budget_duration": "30d", "rpm_limit": 10, "metadata": {}},
    ).json()
    assert (theirs["max_budget"], theirs["budget_duration"], theirs["rpm_limit"]) == (5.5, "month", 10), theirs
    updated = keyed.http.post("/key/update", headers=admin, json={"key": theirs["key"], "blocked": True}).json()
    assert updated["blocked"] is True and updated["key_alias"] == "bot"
    unknown = keyed.http.post("/key/generate", headers=admin, json={"team_id": "t"})
    assert (unknown.status_code, unknown.json()["field"]) == (400, "team_id")
    gone = keyed.http.post("/key/delete", headers=admin, json={"keys": [theirs["key"]]})
    assert gone.status_code == 200
    assert keyed.http.get("/key/info", params={"key": theirs["key"]}, headers=admin).status_code == 404
    [model] = keyed.http.get("/model/info", headers=admin).json()["data"]
    assert (model["model_name"], model["model_info"]["output_cost_per_token"]) == ("alias", 0.001)
    of_app = {"api_key": made["key"]}
    logs = eventually(
        "the request is logged", lambda: keyed.http.get("/spend/logs", params=of_app, headers=admin).json(), 5.0
    )
    assert (logs[0]["api_key"], logs[0]["spend"], logs[0]["completion_tokens"]) == ("app", 0.005, 5), logs[0]
    assert keyed.http.delete(f"{base}/app", headers=admin).json()["revoked"]

"""The first minute: no document, no key, no other server; what is printed works as printed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from kit.gateway import Gateway, clean_env
from kit.waits import eventually

Start = Callable[..., Gateway]

CONTEXT_FIELDS = ("context_length", "max_model_len", "context_window", "max_input_tokens", "max_output_tokens")


def shell(line: str, gateway: Gateway) -> str:
    """Runs a line through bash, as a person would who pastes it."""
    ran = subprocess.run(
        ["bash", "-c", line],
        env=clean_env(gateway.folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 0, ran
    return ran.stdout


def printed_curl(gateway: Gateway) -> str:
    """The command that the start printed, with its continued lines."""

    def find() -> str | None:
        lines = gateway.stdout().splitlines()
        for at, line in enumerate(lines):
            if line.strip().startswith("curl "):
                end = at
                while lines[end].rstrip().endswith("\\") and end + 1 < len(lines):
                    end += 1
                return "\n".join(lines[at : end + 1])
        return None

    return eventually("a curl line is printed", find)


def test_the_printed_curl_line_answers_from_the_dummy(start: Start) -> None:
    gateway = start(None, env={"TRUNKLINE_PROBE": "true"})  # as a user's first start, probes included
    line = printed_curl(gateway)
    assert "dummy/echo-1" in line
    answer = json.loads(shell(line, gateway))
    assert answer["model"] == "dummy/echo-1"
    assert answer["choices"][0]["message"]["role"] == "assistant"
    assert "x-dummy-tag" in answer["choices"][0]["message"]["content"]


def test_without_keys_the_log_says_that_the_gateway_is_open(start: Start) -> None:
    gateway = start(None)
    eventually("the log says so", lambda: "open" in (gateway.stdout() + gateway.stderr()).lower())


def test_the_dummy_models_are_listed_with_every_context_field(start: Start) -> None:
    gateway = start(None)
    listed = gateway.http.get("/v1/models").json()
    assert listed["object"] == "list"
    models = {entry["id"]: entry for entry in listed["data"]}
    assert {"dummy/echo-1", "dummy/story-1"} <= set(models)
    for name in ("dummy/echo-1", "dummy/story-1"):
        entry = models[name]
        assert entry["object"] == "model"
        assert entry["owned_by"] == "dummy-provider"
        assert isinstance(entry["created"], int)
        missing = [field for field in CONTEXT_FIELDS if not isinstance(entry.get(field), int)]
        assert not missing, f"{name} lacks {missing}: {entry}"
        assert entry["limit"]["context"] == entry["context_length"] == entry["context_window"]
        assert entry["max_model_len"] == entry["context_length"]


@pytest.mark.parametrize("path", ["/v1/models/dummy/echo-1", "/v1/models/dummy%2Fecho-1", "/models/dummy/echo-1"])
def test_one_model_is_found_by_its_name(start: Start, path: str) -> None:
    gateway = start(None)
    answer = gateway.http.get(path)
    assert (answer.status_code, answer.json()["id"]) == (200, "dummy/echo-1")


def test_a_provider_key_in_the_environment_makes_a_provider(start: Start) -> None:
    gateway = start(None, env={"GROQ_API_KEY": "gsk-never-used", "GROQ_API_KEY_1": "gsk-second"})
    detail = gateway.http.get("/health/detailed").text
    assert "gsk-" not in detail + gateway.stdout() + gateway.stderr()
    assert "groq" in gateway.stdout() + detail


@pytest.mark.parametrize("word", ["start", ""])
def test_start_is_another_word_for_serve_and_no_word_is_needed(start: Start, word: str) -> None:
    assert start(None, word=word).healthy()


SEEDED = {
    "plain": """curl -sS BASE/v1/chat/completions \\
  -H 'content-type: application/json' \\
  -H 'authorization: Bearer upstream-secret' \\
  -H 'x-dummy-tag: tutorial' \\
  -d '{
    "model": "dummy/echo-1",
    "messages": [
      { "role": "user", "content": "hello proxy" }
    ]
  }'""",
    "parts": """curl -sS BASE/v1/chat/completions \\
  -H 'content-type: application/json' \\
  -d '{
    "model": "dummy/echo-1",
    "messages": [
      {
        "role": "user",
        "content": [
          { "type": "text", "text": "hello" },
          { "type": "text", "text": "proxy" }
        ]
      }
    ]
  }'""",
    "stream": """curl -sS BASE/v1/chat/completions \\
  -N \\
  -H 'content-type: application/json' \\
  -H 'x-dummy-tag: stream-demo' \\
  -d '{
    "model": "dummy/story-1",
    "stream": true,
    "messages": [
      { "role": "user", "content": "tell a short tale" }
    ]
  }'""",
}


def test_the_adapter_proxys_tutorial_works_as_it_stands(start: Start) -> None:
    gateway = start(None)
    plain = json.loads(shell(SEEDED["plain"].replace("BASE", gateway.url), gateway))
    text = plain["choices"][0]["message"]["content"]
    assert plain["id"].startswith("chatcmpl_dummy_")
    assert "hello proxy" in text
    assert "x-dummy-tag=tutorial" in text
    assert "authorization_forwarded=true" in text
    usage = plain["usage"]
    assert usage["prompt_tokens"] == 2
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    parts = json.loads(shell(SEEDED["parts"].replace("BASE", gateway.url), gateway))
    text = parts["choices"][0]["message"]["content"]
    assert "hello\nproxy" in text
    assert "authorization_forwarded=false" in text

    stream = shell(SEEDED["stream"].replace("BASE", gateway.url), gateway)
    lines = [line[len("data: ") :] for line in stream.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)
    assert all(chunk["model"] == "dummy/story-1" for chunk in chunks)
    story = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert len(story.split()) > 3
    assert any(chunk["choices"] and chunk["choices"][0]["finish_reason"] == "stop" for chunk in chunks)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages"),
        ({"messages": []}, "messages"),
        ({"temperature": "warm"}, "temperature"),
    ],
)
def test_the_dummy_refuses_what_it_does_not_support_by_name(start: Start, more: dict, param: str) -> None:
    gateway = start(None)
    answer = gateway.chat("dummy/echo-1", **more)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert param in f"{error['param']} {error['message']}"


def test_the_dummy_fails_when_told_to(start: Start) -> None:
    gateway = start(None)
    body = {"model": "dummy/echo-1", "messages": [{"role": "user", "content": "x"}]}
    answer = gateway.http.post("/v1/chat/completions", json=body, headers={"x-dummy-fail": "true"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "dummy_upstream_failed")


def test_health_has_three_depths(start: Start) -> None:
    gateway = start(None)
    assert gateway.http.get("/health").status_code == 200
    assert gateway.http.get("/health/ready").status_code == 200
    assert isinstance(gateway.http.get("/health/detailed").json(), dict)

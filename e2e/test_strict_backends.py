"""The strict backends are themselves checked: official SDKs get along with them, and each refusal fires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kit import loops
from kit.clients import LOOPS
from kit.strict.anthropic import Alternating, Anthropic
from kit.strict.chat import Chat, DeepSeek
from kit.strict.gemini import Gemini
from kit.strict.ollama import Ollama
from kit.strict.responses import Responses
from kit.strict.server import StrictServer, Wire

WIRES: dict[str, tuple[str, Callable[[], Wire]]] = {
    "openai_chat": ("openai_chat", Chat),
    "deepseek": ("openai_chat", DeepSeek),
    "openai_responses": ("openai_responses", Responses),
    "anthropic": ("anthropic", Anthropic),
    "alternating": ("anthropic", Alternating),
    "ollama": ("ollama", Ollama),
    "gemini": ("gemini", Gemini),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", WIRES)
def test_an_official_client_loops_straight_against_it(name: str, stream: bool) -> None:
    client, wire = WIRES[name]
    server = StrictServer(wire(), loops.script(20))
    try:
        loops.run(LOOPS[client], server.origin, "strict", stream=stream)
    finally:
        server.close()
    assert not server.refused, server.refused
    assert not server.failures, server.failures


USER = {"role": "user", "content": "x"}
CALL = {"id": "c1", "type": "function", "function": {"name": "note", "arguments": "{}"}}
USE = {"type": "tool_use", "id": "c1", "name": "note", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "c1", "content": "y"}
THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2048}


def chat(*messages: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return "/v1/chat/completions", {"model": "m", "messages": list(messages), **more}


def claude(*messages: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    return "/v1/messages", {"model": "m", "max_tokens": 10, "messages": list(messages), **more}


def google(*contents: Any) -> tuple[str, dict[str, Any]]:
    return "/v1beta/models/m:generateContent", {"contents": list(contents)}


def items(*given: Any) -> tuple[str, dict[str, Any]]:
    return "/v1/responses", {"model": "m", "input": list(given)}


GOOGLE_CALL = {"functionCall": {"name": "note", "args": {}}}
GOOGLE_USER = {"role": "user", "parts": [{"text": "x"}]}
GOOGLE_RESULT = {"role": "user", "parts": [{"functionResponse": {"name": "note", "response": {}}}]}
ITEM_CALL = {"type": "function_call", "call_id": "c1", "name": "note", "arguments": "{}"}

REFUSALS = {
    "an orphan tool message": (
        Chat,
        chat(USER, {"role": "tool", "tool_call_id": "c1", "content": "y"}),
        "must be a response to",
    ),
    "a call without a result": (
        Chat,
        chat(USER, {"role": "assistant", "tool_calls": [CALL]}, USER),
        "did not have response",
    ),
    "arguments that are an object": (
        Chat,
        chat(USER, {"role": "assistant", "tool_calls": [CALL | {"function": {"name": "note", "arguments": {}}}]}),
        "expected a string, but got an object",
    ),
    "no tools but a choice": (Chat, chat(USER, tool_choice="auto"), "only allowed when 'tools' are specified"),
    "an empty list of tools": (Chat, chat(USER, tools=[]), "empty array"),
    "a field of nobody": (Chat, chat(USER, top_k=4), "Unrecognized request argument supplied: top_k"),
    "thoughts that stay away": (
        DeepSeek,
        chat(USER, {"role": "assistant", "tool_calls": [CALL]}),
        "Missing `reasoning_content`",
    ),
    "no max_tokens": (Anthropic, ("/v1/messages", {"model": "m", "messages": [USER]}), "max_tokens: Field required"),
    "a use without a result": (
        Anthropic,
        claude(USER, {"role": "assistant", "content": [USE]}, USER),
        "`tool_use` ids were found",
    ),
    "a result of no use": (Anthropic, claude({"role": "user", "content": [RESULT]}), "unexpected `tool_use_id`"),
    "a role of another vendor": (Anthropic, claude(USER, {"role": "tool", "content": "y"}), "Unexpected role"),
    "an empty text": (
        Anthropic,
        claude({"role": "user", "content": [{"type": "text", "text": ""}]}),
        "must be non-empty",
    ),
    "an assistant first": (Anthropic, claude({"role": "assistant", "content": "y"}), "first message must use"),
    "two turns of the user": (Alternating, claude(USER, USER), "roles must alternate"),
    "results in turns of their own": (
        Alternating,
        claude(
            USER,
            {"role": "assistant", "content": [USE, USE | {"id": "c2"}]},
            {"role": "user", "content": [RESULT]},
            {"role": "user", "content": [RESULT | {"tool_use_id": "c2"}]},
        ),
        "roles in a row",
    ),
    "a result after text": (
        Anthropic,
        claude(
            USER,
            {"role": "assistant", "content": [USE]},
            {"role": "user", "content": [{"type": "text", "text": "x"}, RESULT]},
        ),
        "must come first",
    ),
    "a thought without a signature": (
        Anthropic,
        claude(USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}]}, USER, **THINK),
        "signature: Field required",
    ),
    "an altered thought": (
        Anthropic,
        claude(
            USER,
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "AA"}]},
            USER,
            **THINK,
        ),
        "Invalid `signature`",
    ),
    "a call without its signature": (
        Gemini,
        google(GOOGLE_USER, {"role": "model", "parts": [GOOGLE_CALL]}, GOOGLE_RESULT),
        "thought_signature",
    ),
    "a call without a response": (
        Gemini,
        google(GOOGLE_USER, {"role": "model", "parts": [GOOGLE_CALL]}, GOOGLE_USER),
        "function response parts",
    ),
    "an output of no call": (
        Responses,
        items({"type": "function_call_output", "call_id": "c1", "output": "y"}),
        "No tool call found",
    ),
    "a call without an output": (Responses, items(USER, ITEM_CALL), "No tool output found"),
    "a reasoning item without its seal": (
        Responses,
        items(USER, {"type": "reasoning", "id": "rs_1", "summary": []}),
        "not persisted",
    ),
    "parts where Ollama has text": (
        Ollama,
        ("/api/chat", {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}),
        "cannot unmarshal array",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_refuses(name: str) -> None:
    wire, (path, body), words = REFUSALS[name]
    server = StrictServer(wire(), loops.script(0))
    headers = {"authorization": "Bearer k", "x-goog-api-key": "k", "anthropic-version": "2023-06-01"}
    try:
        answer = httpx.post(server.origin + path, json=body, headers=headers, trust_env=False)
    finally:
        server.close()
    assert answer.status_code == 400
    assert words in answer.text
    assert words in server.refused[0]

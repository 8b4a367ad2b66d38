"""What the matrix asks of each official client: one feature a function call, with what proves that it was carried.

A probe raises when the answer is not what the feature promises. What the backend must have been sent is proved from the
bytes that reached it, in that wire's own words: `arrived`.
"""

from __future__ import annotations

import base64
import functools
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ollama
from google import genai
from google.genai import types

from .clients import KEY, TIMEOUT_S
from .sdks import SDKS, Drivers

FEATURES = ["text", "tool", "parallel tools", "image", "thinking", "structured output"]

PROMPTS = {
    "text": "hello",
    "tool": "What is the weather in Oslo?",
    "parallel tools": "What about both cities?",
    "image": "What is on this picture?",
    "thinking": "think hard: six times seven?",
    "structured output": "Oslo, as JSON",
    # For a real model, which knows it.
    "capital": "What is the capital of France? Answer with one word.",
}

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FACTS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}


def png() -> bytes:
    """One red dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")
    )


DOT = base64.b64encode(png()).decode()


class Said:
    """An answer, whatever its client: text, thoughts, calls as (name, arguments)."""

    def __init__(self, text: str = "", thoughts: str = "", calls: list[tuple[str, Any]] | None = None) -> None:
        self.text, self.thoughts, self.calls = text, thoughts, calls or []


def chat_body(model: str, feature: str) -> dict[str, Any]:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DOT}"}}
        content = [{"type": "text", "text": content}, image]
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        body["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}]
    if feature == "thinking":
        body["reasoning_effort"] = "high"
    if feature == "structured output":
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "facts", "schema": FACTS, "strict": True},
        }
    return body


def chat_said(answer: Any) -> Said:
    message = answer["choices"][0]["message"]
    calls = [call["function"] for call in message.get("tool_calls") or []]
    thoughts = message.get("reasoning_content") or message.get("reasoning") or ""
    return Said(message["content"] or "", thoughts, [(call["name"], json.loads(call["arguments"])) for call in calls])


def responses_body(model: str, feature: str) -> dict[str, Any]:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{DOT}", "detail": "auto"}
        content = [{"type": "input_text", "text": content}, image]
    body: dict[str, Any] = {"model": model, "input": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        body["tools"] = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": True}]
    if feature == "thinking":
        body["reasoning"] = {"effort": "high", "summary": "auto"}
    if feature == "structured output":
        body["text"] = {"format": {"type": "json_schema", "name": "facts", "schema": FACTS, "strict": True}}
    return body


def responses_said(answer: Any) -> Said:
    said = Said()
    for item in answer["output"]:
        if item["type"] == "message":
            said.text += "".join(part["text"] for part in item["content"])
        if item["type"] == "function_call":
            said.calls.append((item["name"], json.loads(item["arguments"])))
        if item["type"] == "reasoning":
            said.thoughts += "".join(part["text"] for part in [*item["summary"], *(item.get("content") or [])])
    return said


def messages_body(model: str, feature: str) -> dict[str, Any]:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DOT}}
        content = [image, {"type": "text", "text": content}]
    body: dict[str, Any] = {"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        body["tools"] = [{"name": "get_weather", "input_schema": CITY}]
    if feature == "thinking":
        body["thinking"] = {"type": "enabled", "budget_tokens": 2048}
    if feature == "structured output":
        body["output_config"] = {"format": {"type": "json_schema", "schema": FACTS}}
    return body


def messages_said(answer: Any) -> Said:
    said = Said()
    for block in answer["content"]:
        if block["type"] == "text":
            said.text += block["text"]
        elif block["type"] == "thinking":
            assert block["signature"], "a thought without a signature cannot be sent back"
            said.thoughts += block["thinking"]
        elif block["type"] == "tool_use":
            said.calls.append((block["name"], block["input"]))
    return said


def native_ollama(origin: str, model: str, feature: str, stream: bool) -> Said:
    message: dict[str, Any] = {"role": "user", "content": PROMPTS[feature]}
    if feature == "image":
        message["images"] = [png()]
    more: dict[str, Any] = {"model": model, "messages": [message]}
    if feature in ("tool", "parallel tools"):
        more["tools"] = [
            {"type": "function", "function": {"name": "get_weather", "description": "", "parameters": CITY}}
        ]
    if feature == "thinking":
        more["think"] = "high"
    if feature == "structured output":
        more["format"] = FACTS
    client = ollama.Client(origin, headers={"authorization": f"Bearer {KEY}"}, timeout=TIMEOUT_S)
    parts = list(client.chat(stream=True, **more)) if stream else [client.chat(**more)]
    assert parts[-1].done
    said = Said()
    for part in parts:
        said.text += part.message.content or ""
        said.thoughts += part.message.thinking or ""
        said.calls += [(call.function.name, dict(call.function.arguments)) for call in part.message.tool_calls or []]
    return said


@functools.cache
def gemini_client(origin: str) -> genai.Client:
    """Making one costs more than a call; a connection is for one call, as a recorder wants it."""
    options = types.HttpOptions(base_url=origin, timeout=int(TIMEOUT_S * 1000), headers={"connection": "close"})
    return genai.Client(api_key=KEY, http_options=options)


def gemini(origin: str, model: str, feature: str, stream: bool) -> Said:
    parts = [types.Part(text=PROMPTS[feature])]
    if feature == "image":
        parts.append(types.Part(inline_data=types.Blob(mime_type="image/png", data=png())))
    more: dict[str, Any] = {"automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True)}
    if feature in ("tool", "parallel tools"):
        declared = types.FunctionDeclaration(name="get_weather", parameters_json_schema=CITY)
        more["tools"] = [types.Tool(function_declarations=[declared])]
    if feature == "thinking":
        more["thinking_config"] = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.HIGH)
    if feature == "structured output":
        more |= {"response_mime_type": "application/json", "response_json_schema": FACTS}
    client = gemini_client(origin)
    given = {
        "model": model,
        "contents": [types.Content(role="user", parts=parts)],
        "config": types.GenerateContentConfig(**more),
    }
    if stream:
        answers = list(client.models.generate_content_stream(**given))
    else:
        answers = [client.models.generate_content(**given)]
    said = Said()
    for answer in answers:
        content = answer.candidates[0].content if answer.candidates else None
        for part in (content.parts or []) if content else []:
            if part.function_call:
                said.calls.append((part.function_call.name, dict(part.function_call.args or {})))
            elif part.thought:
                said.thoughts += part.text or ""
            else:
                said.text += part.text or ""
    return said


@dataclass(frozen=True)
class Client:
    """One official client of a dialect."""

    dialect: str
    title: str
    ask: Callable[[Drivers, str, str, str, bool], Said]
    """Asks the server at an address for a model's answer to a feature's prompt, whole or streamed."""


def of_sdk(dialect: str, sdk: str) -> Client:
    """A client that is one of the SDKs with a process of their own."""
    call, body, said = {
        "openai_chat": ("chat", chat_body, chat_said),
        "openai_responses": ("responses", responses_body, responses_said),
        "anthropic": ("messages", messages_body, messages_said),
    }[dialect]

    def ask(drivers: Drivers, origin: str, model: str, feature: str, stream: bool) -> Said:
        return said(drivers[sdk].call(origin, call, body(model, feature), stream=stream))

    return Client(dialect, SDKS[sdk].title, ask)


def in_process(dialect: str, title: str, ask: Callable[[str, str, str, bool], Said]) -> Client:
    """A client that runs within the test."""
    return Client(dialect, title, lambda _, *asked: ask(*asked))


CLIENTS = {
    "chat openai-python": of_sdk("openai_chat", "openai-python"),
    "chat openai-node": of_sdk("openai_chat", "openai-node"),
    "chat openai-node-old": of_sdk("openai_chat", "openai-node-old"),
    "responses openai-python": of_sdk("openai_responses", "openai-python"),
    "responses openai-node": of_sdk("openai_responses", "openai-node"),
    "responses openai-node-old": of_sdk("openai_responses", "openai-node-old"),
    "messages anthropic-python": of_sdk("anthropic", "anthropic-python"),
    "messages anthropic-python-old": of_sdk("anthropic", "anthropic-python-old"),
    "messages anthropic-node": of_sdk("anthropic", "anthropic-node"),
    "messages anthropic-node-old": of_sdk("anthropic", "anthropic-node-old"),
    "ollama": in_process("ollama", "ollama 0.6 for Python", native_ollama),
    "gemini": in_process("gemini", "google-genai 3.4 for Python", gemini),
}

OSLO, ROME = ("get_weather", {"city": "Oslo"}), ("get_weather", {"city": "Rome"})

#: What the scripted backends answer: `fixtures/matrix.json`.
ANSWERS: dict[str, Callable[[Said], bool]] = {
    "text": lambda said: said.text == "Hello from the backend.",
    "tool": lambda said: said.calls == [OSLO],
    "parallel tools": lambda said: said.calls == [OSLO, ROME],
    "image": lambda said: said.text == "A single red dot.",
    "thinking": lambda said: (said.thoughts, said.text) == ("Six times seven is forty-two.", "42"),
    "structured output": lambda said: json.loads(said.text) == {"city": "Oslo", "degrees": 4},
}


def at(body: Any, *path: str | int) -> Any:
    """What stands at a path; `None` when nothing does."""
    for step in path:
        try:
            body = body[step]
        except (LookupError, TypeError):
            return None
    return body


#: Where each wire says that thoughts are wanted, and where it holds an answer to a schema.
THINKS: dict[str, Callable[[Any], Any]] = {
    "openai_chat": lambda body: at(body, "reasoning_effort"),
    "openai_responses": lambda body: at(body, "reasoning", "effort"),
    "anthropic": lambda body: at(body, "thinking", "type") in ("enabled", "adaptive"),
    "ollama": lambda body: at(body, "think"),
    # Google's JSON takes both spellings, and its own Python SDK sends the second one here.
    "gemini": lambda body: (
        at(body, "generationConfig", "thinkingConfig", "includeThoughts")
        or at(body, "generationConfig", "thinkingConfig", "include_thoughts")
    ),
}
SCHEMAS: dict[str, Callable[[Any], Any]] = {
    "openai_chat": lambda body: at(body, "response_format", "json_schema", "schema"),
    "openai_responses": lambda body: at(body, "text", "format", "schema"),
    "anthropic": lambda body: at(body, "output_config", "format", "schema"),
    "ollama": lambda body: at(body, "format"),
    "gemini": lambda body: at(body, "generationConfig", "responseJsonSchema"),
}


def arrived(feature: str, wire: str, body: Any) -> bool:
    """Whether the backend was told what the feature is about."""
    text = json.dumps(body)
    if feature in ("tool", "parallel tools"):
        return "get_weather" in text and '"city"' in text
    if feature == "image":
        return DOT in text or DOT.replace("+", "-").replace("/", "_") in text
    if feature == "thinking":
        return bool(THINKS[wire](body))
    if feature == "structured output":
        return "degrees" in (at(SCHEMAS[wire](body), "properties") or {})
    return PROMPTS[feature] in text

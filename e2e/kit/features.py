"""What the matrix asks of each official client: one feature a function call, with what proves that it was carried.

A probe raises when the answer is not what the feature promises. What the backend must have been sent is proved from the
bytes that reached it, in that wire's own words: `arrived`.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import anthropic
import ollama
import openai
from google import genai
from google.genai import types

from .clients import KEY, TIMEOUT_S

FEATURES = ["text", "tool", "parallel tools", "image", "thinking", "structured output"]

PROMPTS = {
    "text": "hello",
    "tool": "What is the weather in Oslo?",
    "parallel tools": "What about both cities?",
    "image": "What is on this picture?",
    "thinking": "think hard: six times seven?",
    "structured output": "Oslo, as JSON",
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


def chat(origin: str, model: str, feature: str, stream: bool) -> Said:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DOT}"}}
        content = [{"type": "text", "text": content}, image]
    more: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        more["tools"] = [{"type": "function", "function": {"name": "get_weather", "parameters": CITY}}]
    if feature == "thinking":
        more["reasoning_effort"] = "high"
    if feature == "structured output":
        more["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "facts", "schema": FACTS, "strict": True},
        }
    with openai.OpenAI(base_url=f"{origin}/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        if stream:
            with client.chat.completions.stream(**more) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(**more).choices[0].message
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls or []]
    extra = message.model_extra or {}
    return Said(message.content or "", extra.get("reasoning_content") or extra.get("reasoning") or "", calls)


def responses(origin: str, model: str, feature: str, stream: bool) -> Said:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "input_image", "image_url": f"data:image/png;base64,{DOT}", "detail": "auto"}
        content = [{"type": "input_text", "text": content}, image]
    more: dict[str, Any] = {"model": model, "input": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        more["tools"] = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": True}]
    if feature == "thinking":
        more["reasoning"] = {"effort": "high", "summary": "auto"}
    if feature == "structured output":
        more["text"] = {"format": {"type": "json_schema", "name": "facts", "schema": FACTS, "strict": True}}
    with openai.OpenAI(base_url=f"{origin}/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        if stream:
            with client.responses.stream(**more) as events:
                answer = events.get_final_response()
        else:
            answer = client.responses.create(**more)
    said = Said(answer.output_text)
    for item in answer.output:
        if item.type == "function_call":
            said.calls.append((item.name, json.loads(item.arguments)))
        if item.type == "reasoning":
            said.thoughts += "".join(part.text for part in [*item.summary, *(item.content or [])])
    return said


def messages(origin: str, model: str, feature: str, stream: bool) -> Said:
    content: Any = PROMPTS[feature]
    if feature == "image":
        image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DOT}}
        content = [image, {"type": "text", "text": content}]
    more: dict[str, Any] = {"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": content}]}
    if feature in ("tool", "parallel tools"):
        more["tools"] = [{"name": "get_weather", "input_schema": CITY}]
    if feature == "thinking":
        more["thinking"] = {"type": "enabled", "budget_tokens": 2048}
    if feature == "structured output":
        more["output_config"] = {"format": {"type": "json_schema", "schema": FACTS}}
    with anthropic.Anthropic(base_url=origin, api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        if stream:
            with client.messages.stream(**more) as events:
                answer = events.get_final_message()
        else:
            answer = client.messages.create(**more)
    said = Said()
    for block in answer.content:
        if block.type == "text":
            said.text += block.text
        elif block.type == "thinking":
            assert block.signature, "a thought without a signature cannot be sent back"
            said.thoughts += block.thinking
        elif block.type == "tool_use":
            said.calls.append((block.name, block.input))
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
    options = types.HttpOptions(base_url=origin, timeout=int(TIMEOUT_S * 1000))
    client = genai.Client(api_key=KEY, http_options=options)
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


CLIENTS: dict[str, Callable[[str, str, str, bool], Said]] = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic": messages,
    "ollama": native_ollama,
    "gemini": gemini,
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

"""Ollama's `/api/chat`, whose server reads JSON into typed fields and refuses what does not fit."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from ..upstream import Exchange, Received
from .server import Seen, Turn, Wire, need, pieces

COUNTS = {
    "total_duration": 1,
    "load_duration": 1,
    "prompt_eval_count": 21,
    "prompt_eval_duration": 1,
    "eval_count": 5,
    "eval_duration": 1,
}


class Ollama(Wire):
    """Ollama's types, and its template's need to know which tool a result is of."""

    name = "ollama"

    def check(self, request: Received) -> None:
        body = request.json()
        need(request.target == "/api/chat", f"unknown path {request.target}")
        for at, message in enumerate(body["messages"]):
            where = f"ChatRequest.messages[{at}]"
            content = message.get("content", "")
            need(
                isinstance(content, str),
                f"json: cannot unmarshal array into Go struct field {where}.content of type string",
            )
            need(message["role"] in ("system", "user", "assistant", "tool"), f"invalid role: {message['role']}")
            for call in message.get("tool_calls") or []:
                fits = isinstance(call["function"]["arguments"], dict)
                need(
                    fits, f"json: cannot unmarshal string into Go struct field {where}.tool_calls.arguments of type map"
                )
            for image in message.get("images") or []:
                need(is_base64(image), "illegal base64 data at input byte 4")
            if message["role"] == "tool":
                need(message.get("tool_name") or message.get("tool_call_id"), f"{where}: a result of no tool")
        options = body.get("options") or {}
        for name in ("num_predict", "num_ctx", "top_k", "seed"):
            need(isinstance(options.get(name, 0), int), f'option "{name}" must be of type integer')

    def seen(self, request: Received) -> Seen:
        body = request.json()
        user, results = "", []
        for message in body["messages"]:
            if message["role"] == "user":
                user, results = message["content"], []
            if message["role"] == "tool":
                results.append(message["content"])
        tools = [tool["function"]["name"] for tool in body.get("tools") or []]
        return Seen(user, tools, results, thinks=bool(body.get("think")))

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        body = exchange.request.json()
        # Old versions send calls without ids; so does this one.
        calls = [{"function": {"index": n, "name": c.name, "arguments": c.arguments}} for n, c in enumerate(turn.calls)]
        thinking = turn.thinking if body.get("think") else ""
        last = {"done": True, "done_reason": "stop", **COUNTS}
        if body.get("stream") is False:
            message: dict[str, Any] = {"role": "assistant", "content": turn.text}
            message |= {"thinking": thinking} if thinking else {}
            message |= {"tool_calls": calls} if calls else {}
            exchange.answer(line(body, message) | last)
            return
        exchange.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces(thinking):
            send(exchange, line(body, {"role": "assistant", "content": "", "thinking": piece}))
        for piece in pieces(turn.text):
            send(exchange, line(body, {"role": "assistant", "content": piece}))
        for call in calls:
            send(exchange, line(body, {"role": "assistant", "content": "", "tool_calls": [call]}))
        send(exchange, line(body, {"role": "assistant", "content": ""}) | last)
        exchange.end()

    def error(self, message: str) -> Any:
        return {"error": message}

    def other(self, exchange: Exchange) -> bool:
        target = exchange.request.target
        if target == "/api/tags":
            exchange.answer(
                {"models": [{"name": "strict:latest", "model": "strict:latest", "details": {"family": "llama"}}]}
            )
        elif target == "/api/show":
            info = {"general.architecture": "llama", "llama.context_length": 8192}
            exchange.answer(
                {"model_info": info, "capabilities": ["completion", "tools", "thinking", "vision"], "details": {}}
            )
        elif exchange.request.method == "GET":
            exchange.answer({"version": "0.12.0", "models": []})
        else:
            return False
        return True


def line(body: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """One line of the stream."""
    return {"model": body["model"], "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}


def send(exchange: Exchange, body: dict[str, Any]) -> None:
    """Writes one line."""
    exchange.chunk(json.dumps(body).encode() + b"\n")


def is_base64(text: str) -> bool:
    """Bare base64; a data URL is none."""
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True

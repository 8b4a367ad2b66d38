"""Messages as Anthropic checks them."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

from ..upstream import Exchange, Received
from .server import Seen, Turn, Wire, need, pieces, sealed

ID = re.compile(r"[a-zA-Z0-9_-]+")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
USAGE = {"input_tokens": 17, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 5}

#: What fails when a turn that the model thought in comes back without its thoughts.
NO_THOUGHT = (
    "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, "
    "a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and "
    "`tool_result` blocks)."
)


class Anthropic(Wire):
    """Anthropic's own checks of a history with tools and thoughts."""

    name = "anthropic"

    def __init__(self) -> None:
        self.thought_of: set[str] = set()

    def check(self, request: Received) -> None:
        body = request.json()
        path = request.target.partition("?")[0]
        need(path == "/v1/messages", f"unknown path {request.target}")
        need(request.header("anthropic-version"), "anthropic-version: header is required")
        need(request.header("x-api-key") or request.header("authorization"), "x-api-key header is required")
        need(isinstance(body.get("max_tokens"), int), "max_tokens: Field required")
        need(body.get("messages"), "messages: at least one message is required")
        self.check_tools(body)
        check_blocks(body.get("system"), "system")
        messages = merged(body["messages"])
        need(messages[0]["role"] == "user", 'messages: first message must use the "user" role')
        for at, message in enumerate(messages):
            check_blocks(message["content"], f"messages.{at}.content")
            if message["role"] == "assistant":
                self.check_assistant(at, message, messages[at + 1 : at + 2])
            check_results(at, message, messages[at - 1 : at])
        self.check_thoughts(body, messages)

    def check_tools(self, body: dict[str, Any]) -> None:
        for at, tool in enumerate(body.get("tools") or []):
            need(
                NAME.fullmatch(tool["name"]),
                f"tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'",
            )
            if "type" not in tool or tool["type"] == "custom":
                schema = tool.get("input_schema")
                need(schema and schema.get("type") == "object", f"tools.{at}.custom.input_schema.type: Field required")
        need(
            body.get("tools") or not body.get("tool_choice"),
            "tool_choice: may only be specified while providing tools.",
        )
        thinking = body.get("thinking") or {}
        if thinking.get("type") == "enabled":
            budget = thinking["budget_tokens"]
            need(budget >= 1024, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
            need(budget < body["max_tokens"], "`max_tokens` must be greater than `thinking.budget_tokens`.")

    def check_assistant(self, at: int, message: dict[str, Any], after: list[dict[str, Any]]) -> None:
        calls = [block for block in message["content"] if block["type"] == "tool_use"]
        for number, block in enumerate(message["content"]):
            where = f"messages.{at}.content.{number}"
            if block["type"] == "tool_use":
                need(ID.fullmatch(block["id"]), f"{where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
                need(isinstance(block["input"], dict), f"{where}.tool_use.input: Input should be a valid dictionary")
            if block["type"] == "thinking":
                need(block.get("signature"), f"{where}.thinking.signature: Field required")
                genuine = block["signature"] == sealed(block["thinking"])
                need(genuine, f"{where}: Invalid `signature` in `thinking` block")
        results = {block.get("tool_use_id") for turn in after for block in turn["content"]}
        lost = [call["id"] for call in calls if call["id"] not in results]
        need(
            not lost,
            f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(lost)}. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        )

    def check_thoughts(self, body: dict[str, Any], messages: list[dict[str, Any]]) -> None:
        """While thinking is on, the loop that still runs keeps its thoughts."""
        if (body.get("thinking") or {}).get("type") not in ("enabled", "adaptive"):
            return
        spoken = [at for at, message in enumerate(messages) if message["role"] == "user" and not has_results(message)]
        for at, message in enumerate(messages):
            if at < max(spoken, default=0) or message["role"] != "assistant":
                continue
            thought = any(block.get("id") in self.thought_of for block in message["content"])
            kind = message["content"][0]["type"]
            need(not thought or kind in ("thinking", "redacted_thinking"), NO_THOUGHT.format(at, kind))

    def seen(self, request: Received) -> Seen:
        body = request.json()
        user, results = "", []
        for message in merged(body["messages"]):
            for block in message["content"]:
                if block["type"] == "tool_result":
                    results.append(result_text(block))
            texts = [block["text"] for block in message["content"] if block["type"] == "text"]
            if message["role"] == "user" and texts and not has_results(message):
                user, results = "\n".join(texts), []
        tools = [tool["name"] for tool in body.get("tools") or []]
        thinks = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")
        return Seen(user, tools, results, thinks)

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        body = exchange.request.json()
        thinks = self.seen(exchange.request).thinks
        blocks: list[dict[str, Any]] = []
        if turn.thinking and thinks:
            blocks.append({"type": "thinking", "thinking": turn.thinking, "signature": sealed(turn.thinking)})
            self.thought_of.update(call.id for call in turn.calls)
        blocks += [{"type": "text", "text": turn.text}] if turn.text else []
        blocks += [{"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments} for c in turn.calls]
        reason = "tool_use" if turn.calls else "end_turn"
        head = {"id": "msg_strict", "type": "message", "role": "assistant", "model": body["model"]}
        if not body.get("stream"):
            more = {"content": blocks, "stop_reason": reason, "stop_sequence": None, "usage": USAGE}
            exchange.answer(head | more)
            return
        exchange.sse_head()
        start = head | {
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": USAGE | {"output_tokens": 1},
        }
        event(exchange, "message_start", message=start)
        event(exchange, "ping")
        for index, block in enumerate(blocks):
            stream_block(exchange, index, block)
        delta = {"stop_reason": reason, "stop_sequence": None}
        event(exchange, "message_delta", delta=delta, usage={"output_tokens": 5})
        event(exchange, "message_stop")
        exchange.end()

    def error(self, message: str) -> Any:
        return {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": message},
            "request_id": "req_strict",
        }

    def other(self, exchange: Exchange) -> bool:
        path = exchange.request.target.partition("?")[0]
        if path == "/v1/messages/count_tokens":
            exchange.answer({"input_tokens": max(1, len(exchange.request.body) // 4)})
        elif path == "/v1/models":
            model = {"type": "model", "id": "strict", "display_name": "Strict", "created_at": "2026-01-01T00:00:00Z"}
            exchange.answer({"data": [model], "has_more": False, "first_id": "strict", "last_id": "strict"})
        elif exchange.request.method == "HEAD":
            exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        else:
            return False
        return True


class Alternating(Anthropic):
    """The same by its older rule, which servers that imitate it still have: neighbours of one role are not merged."""

    name = "anthropic"

    def check(self, request: Received) -> None:
        roles = [message["role"] for message in request.json()["messages"]]
        for before, after in pairwise(roles):
            need(
                before != after,
                'messages: roles must alternate between "user" and "assistant", but found multiple '
                f'"{after}" roles in a row',
            )
        super().check(request)


def merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role are one turn, and content is a list; the server does so before it looks."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        role, content = message["role"], message["content"]
        need(
            role in ("user", "assistant", "system"),
            f'messages: Unexpected role "{role}". Allowed roles are "user" or "assistant".',
        )
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        role = "user" if role == "system" else role
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def check_blocks(content: Any, where: str) -> None:
    """No block may be empty."""
    if content is None or isinstance(content, str):
        return
    need(content, f"{where}: at least one block is required")
    for block in content:
        empty = block["type"] == "text" and not block["text"].strip()
        need(
            not empty,
            f"{where}: text content blocks must contain non-whitespace text, text content blocks must be non-empty",
        )


def check_results(at: int, message: dict[str, Any], before: list[dict[str, Any]]) -> None:
    """Every result answers a call of the turn before, and results come first."""
    calls = {block.get("id") for turn in before for block in turn["content"] if block["type"] == "tool_use"}
    other = False
    for number, block in enumerate(message["content"]):
        if block["type"] != "tool_result":
            other = True
            continue
        where = f"messages.{at}.content.{number}"
        need(message["role"] == "user", f"{where}: `tool_result` blocks can only be in `user` messages")
        need(
            block["tool_use_id"] in calls,
            f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {block['tool_use_id']}. "
            "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
        )
        need(not other, f"{where}: `tool_result` blocks must come first in the content")


def has_results(message: dict[str, Any]) -> bool:
    """Whether a turn holds results, so that nobody spoke in it."""
    return any(block["type"] == "tool_result" for block in message["content"])


def result_text(block: dict[str, Any]) -> str:
    """What a tool said."""
    content = block.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def event(exchange: Exchange, kind: str, **fields: Any) -> None:
    """One event with its name."""
    exchange.chunk(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())


def stream_block(exchange: Exchange, index: int, block: dict[str, Any]) -> None:
    """One block's life."""
    deltas: list[dict[str, Any]] = []
    if block["type"] == "thinking":
        start = {"type": "thinking", "thinking": "", "signature": ""}
        deltas += [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif block["type"] == "text":
        start = {"type": "text", "text": ""}
        deltas += [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
    else:
        start = block | {"input": {}}
        given = pieces(json.dumps(block["input"]))
        deltas += [{"type": "input_json_delta", "partial_json": piece} for piece in ("", *given)]
    event(exchange, "content_block_start", index=index, content_block=start)
    for delta in deltas:
        event(exchange, "content_block_delta", index=index, delta=delta)
    event(exchange, "content_block_stop", index=index)

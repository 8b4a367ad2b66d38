"""Responses as OpenAI checks them, without stored state."""

from __future__ import annotations

import itertools
import json
from typing import Any

from ..upstream import Exchange, Received, openai_error
from .server import Seen, Turn, Wire, need, pieces, sealed

USAGE = {
    "input_tokens": 21,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 26,
}
PARTS = {"user": {"input_text", "input_image", "input_file"}, "assistant": {"output_text", "refusal"}}
PARTS |= {"system": {"input_text"}, "developer": {"input_text"}}


class Responses(Wire):
    """OpenAI's checks of input items."""

    name = "openai_responses"
    base_path = "/v1"

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def check(self, request: Received) -> None:
        body = request.json()
        need(request.target.partition("?")[0] == "/v1/responses", f"Invalid URL (POST {request.target})")
        need(not body.get("previous_response_id"), "Previous response with id 'x' not found.")
        need(
            "messages" not in body,
            "Unsupported parameter: 'messages'. In the Responses API, this parameter has moved to 'input'.",
        )
        called: dict[str, None] = {}
        answered: set[str] = set()
        for at, item in enumerate(items(body)):
            kind = item["type"]
            if kind == "message":
                check_message(at, item)
            elif kind in ("function_call", "custom_tool_call"):
                given = item["arguments" if kind == "function_call" else "input"]
                need(
                    isinstance(given, str),
                    f"Invalid type for 'input[{at}].arguments': expected a string, but got an object instead.",
                )
                called[item["call_id"]] = None
            elif kind in ("function_call_output", "custom_tool_call_output"):
                known = item["call_id"] in called
                need(known, f"No tool call found for function call output with call_id {item['call_id']}.")
                answered.add(item["call_id"])
            elif kind == "reasoning":
                self.check_reasoning(at, item)
        for id in called:
            need(id in answered, f"No tool output found for function call {id}.")
        for at, tool in enumerate(body.get("tools") or []):
            need(
                tool["type"] != "function" or "function" not in tool, f"Missing required parameter: 'tools[{at}].name'."
            )

    def check_reasoning(self, at: int, item: dict[str, Any]) -> None:
        """Without state an item must carry its seal, which is good with the item's own id alone."""
        seal = item.get("encrypted_content")
        need(
            seal,
            f"Item 'input[{at}]' of type 'reasoning' was not found. Items are not persisted when `store` is set to false.",
        )
        need(seal in self.ids, f"The encrypted content at input[{at}] could not be verified.")
        id = item.get("id")
        need(
            id in (None, self.ids[seal]),
            f"The encrypted content for item {id} could not be verified. Reason: Encrypted content item_id did not match the target item id.",
        )
        for part in item.get("summary") or []:
            need(
                part["type"] == "summary_text",
                f"Invalid value: '{part['type']}'. Supported values are: 'summary_text'.",
            )

    def seen(self, request: Received) -> Seen:
        body = request.json()
        user, results = "", []
        for item in items(body):
            if item["type"] == "message" and item["role"] == "user":
                user, results = text_of(item["content"]), []
            if item["type"] in ("function_call_output", "custom_tool_call_output"):
                results.append(text_of(item["output"]))
        tools = [tool.get("name", tool["type"]) for tool in body.get("tools") or []]
        return Seen(user, tools, results, thinks=bool((body.get("reasoning") or {}).get("summary")))

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        body = exchange.request.json()
        output: list[dict[str, Any]] = []
        sealing = "reasoning.encrypted_content" in (body.get("include") or [])
        # A client that asks for neither talks to a model that does not think.
        if turn.thinking and (sealing or body.get("reasoning")):
            summary = [{"type": "summary_text", "text": turn.thinking}]
            output.append({"type": "reasoning", "id": f"rs_{len(self.ids)}", "summary": summary})
            if sealing:
                seal = output[-1]["encrypted_content"] = sealed(turn.thinking)
                output[-1]["id"] = self.ids.setdefault(seal, output[-1]["id"])
        if turn.text:
            part = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}
            output.append(
                {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}
            )
        for number, call in enumerate(turn.calls):
            item = {"type": "function_call", "id": f"fc_{number}", "call_id": call.id, "name": call.name}
            output.append(item | {"arguments": json.dumps(call.arguments), "status": "completed"})
        if not body.get("stream"):
            exchange.answer(response(body, "completed", output))
            return
        exchange.sse_head()
        numbers = itertools.count()

        def event(kind: str, **fields: Any) -> None:
            data = {"type": kind, "sequence_number": next(numbers), **fields}
            exchange.chunk(f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode())

        event("response.created", response=response(body, "in_progress", []))
        event("response.in_progress", response=response(body, "in_progress", []))
        for index, item in enumerate(output):
            stream_item(event, index, item)
        event("response.completed", response=response(body, "completed", output))
        exchange.end()

    def error(self, message: str) -> Any:
        return openai_error(message, "invalid_request_error")

    def other(self, exchange: Exchange) -> bool:
        request = exchange.request
        if request.header("upgrade"):
            exchange.answer(self.error("no sockets here"), 426)
            return True
        if request.method == "GET" and request.target.startswith("/v1/models"):
            exchange.answer(
                {"object": "list", "data": [{"id": "strict", "object": "model", "created": 1, "owned_by": "x"}]}
            )
            return True
        return False


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The input as typed items; a message may leave its type out."""
    given = body["input"]
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return [{"type": "message", **item} for item in given]


def check_message(at: int, item: dict[str, Any]) -> None:
    """Each role has parts of its own."""
    role = item["role"]
    need(
        role in PARTS, f"Invalid value: '{role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'."
    )
    if isinstance(item["content"], str):
        return
    for number, part in enumerate(item["content"]):
        allowed = ", ".join(f"'{name}'" for name in sorted(PARTS[role]))
        where = f"input[{at}].content[{number}]"
        need(
            part["type"] in PARTS[role], f"Invalid value: '{part['type']}'. Supported values are: {allowed}. ({where})"
        )


def text_of(content: Any) -> str:
    """The text of content or of an output, whichever form it has."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def response(body: dict[str, Any], status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole object with its required keys."""
    done = status == "completed"
    return {
        "id": "resp_strict",
        "object": "response",
        "created_at": 1700000000,
        "status": status,
        "model": body["model"],
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": body.get("tools") or [],
        "temperature": 1.0,
        "top_p": 1.0,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "usage": USAGE if done else None,
    }


def stream_item(event: Any, index: int, item: dict[str, Any]) -> None:
    """One item's life."""
    at = {"item_id": item["id"], "output_index": index}
    if item["type"] == "reasoning":
        text = item["summary"][0]["text"]
        event(
            "response.output_item.added",
            output_index=index,
            item={"type": "reasoning", "id": item["id"], "summary": []},
        )
        event("response.reasoning_summary_part.added", **at, summary_index=0, part={"type": "summary_text", "text": ""})
        for piece in pieces(text):
            event("response.reasoning_summary_text.delta", **at, summary_index=0, delta=piece)
        event("response.reasoning_summary_text.done", **at, summary_index=0, text=text)
        event("response.reasoning_summary_part.done", **at, summary_index=0, part=item["summary"][0])
    elif item["type"] == "message":
        part = item["content"][0]
        event("response.output_item.added", output_index=index, item=item | {"content": [], "status": "in_progress"})
        event("response.content_part.added", **at, content_index=0, part=part | {"text": ""})
        for piece in pieces(part["text"]):
            event("response.output_text.delta", **at, content_index=0, delta=piece, logprobs=[])
        event("response.output_text.done", **at, content_index=0, text=part["text"], logprobs=[])
        event("response.content_part.done", **at, content_index=0, part=part)
    else:
        event("response.output_item.added", output_index=index, item=item | {"arguments": "", "status": "in_progress"})
        for piece in pieces(item["arguments"]):
            event("response.function_call_arguments.delta", **at, delta=piece)
        event("response.function_call_arguments.done", **at, arguments=item["arguments"])
    event("response.output_item.done", output_index=index, item=item)

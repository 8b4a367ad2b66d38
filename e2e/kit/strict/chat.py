"""Chat Completions as OpenAI checks them, and as DeepSeek does in addition."""

from __future__ import annotations

import json
import re
from typing import Any

from ..upstream import USAGE, Exchange, Received, envelope, openai_error
from .server import Call, Seen, Turn, Wire, need, pieces

ROLES = {"system", "developer", "user", "assistant", "tool"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

#: OpenAI's OpenAPI document, `CreateChatCompletionRequest` (August 2026). Anything else is a 400 there.
FIELDS = set(
    "model messages stream stream_options max_tokens max_completion_tokens temperature top_p n stop seed logit_bias "
    "logprobs top_logprobs presence_penalty frequency_penalty tools tool_choice parallel_tool_calls response_format "
    "reasoning_effort verbosity user safety_identifier metadata store service_tier modalities audio prediction "
    "web_search_options prompt_cache_key prompt_cache_retention functions function_call".split()
)


class Chat(Wire):
    """OpenAI's own checks of a history with tools."""

    name = "openai_chat"
    base_path = "/v1"

    def check(self, request: Received) -> None:
        body = request.json()
        need(request.target.startswith("/v1/chat/completions"), f"Invalid URL (POST {request.target})")
        need(request.header("authorization"), "You didn't provide an API key.")
        for name in body:
            need(name in FIELDS, f"Unrecognized request argument supplied: {name}")
        self.check_tools(body)
        waiting: list[str] = []
        for at, message in enumerate(body["messages"]):
            waiting = self.check_message(at, message, waiting)
        need(not waiting, unanswered(waiting))

    def check_tools(self, body: dict[str, Any]) -> None:
        tools = body.get("tools")
        need(tools is None or tools, "Invalid 'tools': empty array. Expected an array with minimum length 1.")
        for name in ("tool_choice", "parallel_tool_calls"):
            need(
                tools or body.get(name) is None,
                f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.",
            )
        for at, tool in enumerate(tools or []):
            if tool["type"] == "function":
                name = tool["function"]["name"]
                need(NAME.fullmatch(name), f"Invalid 'tools[{at}].function.name': string does not match pattern.")

    def check_message(self, at: int, message: dict[str, Any], waiting: list[str]) -> list[str]:
        """One message; `waiting` are the calls that have no result yet."""
        role = message["role"]
        need(role in ROLES, f"Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'tool'.")
        if role == "tool":
            known = message["tool_call_id"] in waiting
            need(
                known,
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
            )
            content = message["content"]
            text = isinstance(content, str) or all(part["type"] == "text" for part in content)
            need(text, f"Invalid value for 'messages[{at}].content': tool messages take text only.")
            return [id for id in waiting if id != message["tool_call_id"]]
        need(not waiting, unanswered(waiting))
        if role != "assistant":
            need(
                message.get("content") is not None,
                f"Invalid value for 'messages[{at}].content': expected a string, got null.",
            )
            return []
        calls = message.get("tool_calls")
        need(calls is None or calls, f"Invalid 'messages[{at}].tool_calls': empty array.")
        said = calls or message.get("content") is not None or message.get("refusal")
        need(said, f"Invalid value for 'messages[{at}].content': expected a string, got null.")
        for number, call in enumerate(calls or []):
            where = f"messages[{at}].tool_calls[{number}]"
            need(0 < len(call["id"]) <= 64, f"Invalid '{where}.id': string too long.")
            arguments = call["function"]["arguments"]
            need(
                isinstance(arguments, str),
                f"Invalid type for '{where}.function.arguments': expected a string, but got an object instead.",
            )
            need(
                NAME.fullmatch(call["function"]["name"]),
                f"Invalid '{where}.function.name': string does not match pattern.",
            )
        return [call["id"] for call in calls or []]

    def seen(self, request: Received) -> Seen:
        body = request.json()
        user, results = "", []
        for message in body["messages"]:
            # Instructions within the conversation, for servers that take them at its beginning only.
            if message["role"] == "user" and not text_of(message["content"]).startswith("<system>"):
                user, results = text_of(message["content"]), []
            if message["role"] == "tool":
                results.append(text_of(message["content"]))
        tools = [tool["function"]["name"] for tool in body.get("tools") or [] if tool["type"] == "function"]
        return Seen(user, tools, results, thinks=bool(body.get("reasoning_effort")))

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        body = exchange.request.json()
        reason = "tool_calls" if turn.calls else "stop"
        if not body.get("stream"):
            calls = [whole_call(call) for call in turn.calls]
            message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
            message |= {"reasoning_content": turn.thinking} if turn.thinking else {}
            message |= {"tool_calls": calls} if calls else {}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            exchange.answer(envelope(body["model"], "chat.completion", [choice], usage=USAGE))
            return
        exchange.sse_head()
        self.delta(exchange, {"role": "assistant", "content": ""})
        for piece in pieces(turn.thinking):
            self.delta(exchange, {"reasoning_content": piece})
        for piece in pieces(turn.text):
            self.delta(exchange, {"content": piece})
        for index, call in enumerate(turn.calls):
            first = whole_call(call) | {"index": index}
            first["function"] = {"name": call.name, "arguments": ""}
            self.delta(exchange, {"tool_calls": [first]})
            for piece in pieces(json.dumps(call.arguments)):
                self.delta(exchange, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        self.delta(exchange, {}, reason)
        if (body.get("stream_options") or {}).get("include_usage"):
            exchange.event(envelope(body["model"], "chat.completion.chunk", [], usage=USAGE))
        exchange.done()

    def delta(self, exchange: Exchange, delta: dict[str, Any], reason: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        exchange.event(envelope(exchange.request.json()["model"], "chat.completion.chunk", [choice]))

    def error(self, message: str) -> Any:
        return openai_error(message, "invalid_request_error")

    def other(self, exchange: Exchange) -> bool:
        if exchange.request.method == "GET" and exchange.request.target.startswith("/v1/models"):
            exchange.answer(
                {"object": "list", "data": [{"id": "strict", "object": "model", "created": 1, "owned_by": "x"}]}
            )
            return True
        return False


#: DeepSeek, "Thinking Mode", tool calls (November 2026): within one loop the thoughts must come back.
MISSING = "Missing `reasoning_content` field in the assistant message at message index {}. "


class DeepSeek(Chat):
    """A thinking model that wants its own thoughts back while a tool loop lasts, word for word."""

    name = "deepseek"

    def __init__(self) -> None:
        self.thoughts: dict[str, str] = {}

    def check(self, request: Received) -> None:
        messages = request.json()["messages"]
        last = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=0)
        for at, message in enumerate(messages):
            if at > last and message.get("tool_calls"):
                told = message.get("reasoning_content")
                need(told, MISSING.format(at))
                mine = self.thoughts.get(message["tool_calls"][0]["id"], told)
                need(told == mine, f"The `reasoning_content` at message index {at} is not what the model thought.")
        super().check(request)

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        if turn.calls:
            self.thoughts[turn.calls[0].id] = turn.thinking
        super().answer(exchange, turn)


def whole_call(call: Call) -> dict[str, Any]:
    """A call as answers hold it."""
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def text_of(content: Any) -> str:
    """The text of a message's content, whichever form it has."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def unanswered(ids: list[str]) -> str:
    """OpenAI's words for calls without results."""
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(ids)}"
    )

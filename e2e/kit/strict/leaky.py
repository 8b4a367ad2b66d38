"""A server without a parser of tool calls: what its model writes, thoughts and calls too, stays text."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..upstream import Exchange
from .chat import Chat
from .server import Call, Turn

#: How a model writes calls.
Format = Callable[[list[Call]], str]


def hermes(calls: list[Call]) -> str:
    """Hermes, Qwen 2.5 and 3."""
    written = [{"name": call.name, "arguments": call.arguments} for call in calls]
    return "\n".join(f"<tool_call>\n{json.dumps(one, ensure_ascii=False)}\n</tool_call>" for one in written)


def qwen_coder(calls: list[Call]) -> str:
    """Qwen3-Coder and Qwen 3.5."""

    def parameter(name: str, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return f"<parameter={name}>\n{text}\n</parameter>\n"

    def one(call: Call) -> str:
        parameters = "".join(parameter(name, value) for name, value in call.arguments.items())
        return f"<tool_call>\n<function={call.name}>\n{parameters}</function>\n</tool_call>"

    return "\n".join(one(call) for call in calls)


def pythonic(calls: list[Call]) -> str:
    """Llama 3.2 and 4."""

    def one(call: Call) -> str:
        return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"

    return f"[{', '.join(one(call) for call in calls)}]"


def mistral(calls: list[Call]) -> str:
    """Mistral's before its eleventh tokeniser."""
    return f"[TOOL_CALLS]{json.dumps([{'name': call.name, 'arguments': call.arguments} for call in calls])}"


def deepseek(calls: list[Call]) -> str:
    """DeepSeek V3."""
    one = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>{}\n```json\n{}\n```<｜tool▁call▁end｜>"
    written = "\n".join(one.format(call.name, json.dumps(call.arguments)) for call in calls)
    return f"<｜tool▁calls▁begin｜>{written}<｜tool▁calls▁end｜>"


def kimi(calls: list[Call]) -> str:
    """Kimi K2."""
    one = "<|tool_call_begin|>functions.{}:{}<|tool_call_argument_begin|>{}<|tool_call_end|>"
    written = "".join(one.format(call.name, at, json.dumps(call.arguments)) for at, call in enumerate(calls))
    return f"<|tool_calls_section_begin|>{written}<|tool_calls_section_end|>"


def glm(calls: list[Call]) -> str:
    """GLM 4.5 and later."""

    def one(call: Call) -> str:
        pairs = ((name, value if isinstance(value, str) else json.dumps(value)) for name, value in call.arguments.items())
        written = "".join(f"<arg_key>{name}</arg_key>\n<arg_value>{value}</arg_value>\n" for name, value in pairs)
        return f"<tool_call>{call.name}\n{written}</tool_call>"

    return "\n".join(one(call) for call in calls)


def fenced(calls: list[Call]) -> str:
    """What a model does that was only told about tools."""
    written = [json.dumps({"name": call.name, "arguments": call.arguments}) for call in calls]
    return "\n".join(f"```json\n{one}\n```" for one in written)


FORMATS: dict[str, Format] = {
    "hermes": hermes,
    "qwen_coder": qwen_coder,
    "pythonic": pythonic,
    "mistral": mistral,
    "deepseek": deepseek,
    "kimi": kimi,
    "glm": glm,
    "fenced": fenced,
}


class Leaky(Chat):
    """Chat Completions whose answers are nothing but text; requests are checked as ever."""

    def __init__(self, write: Format) -> None:
        self.write = write
        # It has no tokens for a call: a list alone is one, a list behind words is not.
        self.says_words_too = write is not pythonic

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        thought = f"<think>{turn.thinking}</think>" if turn.thinking else ""
        text = turn.text if self.says_words_too or not turn.calls else ""
        parts = [text, self.write(turn.calls) if turn.calls else ""]
        super().answer(exchange, Turn(text=thought + "\n".join(part for part in parts if part)))

"""A tool loop as an application writes it, once for each official SDK.

Each loop keeps the history in the SDK's own objects and hands them back as its documentation says: what the gateway added
to an answer comes back to it in the next request only when that SDK carries it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anthropic
import ollama
import openai
from google import genai
from google.genai import types

#: A model that never comes to an end is a bug of the test's script.
TURNS_MAX = 60

KEY = "sk-tl-for-the-clients"
TIMEOUT_S = 30.0

Tool = Callable[[str, dict[str, Any]], str]


@dataclass
class Ask:
    """What a loop is about."""

    origin: str
    """Address of a server, without a path."""
    model: str
    prompt: str
    run: Tool
    """Called for each call of the model, in order; gives the result."""
    stream: bool = False
    think: bool = True
    schema: dict[str, Any] = field(default_factory=dict)
    """Parameters of the one tool, which is called `note`."""


@dataclass
class Told:
    """What came back."""

    text: str
    """The last answer."""
    thoughts: list[str] = field(default_factory=list)
    """The thoughts of each turn that showed some."""
    calls: int = 0


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}, "words": {"type": "string"}}, "required": ["n"]}


def chat(ask: Ask) -> Told:
    """openai, Chat Completions."""
    told = Told("")
    function = {"name": "note", "description": "Notes a number.", "parameters": ask.schema or SCHEMA}
    messages: list[Any] = [{"role": "system", "content": "Use the tool."}, {"role": "user", "content": ask.prompt}]
    more: dict[str, Any] = {"reasoning_effort": "low"} if ask.think else {}
    more |= {"model": ask.model, "tools": [{"type": "function", "function": function}]}
    with openai.OpenAI(base_url=f"{ask.origin}/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        for _ in range(TURNS_MAX):
            if ask.stream:
                with client.chat.completions.stream(messages=messages, **more) as stream:
                    message = stream.get_final_completion().choices[0].message
            else:
                message = client.chat.completions.create(messages=messages, **more).choices[0].message
            said = message.model_dump(exclude_none=True)
            said.pop("parsed", None)
            for call in said.get("tool_calls", []):
                call["function"].pop("parsed_arguments", None)
                call.pop("index", None)
            messages.append(said)
            if thought := said.get("reasoning_content") or said.get("reasoning"):
                told.thoughts.append(thought)
            if not message.tool_calls:
                told.text = message.content or ""
                return told
            for call in message.tool_calls:
                told.calls += 1
                result = ask.run(call.function.name, json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    raise AssertionError("the loop never ended")


def responses(ask: Ask) -> Told:
    """openai, Responses, stateless as Codex does it: the history goes along and reasoning comes sealed."""
    told = Told("")
    tool = {
        "type": "function",
        "name": "note",
        "description": "Notes a number.",
        "parameters": ask.schema or SCHEMA,
        "strict": False,
    }
    given: list[Any] = [{"role": "user", "content": ask.prompt}]
    more: dict[str, Any] = {"model": ask.model, "tools": [tool], "instructions": "Use the tool.", "store": False}
    more |= {"include": ["reasoning.encrypted_content"]}
    more |= {"reasoning": {"effort": "low", "summary": "auto"}} if ask.think else {}
    with openai.OpenAI(base_url=f"{ask.origin}/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        for _ in range(TURNS_MAX):
            if ask.stream:
                with client.responses.stream(input=given, **more) as stream:
                    answer = stream.get_final_response()
            else:
                answer = client.responses.create(input=given, **more)
            calls = [item for item in answer.output if item.type == "function_call"]
            for item in answer.output:
                kept = item.model_dump(exclude_none=True, exclude={"parsed_arguments"})
                for part in kept.get("content") or []:
                    part.pop("parsed", None)
                given.append(kept)
                if item.type == "reasoning":
                    parts = [*item.summary, *(item.content or [])]
                    told.thoughts.append("".join(part.text for part in parts))
            if not calls:
                told.text = answer.output_text
                return told
            for call in calls:
                told.calls += 1
                result = ask.run(call.name, json.loads(call.arguments))
                given.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    raise AssertionError("the loop never ended")


def messages(ask: Ask) -> Told:
    """anthropic, Messages."""
    told = Told("")
    tool = {"name": "note", "description": "Notes a number.", "input_schema": ask.schema or SCHEMA}
    history: list[Any] = [{"role": "user", "content": ask.prompt}]
    more: dict[str, Any] = {"model": ask.model, "tools": [tool], "system": "Use the tool.", "max_tokens": 4096}
    more |= {"thinking": {"type": "enabled", "budget_tokens": 2048}} if ask.think else {}
    with anthropic.Anthropic(base_url=ask.origin, api_key=KEY, max_retries=0, timeout=TIMEOUT_S) as client:
        for _ in range(TURNS_MAX):
            if ask.stream:
                with client.messages.stream(messages=history, **more) as stream:
                    answer = stream.get_final_message()
            else:
                answer = client.messages.create(messages=history, **more)
            history.append({"role": "assistant", "content": answer.content})
            told.thoughts += [block.thinking for block in answer.content if block.type == "thinking"]
            calls = [block for block in answer.content if block.type == "tool_use"]
            assert answer.stop_reason == ("tool_use" if calls else "end_turn")
            if not calls:
                told.text = "".join(block.text for block in answer.content if block.type == "text")
                return told
            results = []
            for call in calls:
                told.calls += 1
                result = ask.run(call.name, dict(call.input))
                results.append({"type": "tool_result", "tool_use_id": call.id, "content": result})
            history.append({"role": "user", "content": results})
    raise AssertionError("the loop never ended")


def native_ollama(ask: Ask) -> Told:
    """ollama, `/api/chat`."""
    told = Told("")
    tool = {
        "type": "function",
        "function": {"name": "note", "description": "Notes a number.", "parameters": ask.schema or SCHEMA},
    }
    history: list[Any] = [{"role": "system", "content": "Use the tool."}, {"role": "user", "content": ask.prompt}]
    client = ollama.Client(ask.origin, headers={"authorization": f"Bearer {KEY}"}, timeout=TIMEOUT_S)
    for _ in range(TURNS_MAX):
        given = {"model": ask.model, "messages": history, "tools": [tool], "think": ask.think or None}
        if ask.stream:
            message = ollama.Message(role="assistant", content="", thinking="", tool_calls=[])
            for part in client.chat(stream=True, **given):
                message.content = (message.content or "") + (part.message.content or "")
                message.thinking = (message.thinking or "") + (part.message.thinking or "")
                message.tool_calls = [*(message.tool_calls or []), *(part.message.tool_calls or [])]
            assert part.done
        else:
            message = client.chat(**given).message
        history.append(message)
        if message.thinking:
            told.thoughts.append(message.thinking)
        if not message.tool_calls:
            told.text = message.content or ""
            return told
        for call in message.tool_calls:
            told.calls += 1
            result = ask.run(call.function.name, dict(call.function.arguments))
            history.append({"role": "tool", "tool_name": call.function.name, "content": result})
    raise AssertionError("the loop never ended")


def gemini(ask: Ask) -> Told:
    """google-genai, generateContent."""
    told = Told("")
    declared = types.FunctionDeclaration(
        name="note", description="Notes a number.", parameters_json_schema=ask.schema or SCHEMA
    )
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_level=types.ThinkingLevel.LOW)
    settings = types.GenerateContentConfig(
        system_instruction="Use the tool.",
        tools=[types.Tool(function_declarations=[declared])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        thinking_config=thinking if ask.think else None,
    )
    history: list[Any] = [types.Content(role="user", parts=[types.Part(text=ask.prompt)])]
    options = types.HttpOptions(base_url=ask.origin, api_version="v1beta", timeout=int(TIMEOUT_S * 1000))
    client = genai.Client(api_key=KEY, http_options=options)
    for _ in range(TURNS_MAX):
        given = {"model": ask.model, "contents": history, "config": settings}
        if ask.stream:
            answers = list(client.models.generate_content_stream(**given))
        else:
            answers = [client.models.generate_content(**given)]
        parts = [part for answer in answers for part in parts_of(answer)]
        assert str(answers[-1].candidates[0].finish_reason).endswith("STOP")
        history.append(types.Content(role="model", parts=parts))
        if thought := "".join(part.text or "" for part in parts if part.thought):
            told.thoughts.append(thought)
        calls = [part.function_call for part in parts if part.function_call]
        if not calls:
            told.text = "".join(part.text or "" for part in parts if not part.thought)
            return told
        results = []
        for call in calls:
            told.calls += 1
            result = {"result": ask.run(call.name, dict(call.args or {}))}
            answer = types.FunctionResponse(id=call.id, name=call.name, response=result)
            results.append(types.Part(function_response=answer))
        history.append(types.Content(role="user", parts=results))
    raise AssertionError("the loop never ended")


def parts_of(answer: types.GenerateContentResponse) -> list[types.Part]:
    """The parts of an answer or of a piece of one; empty text is no part."""
    found = answer.candidates[0].content if answer.candidates else None
    return [part for part in (found.parts or [] if found else []) if part.text != "" or part.thought_signature]


LOOPS: dict[str, Callable[[Ask], Told]] = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic": messages,
    "ollama": native_ollama,
    "gemini": gemini,
}

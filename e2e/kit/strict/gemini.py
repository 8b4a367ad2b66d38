"""generateContent as Gemini 3 checks it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any

from ..upstream import Exchange, Received
from .server import Seen, Turn, Wire, need, pieces, sealed

PATH = re.compile(r"/v1(?:beta|alpha)?/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)")

#: google-genai 3.4.0, `_GenerateContentParameters` toward the Developer API; anything else is a 400 there.
FIELDS = set(
    "contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent serviceTier model".split()
)
CONFIG = set(
    "temperature topP topK candidateCount maxOutputTokens stopSequences responseMimeType responseSchema "
    "responseJsonSchema responseModalities thinkingConfig seed presencePenalty frequencyPenalty responseLogprobs logprobs "
    "speechConfig mediaResolution imageConfig responseFormat enableEnhancedCivicAnswers".split()
)
USAGE = {
    "promptTokenCount": 21,
    "candidatesTokenCount": 3,
    "thoughtsTokenCount": 2,
    "cachedContentTokenCount": 4,
    "totalTokenCount": 26,
}

#: What Google documents for histories that another model made. Counted, so that a test can ask for none.
DUMMIES = {"skip_thought_signature_validator", base64.b64encode(b"skip_thought_signature_validator").decode()}


class Gemini(Wire):
    """Gemini 3's checks of a history with function calls."""

    name = "gemini"
    base_path = "/v1beta"

    def __init__(self) -> None:
        self.dummies = 0

    def check(self, request: Received) -> None:
        body = request.json()
        need(PATH.match(request.target), f"unknown path {request.target}")
        need(request.header("x-goog-api-key") or "key=" in request.target, "Method doesn't allow unregistered callers.")
        for name in body:
            need(name in FIELDS, unknown_name(name, "root"))
        for name in body.get("generationConfig") or {}:
            need(name in CONFIG, unknown_name(name, "generation_config"))
        contents = body.get("contents") or []
        need(contents, "contents is not specified")
        last = max((at for at, turn in enumerate(contents) if speaks(turn)), default=0)
        for at, turn in enumerate(contents):
            role = turn.get("role", "user")
            need(role in ("user", "model"), "Please use a valid role: user, model.")
            need(turn.get("parts"), f"Unable to submit request because contents[{at}].parts must not be empty.")
            if role == "model":
                self.check_model(at, turn, contents[at + 1 : at + 2], current=at > last)
            else:
                check_responses(turn, contents[at - 1 : at])
        need(contents[0].get("role", "user") == "user", "Please ensure that the first turn is a user turn.")

    def check_model(self, at: int, turn: dict[str, Any], after: list[dict[str, Any]], *, current: bool) -> None:
        """A turn of the model; signatures are looked at in the current loop alone."""
        calls = [part for part in turn["parts"] if "functionCall" in part]
        for part in calls:
            need(
                isinstance(part["functionCall"].get("args", {}), dict),
                f"Invalid value at 'contents[{at}].parts[0].function_call.args' (Struct)",
            )
        if not calls:
            return
        answers = [part for next_turn in after for part in next_turn["parts"] if "functionResponse" in part]
        need(
            len(answers) == len(calls),
            "Please ensure that the number of function response parts is equal to the number of function call parts of the "
            "function call turn.",
        )
        if not current:
            return
        first, name = calls[0].get("thoughtSignature"), calls[0]["functionCall"]["name"]
        need(
            first,
            f"Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
            f"and missing thought_signature may lead to degraded model performance. Additional data, function call "
            f"`default_api:{name}`, position {at}.",
        )
        if first in DUMMIES:
            self.dummies += 1
            return
        # Google's JSON takes both alphabets of base64, and its own Python SDK sends the other one than it got.
        plain = first.replace("-", "+").replace("_", "/")
        need(plain == signature(calls[0]["functionCall"]), "Thought signature is not valid.")

    def seen(self, request: Received) -> Seen:
        body = request.json()
        user, results = "", []
        for turn in body["contents"]:
            if speaks(turn):
                user, results = "\n".join(part.get("text", "") for part in turn["parts"]), []
            results += [json.dumps(p["functionResponse"]["response"]) for p in turn["parts"] if "functionResponse" in p]
        tools = [f["name"] for tool in body.get("tools") or [] for f in tool.get("functionDeclarations") or []]
        thinking = (body.get("generationConfig") or {}).get("thinkingConfig") or {}
        return Seen(user, tools, results, thinks=bool(thinking.get("includeThoughts") or thinking.get("include_thoughts")))

    def answer(self, exchange: Exchange, turn: Turn) -> None:
        request = exchange.request
        parts: list[dict[str, Any]] = []
        if turn.thinking and self.seen(request).thinks:
            parts += [{"text": piece, "thought": True} for piece in pieces(turn.thinking)]
        parts += [{"text": piece} for piece in pieces(turn.text)]
        for number, call in enumerate(turn.calls):
            part: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments}}
            part |= {"thoughtSignature": signature(part["functionCall"])} if number == 0 else {}
            parts.append(part)
        found = PATH.match(request.target)
        assert found is not None
        if found.group(2) != "streamGenerateContent":
            exchange.answer(chunk(found.group(1), parts, "STOP"))
            return
        assert "alt=sse" in request.target, "the array form is not scripted"
        exchange.sse_head()
        for part in parts:
            self.data(exchange, chunk(found.group(1), [part]))
        self.data(exchange, chunk(found.group(1), [{"text": ""}], "STOP"))
        exchange.end()

    def data(self, exchange: Exchange, body: dict[str, Any]) -> None:
        exchange.chunk(b"data: " + json.dumps(body).encode() + b"\r\n\r\n")

    def error(self, message: str) -> Any:
        return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}

    def other(self, exchange: Exchange) -> bool:
        found = PATH.match(exchange.request.target)
        if found and found.group(2) == "countTokens":
            exchange.answer({"totalTokens": 17})
            return True
        if exchange.request.method == "GET" and "/models" in exchange.request.target:
            exchange.answer(
                {
                    "models": [
                        {
                            "name": "models/strict",
                            "inputTokenLimit": 8192,
                            "supportedGenerationMethods": ["generateContent"],
                        }
                    ]
                }
            )
            return True
        return False


def signature(call: dict[str, Any]) -> str:
    """The signature of a call; what it was called with is part of it, how its id was written is not."""
    return sealed(call["name"] + json.dumps(call.get("args", {}), sort_keys=True))


def check_responses(turn: dict[str, Any], before: list[dict[str, Any]]) -> None:
    """Every response names a function that the turn before called, and holds an object."""
    called = [p["functionCall"]["name"] for t in before for p in t["parts"] if "functionCall" in p]
    for part in turn["parts"]:
        answer = part.get("functionResponse")
        if answer is None:
            continue
        need(isinstance(answer.get("response"), dict), "Invalid value at 'function_response.response' (Struct)")
        need(
            answer["name"] in called,
            "Please ensure that function response turn comes immediately after a function call turn. And the number of "
            "function response parts should be equal to number of function call parts of the function call turn.",
        )


def speaks(turn: dict[str, Any]) -> bool:
    """Whether the user spoke in it, rather than a function."""
    return turn.get("role", "user") == "user" and not any(
        "functionResponse" in part for part in turn.get("parts") or []
    )


def chunk(model: str, parts: list[dict[str, Any]], reason: str | None = None) -> dict[str, Any]:
    """One answer, or one piece of it."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    candidate |= {"finishReason": reason} if reason else {}
    return {"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": model, "responseId": uuid.uuid4().hex}


def unknown_name(name: str, where: str) -> str:
    """Google's words for a field that it does not know."""
    return f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."

"""One official SDK as a program: sdk_driver.py openai|anthropic. Each line in is a call, each line out is what came of it.

A process of its own, since only one major of a package fits into one. `node/sdk_driver.mjs` is its counterpart.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

NAME = sys.argv[1]
SDK = importlib.import_module(NAME)
KEY = os.environ["SDK_KEY"]
TIMEOUT_S = float(os.environ["SDK_TIMEOUT_S"])

#: The events of the wire; the SDK's stream gives some of its own between them.
OF_THE_WIRE = ("message_", "content_block_", "response.", "chunk")


def kept(answer: Any) -> dict[str, Any]:
    """An answer of the SDK as plain JSON."""
    return json.loads(answer.model_dump_json(warnings=False))


def streamed(manager: Any, final: str) -> dict[str, Any]:
    """A stream to its end: the kinds of its events in order, and what the SDK made of them."""
    with manager as stream:
        kinds = [event.type for event in stream]
        return kept(getattr(stream, final)()) | {"events": [kind for kind in kinds if kind.startswith(OF_THE_WIRE)]}


def chat(client: Any, stream: bool, body: dict[str, Any]) -> dict[str, Any]:
    made = client.chat.completions
    return streamed(made.stream(**body), "get_final_completion") if stream else kept(made.create(**body))


def responses(client: Any, stream: bool, body: dict[str, Any]) -> dict[str, Any]:
    made = client.responses
    return streamed(made.stream(**body), "get_final_response") if stream else kept(made.create(**body))


def messages(client: Any, stream: bool, body: dict[str, Any]) -> dict[str, Any]:
    made = client.messages
    return streamed(made.stream(**body), "get_final_message") if stream else kept(made.create(**body))


CALLS: dict[str, Callable[[Any, bool, dict[str, Any]], Any]] = {
    "chat": chat,
    "responses": responses,
    "messages": messages,
    "beta messages": lambda client, stream, body: messages(client.beta, stream, body),
    "count": lambda client, _, body: kept(client.messages.count_tokens(**body)),
    "models": lambda client, _, __: [kept(model) for model in client.models.list()],
    "model": lambda client, _, body: kept(client.models.retrieve(body["model"])),
}


@functools.cache
def client_of(base_url: str, key: str) -> Any:
    """A client for this address. Making one costs more than a call; a connection is for one call, as a recorder wants it."""
    maker = {"openai": "OpenAI", "anthropic": "Anthropic"}[NAME]
    more = {"max_retries": 0, "timeout": TIMEOUT_S, "default_headers": {"connection": "close"}}
    return getattr(SDK, maker)(base_url=base_url, api_key=key, **more)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What came of one call: an answer, or the SDK's own error."""
    client = client_of(asked["base_url"], asked.get("key", KEY))
    try:
        return {"answer": CALLS[asked["call"]](client, asked["stream"], asked["body"])}
    except SDK.APIStatusError as error:
        return {"error": {"kind": type(error).__name__, "status": error.status_code, "body": error.body}}
    except Exception as error:  # whatever it could not stand: the test says what it was
        where = "".join(traceback.format_exception(error, limit=-3))
        return {"error": {"kind": type(error).__name__, "status": None, "body": where}}


print(json.dumps({"version": SDK.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)

"""A thousand clients that leave: each has its row, and together they owe what the providers counted.

Half of the providers say at once how long the prompt is (Anthropic's), half never do so to who leaves (OpenAI's). What happens to their
connections is in `crates/proxy/tests/leaving.rs`; this is about what the ledger
says after.
"""

from __future__ import annotations

import json
import random
import select
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import cycle, islice, product

from kit import config
from kit.gateway import ROOT, Gateway, command
from kit.raw import connect, post
from kit.upstream import Exchange, Upstream
from kit.waits import eventually

CLIENTS = 1_000
#: Those who are there at the same time.
AT_ONCE = 50
#: How fast the provider is: slow enough for a debug build on a loaded machine to be as far as it is.
A_TOKEN_S = 0.01
#: A client reads so many bytes at most: less than the whole answer has.
BYTES_MAX = 15_000

#: An English text, cut as `o200k_base` cuts it.
TOKENS = json.loads((ROOT / "crates/proxy/tests/leaving/tokens.json").read_text())
#: What OpenAI's models read around the text of one message.
AROUND = 7
SAMPLES = ROOT / "crates/wire/src/tokens/samples"
#: Prompts, and how many tokens each is to the provider: the gateway estimates them.
PROMPTS = {
    (SAMPLES / name).read_text(): tokens + AROUND
    for name, tokens in (("english.txt", 197), ("rust.txt", 185), ("json.txt", 246))
}

#: Each way in to each provider.
PATHS = ("/v1/chat/completions", "/v1/messages")
MODELS = ("by-chat", "by-messages")

PRICE = "price = { input = 3, output = 15 }"
INPUT_USD, OUTPUT_USD = Decimal("0.000003"), Decimal("0.000015")


def begin(ex: Exchange, read: int) -> Callable[[str], None]:
    """The beginning of an answer in the dialect that was asked in; how to go on with a token."""
    ex.sse_head()
    if not ex.request.target.endswith("/messages"):
        return ex.token

    def event(kind: str, **more: object) -> None:
        ex.chunk(f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode())

    usage = {"input_tokens": read, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "counted", "usage": usage}
    event("message_start", message=message)
    event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    return lambda text: event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


class Counting:
    """A provider that counts what it reads and writes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked = self.read = self.produced = self.at_work = 0

    def script(self, ex: Exchange) -> None:
        read = PROMPTS[ex.request.json()["messages"][0]["content"]]
        with self.lock:
            self.asked += 1
            self.read += read
            self.at_work += 1
        written = 0
        try:
            say = begin(ex, read)
            for token in TOKENS:
                # Readable is what the other side has closed.
                if select.select([ex.sock], [], [], A_TOKEN_S)[0]:
                    break
                say(token)
                written += 1
            ex.close()
        finally:
            with self.lock:
                self.produced += written
                self.at_work -= 1

    def bill(self) -> Decimal:
        return self.read * INPUT_USD + self.produced * OUTPUT_USD


def leave_after(gateway: Gateway, path: str, model: str, prompt: str, count: int) -> None:
    """One client that reads so many bytes and hangs up."""
    body = {"model": model, "stream": True, "max_tokens": 999, "messages": [{"role": "user", "content": prompt}]}
    with connect(gateway.port) as sock:
        sock.sendall(post(path, json.dumps(body).encode()))
        while count > 0 and (read := sock.recv(min(count, 4096))):
            count -= len(read)


def test_a_thousand_clients_leave_a_row_each_and_the_providers_bills(
    start: Callable[..., Gateway], upstream: Upstream
) -> None:
    counting, dice = Counting(), random.Random(6)
    upstream.script("counted", counting.script)
    origin = upstream.base_url.removesuffix("/v1")
    gateway = start(
        config.QUIET
        + config.wire("chat", "openai_chat", upstream.base_url)
        + config.model("by-chat", "chat", "counted", PRICE)
        + config.wire("messages", "anthropic", origin)
        + config.model("by-messages", "messages", "counted", PRICE)
    )
    with ThreadPoolExecutor(AT_ONCE) as clients:
        # From at once to near the end.
        asked = islice(cycle(product(PATHS, MODELS, PROMPTS)), CLIENTS)
        for left in [clients.submit(leave_after, gateway, *each, dice.randrange(BYTES_MAX)) for each in asked]:
            left.result()
    eventually("everybody is done", lambda: counting.at_work == 0 and len(gateway.rows()) >= CLIENTS)
    # When it has stopped, all is written that is to be written.
    assert gateway.stop() == 0
    database = gateway.data / "trunkline.db"
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT outcome, count(*), count(DISTINCT id), sum(cost_nusd), sum(cost_nusd IS NULL), sum(quality = 'partial')"
            " FROM requests_view GROUP BY outcome"
        ).fetchall()
    [(outcome, count, ids, cost_nusd, unknown, partial)] = rows
    assert (outcome, count, ids, unknown) == ("client_left", CLIENTS, CLIENTS, 0)
    assert partial >= counting.asked
    ours, theirs = Decimal(cost_nusd) / 10**9, counting.bill()
    print(f"{ours} USD here, {theirs} there for {counting.produced} tokens: {abs(ours - theirs) / theirs:.2%} apart")
    assert abs(ours - theirs) / theirs < Decimal("0.02")

    told = command(["usage", "--json", "--data-dir", str(gateway.data)], gateway.folder)
    assert told.returncode == 0, told.stderr
    total = json.loads(told.stdout)["all"]
    assert (total["requests"], total["client_left"], total["inexact"]) == (CLIENTS, CLIENTS, partial)
    assert Decimal(total["cost"]) == ours

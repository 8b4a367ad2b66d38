"""The document changes twenty times, once for the worse, while 200 streams are open: nobody notices."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kit import config
from kit.gateway import Gateway
from kit.raw import Stream, chat_body
from kit.upstream import Exchange, Upstream
from kit.waits import eventually

STREAMS = 200
RELOADS = 20
BROKEN_RELOAD = 9
#: For a client to get its next token on a loaded machine; passing it is a dropped stream.
TOKEN_DEADLINE_S = 20


class Metronome:
    """Every open stream sends one token at each tick."""

    def __init__(self) -> None:
        self.ticks = 0
        self.changed = threading.Condition()

    def tick(self) -> None:
        with self.changed:
            self.ticks += 1
            self.changed.notify_all()

    def script(self, ex: Exchange) -> None:
        ex.sse_head()
        ex.token("t0")
        for beat in range(1, RELOADS + 1):
            with self.changed:
                assert self.changed.wait_for(lambda: self.ticks >= beat, 60)
            ex.token(f" t{beat}")
        ex.token("", "stop")
        ex.done()


def test_twenty_reloads_drop_no_stream_and_fail_no_request(start: Callable[..., Gateway], upstream: Upstream) -> None:
    metronome = Metronome()
    upstream.script("steady", metronome.script)
    text = config.standard(upstream.base_url)
    gateway = start(text)
    texts: list[str] = [""] * STREAMS
    reached = [0] * STREAMS
    outcomes: list[str] = [""] * STREAMS

    def follow(number: int) -> None:
        stream = Stream(gateway.port, chat_body("up/steady", stream=True))
        stream.sock.settimeout(60)
        last = ""
        for event in stream.events():
            last = event.data
            if last != "[DONE]":
                texts[number] += event.json()["choices"][0]["delta"].get("content", "")
                reached[number] += 1
        outcomes[number] = last if stream.broken is None else repr(stream.broken)
        stream.leave()

    def short_request(number: int) -> int:
        return gateway.chat("alias", n=number).status_code

    with ThreadPoolExecutor(STREAMS) as followers, ThreadPoolExecutor(4) as callers:
        running = [followers.submit(follow, number) for number in range(STREAMS)]
        eventually("all streams are open", lambda: all(count >= 1 for count in reached), 60)
        statuses: list[int] = []
        for reload in range(RELOADS):
            meanwhile = callers.map(short_request, range(8))
            broken = reload == BROKEN_RELOAD
            gateway.write_config(text + config.model(f"m{reload}", "nobody" if broken else "up", "real-name"))
            metronome.tick()
            if broken:
                eventually("the problem shows", lambda: "nobody" in gateway.http.get("/health/detailed").text)
            else:
                path = f"/v1/models/m{reload}"
                eventually(f"reload {reload}", lambda: gateway.http.get(path).status_code == 200)
            statuses += list(meanwhile)
            statuses.append(gateway.chat("alias").status_code)
            eventually("every stream got its token", lambda: min(reached) >= reload + 2, TOKEN_DEADLINE_S)
        for future in running:
            future.result(60)
    expected = " ".join(f"t{beat}" for beat in range(RELOADS + 1))
    assert outcomes == ["[DONE]"] * STREAMS
    assert texts == [expected] * STREAMS
    assert statuses == [200] * len(statuses)
    assert len(gateway.rows_of("up/steady", STREAMS)) == STREAMS

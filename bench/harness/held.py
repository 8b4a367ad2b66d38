"""Streams that stop in the middle: an upstream that falls silent after some events, and clients that wait with it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable

EVENTS = 50
"""Events with content before the silence, each a write of its own."""
WORD = "hushed"
"""What each of them says: seen by the client in whichever dialect it reads."""
GAP_S = 0.002
"""Between two events, so that the proxy reads them one by one."""
WAIT_S_MAX = 120
"""Longest wait for any of it; longer is a hang."""

CHUNK = '{"id":"chatcmpl-held","object":"chat.completion.chunk","created":1700000000,"model":"mock-model","choices":['
USAGE = '],"usage":{"prompt_tokens":42,"completion_tokens":50,"total_tokens":92}}'
ANSWER = (
    b'{"id":"chatcmpl-held","object":"chat.completion","created":1700000000,"model":"mock-model","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"held"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":42,"completion_tokens":1,"total_tokens":43}}'
)


def event(delta: str, reason: str = "null") -> bytes:
    """One event as one HTTP chunk."""
    return chunk(f'{CHUNK}{{"index":0,"delta":{delta},"finish_reason":{reason}}}]}}')


def chunk(data: str) -> bytes:
    raw = f"data: {data}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(raw), raw)


class Upstream:
    """A model server whose streams fall silent until `release` is set. `address` is where it listens."""

    address = ""

    def __init__(self):
        self.release = asyncio.Event()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)
        self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.release.set()
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                await self._answer(writer, json.loads(body or b"{}"))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the proxy hung up
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, asked: dict) -> None:
        if not asked.get("stream"):
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)
            writer.write(head + ANSWER)
            return await writer.drain()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(EVENTS):
            writer.write(event(json.dumps({"content": WORD})))
            await writer.drain()
            await asyncio.sleep(GAP_S)
        await self.release.wait()
        writer.write(event("{}", '"stop"') + chunk(CHUNK + USAGE) + chunk("[DONE]") + b"0\r\n\r\n")
        await writer.drain()


class Stream:
    """One client's stream."""

    def __init__(self, address: str, path: str, body: bytes, headers: dict):
        self.host, _, port = address.partition(":")
        self.port = int(port)
        lines = [f"POST {path} HTTP/1.1", f"host: {address}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.request = "\r\n".join([*lines, "", ""]).encode() + body
        self.seen = b""

    async def until_silent(self) -> None:
        """Sends the request and reads all there is before the silence."""
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        self.writer.write(self.request)
        await self._read(lambda: self.seen.count(WORD.encode()) >= EVENTS)

    async def to_its_end(self) -> bool:
        """Reads the rest; whether the answer was whole."""
        await self._read(lambda: self.seen.endswith(b"\r\n0\r\n\r\n"))
        self.writer.close()
        whole = self.seen.startswith(b"HTTP/1.1 200") and self.seen.count(WORD.encode()) == EVENTS
        return whole and (b"[DONE]" in self.seen or b"message_stop" in self.seen)

    async def _read(self, enough: Callable[[], bool]) -> None:
        while not enough():
            data = await asyncio.wait_for(self.reader.read(65536), WAIT_S_MAX)
            if not data:
                raise RuntimeError(f"the proxy ended a stream: {self.seen[-300:]!r}")
            self.seen += data


async def in_groups(size: int, steps: list[Callable[[], Awaitable]]) -> list:
    """Runs the steps, so many at a time."""
    told = []
    for at in range(0, len(steps), size):
        told += await asyncio.gather(*(step() for step in steps[at : at + size]))
    return told

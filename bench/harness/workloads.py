"""What is sent, and one measured run of it."""

import json
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from . import processes

PATH = "/v1/chat/completions"
CHUNKS = 100
REST_S = 1.5
"""Longer than the ledger's flush interval of one second: the rows of a run are paid for in that run, and only there."""
CONTENT_BYTES = 100 << 10


@dataclass(frozen=True)
class Workload:
    title: str
    body: str
    connections: int
    delay_us: int = 0
    path: str = PATH
    against: str | None = None
    """The workload to compare with, for what only a gateway can do."""

    @property
    def paced(self) -> bool:
        return self.delay_us > 0


ALL = {
    "chat": Workload("small chat, 64 connections", "small", 64),
    "burst": Workload("100-chunk stream, sent in a burst, 64 connections", "stream", 64),
    "paced": Workload("100-chunk stream, 5 ms apart, 64 connections", "stream", 64, delay_us=5000),
    "no-usage": Workload("the burst again, usage not asked for by the client", "stream-no-usage", 64),
    "bridged": Workload(
        "the burst for a Messages client, bridged", "messages", 64, path="/v1/messages", against="burst"
    ),
    "prompt": Workload("100 KB prompt, 32 connections", "big", 32),
    "single": Workload("small chat, one connection", "small", 1),
}


@cache
def body(kind: str, model: str) -> bytes:
    """A request body with its members in the order the OpenAI SDKs write them: messages first, then the model."""
    system = {"role": "system", "content": "You are a helpful assistant."}
    user = {
        "role": "user",
        "content": 'Write one sentence about a fox and a dog, please. "Short", no more than\n30 words.',
    }
    more: dict = {}
    if kind.endswith("big"):
        paragraph = (
            'The gateway reads the request, finds the model\'s name, and forwards it; "quotes" and\n'
            "line breaks are escaped as any JSON writer would, and some text is \u00e9crit avec des accents. "
        )
        user["content"] = (paragraph * (CONTENT_BYTES // len(paragraph) + 1))[: CONTENT_BYTES - 400]
    if kind.startswith("stream"):
        more = {"stream": True}
    if kind in ("stream", "stream-big"):
        more["stream_options"] = {"include_usage": True}
    if kind.startswith("messages"):
        document = {"max_tokens": 256, "messages": [user], "model": model, "stream": True, "system": system["content"]}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    document = {"messages": [system, user], "model": model, "temperature": 0.7, "max_tokens": 256, **more}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def headers(key: str) -> dict:
    return {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}


def run(contestant, mock, workload: Workload, seconds: int, folder: Path, profiler=None) -> dict:
    """Warms up, drives `workload` for `seconds`, and says what it took."""
    mock.set(chunks=CHUNKS, delay_us=workload.delay_us, keep_last=0)
    tree = contestant.tree
    stream_bytes = _stream_bytes(contestant, workload) if workload.paced else None
    wrk(contestant, workload, 1, folder)
    if tree:
        tree.rest(REST_S)
        tree.reset_peak()
    connections = mock.counters()["connections"]
    began, busy_us, harness_us = time.monotonic(), processes.machine_busy_us(), processes.harness_us()
    mock_cpu, cpu = mock.tree.cpu(), tree and tree.cpu()
    if profiler:
        with profiler.recording(tree.pid, seconds):
            load = wrk(contestant, workload, seconds, folder)
    else:
        load = wrk(contestant, workload, seconds, folder)
    ours_us = (
        processes.harness_us() - harness_us + mock.tree.cpu().since(mock_cpu) + (tree.cpu().since(cpu) if tree else 0)
    )
    foreign_us = max(0.0, processes.machine_busy_us() - busy_us - ours_us)
    foreign = foreign_us / ((time.monotonic() - began) * 1e6)
    requests = load["requests"] - load["not_2xx"]
    if stream_bytes and not load["not_2xx"]:
        requests = load["bytes"] / stream_bytes  # a stream cut off by the end counts as the part it is
    result = {
        "requests": requests,
        "per_s": requests / (load["duration_us"] / 1e6),
        "p50_us": load["p50_us"],
        "p99_us": load["p99_us"],
        "errors": load["not_2xx"] + load["socket_errors"],
        "foreign": foreign,
    }
    if tree:
        tree.rest(REST_S)
        result["cpu_us"] = tree.cpu().since(cpu) / requests if requests else None
        result["peak_mb"] = tree.peak_mb()
    result["upstream_connections"] = mock.counters()["connections"] - connections
    return result


def wrk(contestant, workload: Workload, seconds: int, folder: Path) -> dict:
    path = folder / "body.json"
    path.write_bytes(body(workload.body, contestant.model))
    script = Path(__file__).resolve().parent.parent / "chat.lua"
    command = ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script)]
    output = subprocess.run(
        [*command, f"http://{contestant.address}{workload.path}"],
        env={**os.environ, "BENCH_BODY": str(path), "BENCH_KEY": contestant.key},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    found = re.search(r"^BENCH (.*)$", output.stdout, re.M)
    if not found:
        raise RuntimeError(f"wrk: {(output.stdout + output.stderr)[-500:]}")
    return json.loads(found[1])


def _stream_bytes(contestant, workload: Workload) -> int:
    """Bytes of one whole stream on the wire, at the workload's own pace, the head included."""
    host, port = contestant.address.split(":")
    content = body(workload.body, contestant.model)
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {contestant.address}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers(contestant.key).items()]
    seen = b""
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        while not seen.endswith(b"\r\n0\r\n\r\n"):
            received = connection.recv(65536)
            if not received:
                raise RuntimeError(f"{contestant.name}: the stream ended after {len(seen)} bytes")
            seen += received
    return len(seen)

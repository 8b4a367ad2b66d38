"""Canaries: texts that stand for secrets, and where they must not be seen; and the lists of what can be asked."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from .gateway import CLIENT_TIMEOUT_S, ROOT, Gateway, binary, clean_env

ROUTE = re.compile(r'Endpoint::new\(\s*"(\w+)",\s*"([^"]+)"')

#: Answers that exist to show a secret once, and which: nobody else's.
SHOWN_ONCE = {
    ("POST", "/api/v1/client-keys"),
    ("POST", "/api/v1/client-keys/{key}/rotate"),
    ("POST", "/key/generate"),
}

#: Answers that exist to show the document to those who edit it, the role `admin` alone: it may hold keys.
SHOWN_TO_EDITORS = {
    ("GET", "/api/v1/config"),
    ("GET", "/api/v1/config/revisions/{n}"),
    ("POST", "/api/v1/config/plan"),
    ("POST", "/api/v1/config/import"),
}

#: Longest wait for an answer without an end.
LIVE_TIMEOUT_S = 1.0

#: A part of a canary this long is as good as all of it.
PART = 10


@dataclass
class Canaries:
    """One text for each place of a secret. They look like nothing that a pattern would know."""

    by_slot: dict[str, str] = field(default_factory=dict)
    #: What was made and shown while the test ran.
    shown: dict[str, str] = field(default_factory=dict)

    def __call__(self, slot: str) -> str:
        """The canary of a slot."""
        return self.by_slot.setdefault(slot, "Zq" + secrets.token_hex(20))

    def patterns(self) -> Iterator[tuple[str, bytes]]:
        """Every form in which one could be seen, by slot."""
        for slot, text in itertools.chain(self.by_slot.items(), self.shown.items()):
            # Its beginning, but for what all of a kind begin with; its middle and its end.
            plain = text.removeprefix("sk-tl-")
            middle = len(plain) // 2
            for part in (plain[2 : 2 + PART], plain[middle : middle + PART], plain[-PART:]):
                yield slot, part.encode()
            yield slot, text.encode().hex().encode()
            for shift in range(3):
                encoded = base64.b64encode(b"\0" * shift + text.encode())
                yield slot, encoded[4 if shift else 0 : -4]

    def seen_in(self, what: bytes | str) -> set[str]:
        """The slots whose canaries something shows."""
        text = what.encode() if isinstance(what, str) else what
        return {slot for slot, pattern in self.patterns() if pattern in text}


def run(*args: str, folder: Path, env: dict[str, str], said: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command of the binary, which may fail."""
    return subprocess.run(
        [str(binary()), *args],
        cwd=folder,
        env=clean_env(folder, env),
        input=said,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@dataclass
class World:
    """A gateway with canaries, and those who ask it."""

    gateway: Gateway
    canary: Canaries
    env: dict[str, str]
    #: What is written in the document, word for word.
    written: set[str]
    found: list[str] = field(default_factory=list)
    #: The body of the last answer, and the last cookie of a session.
    said: bytes = b""
    session: str = ""

    def look(self, where: str, what: bytes | str, allowed: set[str] | None = None) -> None:
        """Notes what can be seen where it must not be."""
        seen = self.canary.seen_in(what) - (allowed or set())
        if seen:
            self.found.append(f"{where}: {sorted(seen)}")

    def command(self, *args: str, said: str = "") -> None:
        """Runs a command beside the gateway, and looks at what it says."""
        beside = ["--data-dir", str(self.gateway.data), "--config", str(self.gateway.config_path)]
        done = run(*args, *beside, folder=self.gateway.folder, env=self.env, said=said)
        self.look(f"trunkline {' '.join(args)}", done.stdout + done.stderr)

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        name: str = "",
        *,
        edits: bool = False,
    ) -> httpx.Response:
        """Asks, and looks at the answer: its head and its body. `edits`: whether the caller may edit the document."""
        is_endless = path.startswith("/api/v1/requests/live") or path.endswith("/stream")
        wait = LIVE_TIMEOUT_S if is_endless else CLIENT_TIMEOUT_S
        with self.gateway.http.stream(method, path, headers=headers, content=body, timeout=wait) as answer:
            said = b""
            # Streams without an end are looked at for a moment.
            with contextlib.suppress(httpx.ReadTimeout):
                for chunk in answer.iter_bytes():
                    said += chunk
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        # Nobody is signed in who does not say so.
        self.gateway.http.cookies.clear()
        key = (method, name or path)
        if key in SHOWN_ONCE and answer.is_success:
            made = json.loads(said).get("key")
            assert made and said.count(made.encode()) == 1, said
            said = said.replace(made.encode(), b"")
            self.canary.shown[f"made by {method} {path} #{len(self.canary.shown)}"] = made
        cookie = re.search(r"trunkline_session=([^;]+)", head)
        if cookie and answer.is_success and cookie[1]:
            # A cookie is how a session is handed over; from here on nobody else is to see it.
            head = head.replace(cookie[1], "")
            self.canary.shown[f"session #{len(self.canary.shown)}"] = cookie[1]
            self.session = cookie[1]
        allowed = self.written if edits and key in SHOWN_TO_EDITORS else set()
        self.look(f"{method} {path} {answer.status_code}", head.encode() + b"\n\n" + said, allowed)
        self.said = said
        return answer


def writable_slots(schema: Any, path: str = "") -> Iterator[str]:
    """Every place of a document that holds a secret, as the schema says."""
    if schema.get("writeOnly"):
        yield path
    for name, inner in schema.get("properties", {}).items():
        yield from writable_slots(inner, f"{path}.{name}" if path else name)
    for name, step in (("additionalProperties", ".NAME"), ("items", "[]")):
        if isinstance(schema.get(name), dict):
            yield from writable_slots(schema[name], path + step)


def routes() -> list[tuple[str, str]]:
    """Every path of the admin API, those of other products too, as the code lists them."""
    found = set()
    for source in (ROOT / "crates/admin/src").rglob("*.rs"):
        found |= set(ROUTE.findall(source.read_text()))
    assert len(found) > 20
    return sorted(found)


def described() -> dict[tuple[str, str], Any]:
    """What the paths take, as the API's description says."""
    api = json.loads((ROOT / "crates/admin/openapi.json").read_text())
    found = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            found[method.upper(), path] = (content.get("schema"), api["components"]["schemas"])
    return found


def example(schema: Any, known: dict[str, Any], canary: Canaries, depth: int = 0) -> Any:
    """Something that a schema allows, more or less; with a canary for each text."""
    if "$ref" in schema:
        return example(known[schema["$ref"].rsplit("/", 1)[-1]], known, canary, depth + 1) if depth < 6 else {}
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0], known, canary, depth + 1)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example(inner, known, canary, depth + 1) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items", {}), known, canary, depth + 1)]
    return {"string": "made", "integer": 1, "number": 1, "boolean": True}.get(kind)

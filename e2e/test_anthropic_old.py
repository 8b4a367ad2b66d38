"""The old major of Anthropic's SDK for Node (0.x), in front of a backend of each wire."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from kit import backends, config
from kit.clients import KEY
from kit.gateway import Gateway

WIRES = {"openai_chat": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": "", "gemini": ""}


def test_the_old_sdk_for_node(start: Callable[..., Gateway], tmp_path: Path) -> None:
    with backends.aimock(tmp_path, "matrix.json") as mock:
        text = config.QUIET + config.client_key("node", KEY)
        for wire, path in WIRES.items():
            text += config.wire(wire, wire, mock + path)
        text += config.model("claude-declared", "openai_chat", "gpt-4o")
        gateway = start(text)
        # aimock has no count_tokens: the native wire is asked for everything else in test_matrix.py.
        models = ",".join(f"{wire}/gemini-2.5-flash" for wire in WIRES if wire != "anthropic")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "GATEWAY": gateway.url,
            "GATEWAY_KEY": KEY,
            "MODELS": models,
        }
        program = ["node", "--test", str(backends.NODE / "messages" / "old.test.mjs")]
        ran = subprocess.run(
            program, cwd=backends.NODE, env=env, capture_output=True, text=True, timeout=100, check=False
        )
        print(ran.stdout[-8000:], ran.stderr[-2000:])
        assert ran.returncode == 0

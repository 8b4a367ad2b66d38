"""Coding agents as their users run them from a script: each in a home of its own, with its own kind of settings.

None of them sees an account, a key or a setting of the machine, and none may call out: telemetry and updates are off.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .strict.server import Call

HERE = Path(__file__).resolve().parents[1]
MODULES = HERE / "agents" / "node_modules"
KEY = "sk-tl-for-the-agents"

#: A run takes 1 to 15 seconds on a quiet machine.
RUN_DEADLINE_S = 100.0

ARCH = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]

#: The programs themselves. Two are native ones in packages of their own; OpenCode's is installed without its launcher, whose
#: list of optional packages holds some that the registry does not have.
PROGRAMS = {
    "claude": MODULES / "@anthropic-ai" / f"claude-code-linux-{ARCH}" / "claude",
    "opencode": MODULES / f"opencode-linux-{ARCH}" / "bin" / "opencode",
    "codex": MODULES / ".bin" / "codex",
    "gemini": MODULES / ".bin" / "gemini",
    "pi": MODULES / ".bin" / "pi",
}

#: What agents are asked, so that a script knows the request from their titles and summaries.
TASK = "Write the word trunkline into the file proof.txt with your shell tool."
COMMAND = "echo trunkline > proof.txt && echo proof is written"
FINAL = "The file proof.txt is written: done-4711."


@dataclass
class Ran:
    """How a run ended."""

    code: int
    out: str
    err: str


class Agent:
    """One agent in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.work = folder / "work"
        self.home.mkdir(parents=True)
        self.work.mkdir()

    def run(self, program: str, *arguments: str, **env: str) -> Ran:
        """Runs it to its end."""
        clean = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TERM": "dumb",
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1",
            **env,
        }
        done = subprocess.run(
            [str(PROGRAMS[program]), *arguments],
            cwd=self.work,
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_DEADLINE_S,
            check=False,
        )
        print(f"--- {program} ended with {done.returncode}\n{done.stdout[-4000:]}\n--- stderr\n{done.stderr[-4000:]}")
        return Ran(done.returncode, done.stdout, done.stderr)

    def settings(self, path: str, content: Any) -> None:
        """Writes a settings file below its home, or below its work folder."""
        target = self.work / path.removeprefix("work/") if path.startswith("work/") else self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content))

    def proof(self) -> str:
        """What its tool really wrote."""
        return (self.work / "proof.txt").read_text()


CLAUDE = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
}

#: Claude Code without its own instructions and tools, 2 KB a request instead of 80; its result as JSON.
CLAUDE_IN_SHORT = ["--bare", "--tools", "", "--system-prompt", "You answer briefly.", "--output-format", "json"]


def claude_code(
    agent: Agent, origin: str, model: str, prompt: str = TASK, *more: str, token: bool = False, discover: bool = False
) -> Ran:
    """Claude Code; `token` sends the key as a Bearer token instead of `x-api-key`, `discover` has it ask for models."""
    env = CLAUDE | {"ANTHROPIC_BASE_URL": origin, "ANTHROPIC_AUTH_TOKEN" if token else "ANTHROPIC_API_KEY": KEY}
    if discover:
        env["CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY"] = "1"
        # To it such a question is nonessential traffic; all else that is stays off by its own name.
        del env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"]
    return agent.run("claude", "-p", prompt, "--model", model, "--allowedTools", "Bash", *more, **env)


def codex(agent: Agent, origin: str, model: str, prompt: str = TASK, *, sockets: bool = False) -> Ran:
    """Codex over HTTP; with `sockets` it tries a WebSocket first."""
    lines = [f'model = "{model}"', 'model_provider = "gw"', "[model_providers.gw]", 'name = "gw"']
    lines += [f'base_url = "{origin}/v1"', 'env_key = "GW_KEY"', 'wire_api = "responses"']
    lines += ["supports_websockets = true"] if sockets else []
    agent.settings(".codex/config.toml", "\n".join(lines))
    flags = ["--skip-git-repo-check", "--json", "--dangerously-bypass-approvals-and-sandbox"]
    return agent.run("codex", "exec", *flags, prompt, GW_KEY=KEY)


def gemini_cli(agent: Agent, origin: str, model: str, prompt: str = TASK) -> Ran:
    """Gemini CLI."""
    quiet = {"privacy": {"usageStatisticsEnabled": False}, "general": {"enableAutoUpdate": False}}
    agent.settings(".gemini/settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}, **quiet})
    env = {"GEMINI_API_KEY": KEY, "GOOGLE_GEMINI_BASE_URL": origin, "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    return agent.run("gemini", "-p", prompt, "-m", model, "--yolo", **env)


#: pi's names of the wires, and what follows the address.
PI = {
    "openai_chat": ("openai-completions", "/v1"),
    "openai_responses": ("openai-responses", "/v1"),
    "anthropic": ("anthropic-messages", ""),
}


def pi(agent: Agent, wire: str, origin: str, model: str, prompt: str = TASK) -> Ran:
    """pi, on the wire named."""
    api, path = PI[wire]
    provider = {"baseUrl": origin + path, "api": api, "apiKey": KEY, "models": [{"id": model}]}
    agent.settings(".pi/agent/models.json", {"providers": {"gw": provider}})
    return agent.run("pi", "-p", "--provider", "gw", "--model", model, prompt, PI_OFFLINE="1", PI_TELEMETRY="0")


#: OpenCode's packages for the wires.
OPENCODE = {
    "openai_chat": "@ai-sdk/openai-compatible",
    "openai_responses": "@ai-sdk/openai",
    "anthropic": "@ai-sdk/anthropic",
}


def opencode(agent: Agent, wire: str, origin: str, model: str, prompt: str = TASK) -> Ran:
    """OpenCode, on the wire named."""
    options = {"baseURL": f"{origin}/v1", "apiKey": KEY}
    models = {model: {"tool_call": True, "limit": {"context": 128000, "output": 4096}}}
    settings = {"model": f"gw/{model}", "small_model": f"gw/{model}", "autoupdate": False, "share": "disabled"}
    settings |= {"provider": {"gw": {"npm": OPENCODE[wire], "options": options, "models": models}}}
    agent.settings("work/opencode.json", settings)
    env = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1"}
    return agent.run("opencode", "run", prompt, **env)


def shell_call(tools: list[str]) -> Call | None:
    """A call of the shell tool, by the name that the agent's offer has for it."""
    for name, arguments in SHELLS.items():
        if name in tools:
            return Call("call_shell_1", name, arguments)
    return None


#: The shell tool of each agent: Claude Code, Codex, Gemini CLI, pi and OpenCode.
SHELLS: dict[str, dict[str, Any]] = {
    "Bash": {"command": COMMAND, "description": "Writes the proof"},
    "exec_command": {"cmd": COMMAND},
    "run_shell_command": {"command": COMMAND, "description": "Writes the proof"},
    "bash": {"command": COMMAND, "description": "Writes the proof"},
}

"""Two hundred edits of a commented document, as the UI makes them: they touch the edited lines and nothing else."""

from __future__ import annotations

import difflib
import os
import random
import re
import time
import tomllib
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from kit.editor import ENV, Editor
from kit.gateway import Gateway

Start = Callable[..., Gateway]

RICH = """\
# The gateway of the office. Ask Ada before you touch the limits.

[server]   # where people find us
requests_max = 500   # the old machine could do 200
cors_origins = [
  "https://chat.example.com",   # the front end
  "https://wiki.example.com",
] # no others

# ---- providers -------------------------------------------------------

# Fast and cheap; the contract ends in May.
[providers.groq]
type = "groq"
base_url = "https://api.groq.com/openai/v1" # as their page says
keys = [
  "${GROQ_A}", # Ada's
  "${GROQ_B}", # the team's
]
total_timeout = "60s" # they answer sooner, or never

  [providers.local]  # under Bob's desk
  type   =   "vllm"
  base_url = 'http://127.0.0.1:8000/v1'
  # It has no key.

[providers.openai]
type = "openai"
keys = ["${OPENAI}"]
headers = { x-team = "research", x-cost-center = "42" } # for their bill

# ---- client keys -----------------------------------------------------

[[client_keys]]
name = "front end"
key = "${FRONT}" # rotated in March
requests_per_minute = 600

[[client_keys]]
# For the batch jobs.
name = "batch"
key = "${BATCH}"
models = ["slow", "turbo"] # nothing dear

# ---- patterns ---------------------------------------------------------

[[patterns]]
name = "invoke"   # some old model writes this
regex = '<call>(?<name>\\w+)</call>'
tool_name_group = 1
priority = 5

# ---- models -----------------------------------------------------------

[models.turbo] # what most people use
targets = [
  { provider = "groq", model = "llama-3.3-70b", weight = 3 }, # first
  { provider = "local", model = "qwen3-8b", priority = 1 },   # when they are down
]
fallbacks = ["slow"] # sure, if slow
context_window = 131072

[models.turbo.price] # USD per million
input = 0.59
output = 0.79 # since June

[models.slow]
targets = [{ provider = "local", model = "qwen3-32b" }]
context_window = 32768 # it says 40960, and is wrong

[models."gpt-4.1"]
targets = [{ provider = "openai", model = "gpt-4.1" }] # dear
price = { input = 2.0, output = 8.0 } # their page, in June

# The end.
"""
RICH_ENV = {name: f"sk-canary-{name}" for name in ("GROQ_A", "GROQ_B", "OPENAI", "FRONT", "BATCH")}

#: Settings that the edits make other ones: a path, a word of its line, and what it may be.
PLACES: list[tuple[str, str, Callable[[random.Random], Any]]] = [
    ("server.requests_max", "requests_max", lambda r: r.randrange(1, 10_000)),
    ("providers.groq.base_url", "base_url", lambda r: f"https://{r.randrange(9)}.example.com/v1"),
    ("providers.groq.total_timeout", "total_timeout", lambda r: f"{r.randrange(1, 600)}s"),
    ("providers.groq.keys[1]", "# the team's", lambda r: r.choice(["${GROQ_A}", "${GROQ_B}", "${OPENAI}", "sk-typed"])),
    ("providers.local.base_url", "base_url", lambda r: f"http://127.0.0.1:{r.randrange(1, 65_536)}/v1"),
    ("providers.local.enabled", "enabled", lambda r: r.choice([True, False])),
    ("providers.openai.headers.x-team", "# for their bill", lambda r: f"team {r.randrange(9)}"),
    ("providers.openai.first_byte_timeout", "first_byte_timeout", lambda r: f"{r.randrange(1, 60)}s"),
    ("client_keys[0].requests_per_minute", "requests_per_minute", lambda r: r.randrange(1, 1_000)),
    ("client_keys[1].models", "# nothing dear", lambda r: r.sample(["slow", "turbo", "gpt-4.1"], 2)),
    ("client_keys[1].owner", "owner", lambda r: r.choice(["ada", "bob"])),
    ("patterns[0].priority", "priority", lambda r: r.randrange(100)),
    ("patterns[0].regex", "regex", lambda r: rf"<call{r.randrange(9)}>(?<name>\w+)</call>"),
    ("models.turbo.targets[0].weight", "# first", lambda r: r.randrange(1, 100)),
    ("models.turbo.targets[1].model", "# when they are down", lambda r: f"qwen-{r.randrange(9)}"),
    ("models.turbo.targets[1].weight", "# when they are down", lambda r: r.randrange(1, 100)),
    ("models.turbo.context_window", "context_window", lambda r: r.randrange(1, 1_000_000)),
    ("models.turbo.price.output", "output", lambda r: r.randrange(1, 1_000) / 100),
    ("models.turbo.price.cached_input", "cached_input", lambda r: r.randrange(1, 1_000) / 100),
    ("models.slow.context_window", "context_window", lambda r: r.randrange(1, 1_000_000)),
    ('models."gpt-4.1".price.input', "# their page", lambda r: r.randrange(1, 1_000) / 100),
    ('models."gpt-4.1".context_window', "context_window", lambda r: r.randrange(1, 1_000_000)),
]
#: Those of them that can be taken out again.
OPTIONAL = {
    "providers.local.enabled",
    "providers.openai.first_byte_timeout",
    "client_keys[1].owner",
    "models.turbo.targets[1].weight",
    "models.turbo.price.cached_input",
    'models."gpt-4.1".context_window',
}
MARKS = {path: mark for path, mark, _ in PLACES}


def steps(path: str) -> list[str | int]:
    found = re.findall(r'"([^"]+)"|\[(\d+)\]|([\w-]+)', path)
    return [int(index) if index else quoted or plain for quoted, index, plain in found]


def parent_of(tree: Any, path: str) -> tuple[Any, str | int]:
    *way, last = steps(path)
    for step in way:
        tree = tree[step]
    return tree, last


def said(tree: Any, path: str) -> Any:
    parent, last = parent_of(tree, path)
    return parent.get(last) if isinstance(parent, dict) else parent[last]


class Edit(NamedTuple):
    """One change of one setting."""

    #: Which, and what it is to be; `None`: it is taken out.
    path: str
    value: Any
    #: Words of which one is in each line that may change; an empty one stands for empty lines.
    words: set[str]

    def do(self, tree: Any) -> None:
        """Does the same to a document's tree."""
        parent, last = parent_of(tree, self.path)
        if self.value is None:
            del parent[last]
        else:
            parent[last] = self.value

    def send(self, editor: Editor, revision: str, text: str) -> httpx.Response:
        """As the UI does: by the form of a provider, a model or a pattern, else by the setting itself."""
        kind, name, *inner = steps(self.path)
        if kind not in ("providers", "models", "patterns"):
            edit = {"op": "remove", "path": self.path} if self.value is None else {"op": "set", "path": self.path, "value": self.value}
            return editor.send("PATCH", "", revision, {"edits": [edit], "note": self.path})
        name = name if isinstance(name, str) else tomllib.loads(text)[kind][name]["name"]
        url, headers = f"/api/v1/{kind}/{name}", {"if-match": f'"{revision}"'}
        if not inner and self.value is None:
            return editor.http.delete(url, headers=headers)
        if not inner:
            return editor.http.post(f"/api/v1/{kind}", json={"name": name, **self.value}, headers=headers)
        section = editor.http.get(url).json()["section"]
        field = section.get(inner[0])
        if len(inner) == 1:
            field = self.value
        else:
            Edit("".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in inner[1:]), self.value, set()).do(field)
        return editor.http.patch(url, json={inner[0]: field}, headers=headers)


def random_edit(rng: random.Random, text: str, extra: list[str]) -> Edit:
    tree = tomllib.loads(text)
    kind = rng.choices(["set", "remove", "add", "drop"], [70, 15, 8, 7])[0]
    if kind == "add" or (kind == "drop" and not extra):
        name = f"extra-{rng.randrange(10**9)}"
        extra.append(name)
        value = {"targets": [{"provider": "local", "model": name}], "context_window": rng.randrange(1, 9_999)}
        return Edit(f"models.{name}", value, {name, "context_window", ""})
    if kind == "drop":
        name = extra.pop(rng.randrange(len(extra)))
        return Edit(f"models.{name}", None, {name, "context_window", ""})
    there = sorted(path for path in OPTIONAL if said(tree, path) is not None)
    if kind == "remove" and there:
        path = rng.choice(there)
        return Edit(path, None, {MARKS[path]})
    path, mark, make = rng.choice(PLACES)
    return Edit(path, make(rng), {mark})


def touched(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that are gone, and those that came."""
    gone, came = [], []
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        if line.startswith("- "):
            gone.append(line[2:])
        elif line.startswith("+ "):
            came.append(line[2:])
    return gone, came


def comments(text: str) -> list[str]:
    """Every comment, in its order. No text of these documents holds a `#`."""
    return re.findall(r"#.*", text)


def test_two_hundred_edits_touch_the_edited_lines_and_nothing_else(start: Start) -> None:
    seed = int(os.environ.get("TRUNKLINE_SEED", time.time_ns() % 10**9))
    print(f"TRUNKLINE_SEED={seed}")
    rng = random.Random(seed)
    gateway = start("[discovery]\nprobe = false\n" + RICH, env=ENV | RICH_ENV)
    editor = Editor(gateway)
    revision, before = editor.look()[1], gateway.config_path.read_text()
    extra: list[str] = []
    changes = 0
    begin, words_of_all = before, comments(before)
    while changes < 200:
        edit = random_edit(rng, before, extra)
        answer = edit.send(editor, revision, before)
        assert answer.is_success, (edit, answer.text)
        revision, after = editor.look()[1], gateway.config_path.read_text()
        expected = tomllib.loads(before)
        edit.do(expected)
        assert tomllib.loads(after) == expected, edit
        assert comments(after) == words_of_all, edit
        gone, came = touched(before, after)
        assert len(gone) <= 5 and len(came) <= 5, (edit, gone, came)
        for line in gone + came:
            assert any(word in line if word else not line.strip() for word in edit.words), (edit, gone, came)
        changes += before != after
        before = after
    for name in extra:
        assert Edit(f"models.{name}", None, set()).send(editor, editor.look()[1], before).status_code == 204
    # What was never edited is, to the byte, where it was.
    kept = [line for line in begin.splitlines() if not any(mark in line for mark in MARKS.values())]
    left = iter(gateway.config_path.read_text().splitlines())
    assert all(line in left for line in kept), "in their order"
    rows = editor.get("/revisions?limit=200")["items"]
    assert len(rows) == 200 and rows[-1]["note"] is not None

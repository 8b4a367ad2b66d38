"""The document over the admin API: seen, checked, changed, taken back, and never overwritten unseen."""

from __future__ import annotations

import base64
import difflib
import json
import os
import random
import re
import sqlite3
import stat
import threading
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit import config
from kit.gateway import ROOT, Gateway, command
from kit.upstream import Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

CONFIG = "/api/v1/config"
TOKEN = "canary-admin-token"
VIEWER = "canary-viewer-token"
ENV = {"TRUNKLINE_ADMIN_TOKEN": TOKEN}
#: Hand-made changes of a file are in force within this time.
KNOWN_WITHIN_S = 5.0
#: What stands in the place of a secret.
MASK = "••••••••"


class Editor:
    """Somebody who edits the document of a gateway."""

    def __init__(self, gateway: Gateway, token: str = TOKEN) -> None:
        self.http = httpx.Client(
            base_url=gateway.url, timeout=20, trust_env=False, headers={"authorization": f"Bearer {token}"}
        )

    def get(self, path: str = "") -> dict[str, Any]:
        answer = self.http.get(CONFIG + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self) -> tuple[str, str]:
        """The document, and its revision as the next change has to name it."""
        answer = self.http.get(CONFIG)
        assert answer.status_code == 200, answer.text
        revision = answer.headers["etag"].strip('"')
        assert answer.json()["revision"] == revision
        return answer.json()["document"], revision

    def send(self, method: str, path: str, revision: str | None, body: dict[str, Any]) -> httpx.Response:
        headers = {} if revision is None else {"if-match": f'"{revision}"'}
        return self.http.request(method, CONFIG + path, json=body, headers=headers)

    def put(self, revision: str | None, document: str, note: str = "") -> httpx.Response:
        return self.send("PUT", "", revision, {"document": document, "note": note})

    def save(self, document: str, note: str = "") -> str:
        """Puts a document in the place of whatever there is; the new revision."""
        answer = self.put(self.look()[1], document, note)
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == f'"{answer.json()["revision"]}"'
        return answer.json()["revision"]


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status, and which problem it is."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


def serving(upstream: Upstream, *models: str) -> str:
    """A document that serves these models."""
    return config.QUIET + config.provider("up", upstream.base_url) + "".join(config.model(name, "up", "real-name") for name in models)


def test_what_is_saved_is_in_force_when_the_answer_comes(start: Start, upstream: Upstream) -> None:
    gateway = start(serving(upstream, "m0"), env=ENV)
    editor = Editor(gateway)
    os.chmod(gateway.config_path, 0o640)
    for number in range(1, 11):
        editor.save(serving(upstream, f"m{number}"), f"word {number}")
        assert gateway.chat(f"m{number}").status_code == 200
        assert gateway.chat(f"m{number - 1}").status_code == 404
    assert gateway.config_path.read_text() == serving(upstream, "m10")
    assert stat.S_IMODE(gateway.config_path.stat().st_mode) == 0o640
    assert [path.name for path in gateway.folder.glob(".*.new")] == []
    rows = editor.get("/revisions")["items"]
    assert [(row["by"], row["note"]) for row in rows[:-1]] == [("token", f"word {n}") for n in range(10, 0, -1)]
    assert (rows[-1]["by"], rows[-1]["revision"]) == ("file", "1"), "each text once"
    assert [row["current"] for row in rows] == [True] + [False] * 10
    before = editor.look()[1]
    assert editor.save(serving(upstream, "m10")) == before, "what is there already is no change"
    assert len(editor.get("/revisions")["items"]) == 11


def test_of_editors_who_begin_at_the_same_revision_one_is_first(start: Start, upstream: Upstream) -> None:
    gateway = start(serving(upstream, "m"), env=ENV)
    editors = [Editor(gateway) for _ in range(6)]
    for turn in range(4):
        text, revision = editors[0].look()
        ready = threading.Barrier(len(editors))

        def save(number: int) -> httpx.Response:
            ready.wait()
            return editors[number].put(revision, f"{text}# {turn} {number}\n")

        with ThreadPoolExecutor(len(editors)) as pool:
            answers = list(pool.map(save, range(len(editors))))
        first = [number for number, answer in enumerate(answers) if answer.status_code == 200]
        assert len(first) == 1, [answer.text for answer in answers]
        late = [told(answer) for answer in answers if answer.status_code != 200]
        assert late == [(412, "precondition_failed")] * (len(editors) - 1)
        assert gateway.config_path.read_text() == f"{text}# {turn} {first[0]}\n"
    assert told(editors[0].put(None, text)) == (428, "precondition_required")
    assert told(editors[0].put("0", text)) == (412, "precondition_failed")


def test_a_wrong_document_is_told_with_its_places_and_what_was_before_goes_on(start: Start, upstream: Upstream) -> None:
    text = serving(upstream, "m")
    gateway = start(text, env=ENV)
    editor = Editor(gateway)
    wrong = text + '\n[models.broken]\ntargets = [{ provider = "upp", model = "x" }]\nweigt = 1\n'
    answer = editor.put(editor.look()[1], wrong)
    assert told(answer) == (422, "unprocessable")
    lines = wrong.splitlines()
    problems = {problem["path"]: problem for problem in answer.json()["problems"]}
    assert set(problems) == {"models.broken.targets[0].provider", "models.broken.weigt"}, problems
    typo = problems["models.broken.weigt"]
    assert (lines[typo["line"] - 1], typo["column"], typo["severity"]) == ("weigt = 1", 1, "error")
    dangling = problems["models.broken.targets[0].provider"]
    assert "upp" in lines[dangling["line"] - 1] and "`up`" in dangling["hint"]
    assert answer.json()["field"] in problems
    assert gateway.config_path.read_text() == text and gateway.chat("m").status_code == 200
    checked = editor.http.post(f"{CONFIG}/validate", json={"document": wrong}).json()
    assert (checked["ok"], checked["problems"]) == (False, answer.json()["problems"])
    cut = editor.put(editor.look()[1], text[:-3])
    assert told(cut) == (422, "unprocessable") and cut.json()["problems"][0]["line"] > 1


def test_a_plan_changes_nothing_and_a_rollback_does(start: Start, upstream: Upstream) -> None:
    text = "# Ours.\n" + serving(upstream, "first")
    gateway = start(text, env=ENV)
    editor = Editor(gateway)
    other = "# Ours.\n" + serving(upstream, "second")
    plan = editor.http.post(f"{CONFIG}/plan", json={"document": other}).json()
    assert plan["ok"] and [(change["kind"], change["path"]) for change in plan["changes"]] == [
        ("remove", "models.first"),
        ("add", "models.second"),
    ]
    changed = [line for line in plan["diff"].splitlines() if re.match(r"[-+][^-+]", line)]
    assert changed == ['-[models."first"]', '+[models."second"]']
    assert gateway.config_path.read_text() == text

    revision = editor.save(other, "a try")
    shown = editor.get("/revisions/2")
    assert (shown["document"], shown["note"], shown["current"]) == (other, "a try", True)
    assert shown["summary"] == "removes models.first, adds models.second"
    assert "+[models.\"second\"]" in shown["diff"]
    assert told(editor.send("POST", "/rollback", "0", {"revision": "1"})) == (412, "precondition_failed")
    assert told(editor.send("POST", "/rollback", revision, {"revision": "7"})) == (404, "not_found")
    assert editor.send("POST", "/rollback", revision, {"revision": "1"}).status_code == 200
    assert gateway.chat("first").status_code == 200 and gateway.chat("second").status_code == 404
    assert gateway.config_path.read_text() == text
    last = editor.get("/revisions")["items"][0]
    assert (last["revision"], last["note"], last["current"]) == ("3", "back to revision 1", True)


def test_what_is_changed_by_hand_meanwhile_is_not_overwritten(start: Start, upstream: Upstream) -> None:
    gateway = start(serving(upstream, "m"), env=ENV)
    editor = Editor(gateway)
    text, revision = editor.look()
    gateway.write_config(serving(upstream, "by-hand"))
    assert told(editor.put(revision, text + "# mine\n")) == (412, "precondition_failed")
    assert editor.look()[0] == serving(upstream, "by-hand")
    editor.save(serving(upstream, "by-hand", "mine"))
    assert gateway.chat("by-hand").status_code == 200 and gateway.chat("mine").status_code == 200
    rows = editor.get("/revisions")["items"]
    assert [row["by"] for row in rows] == ["token", "file", "file"]
    # What is broken by hand can be mended here.
    gateway.write_config("[models.broken]\ntargets = 7\n")
    eventually("it is refused", lambda: gateway.http.get("/health/detailed").json().get("problems"), KNOWN_WITHIN_S)
    assert editor.look()[0].startswith("[models.broken]") and gateway.chat("mine").status_code == 200
    assert told(editor.send("PATCH", "", editor.look()[1], {"edits": [{"op": "set", "path": "log.level", "value": "info"}]})) == (422, "unprocessable")
    editor.save(serving(upstream, "mended"))
    assert gateway.chat("mended").status_code == 200
    assert not gateway.http.get("/health/detailed").json().get("problems")


def test_a_document_that_cannot_be_written_says_why(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    gateway = start(serving(upstream, "m"), env=ENV)
    editor = Editor(gateway)
    os.chmod(gateway.config_path, 0o444)
    shown = editor.get()
    assert not shown["writable"] and shown["why_not_writable"].endswith("trunkline.toml is marked as read-only")
    answer = editor.put(editor.look()[1], shown["document"] + "# mine\n")
    assert told(answer) == (409, "read_only") and "marked as read-only" in answer.json()["detail"]
    os.chmod(gateway.config_path, 0o644)
    assert editor.get()["writable"]

    folder = tmp_path / "config"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "t.json").write_text(json.dumps({"logical_name": "t", "model_routings": [{"provider": "dummy", "model": "echo-1"}]}))
    editor = Editor(start(None, args=["--config", str(folder)], env=ENV))
    shown = editor.get()
    assert not shown["writable"] and "model-proxy" in shown["why_not_writable"]
    assert told(editor.put(shown["revision"], "# mine\n")) == (409, "read_only")


def test_viewers_see_masks_and_change_nothing(start: Start, upstream: Upstream) -> None:
    secret = "sk-canary-0123456789-abcd"
    text = (
        config.QUIET
        + f'[admin]\nviewer_tokens = ["{VIEWER}"]\n# old = "sk-canary-old"\n'
        + config.provider("up", upstream.base_url, keys=[secret, "${UP_KEY}"], more='headers = { x-team = "canary-team" }')
    )
    gateway = start(text, env=ENV | {"UP_KEY": "sk-canary-env"})
    editor, viewer = Editor(gateway), Editor(gateway, VIEWER)
    editor.save(text.replace("abcd", "wxyz"))
    for path in ("", "/revisions", "/revisions/1", "/revisions/2", "/export"):
        assert "canary" not in json.dumps(viewer.get(path)), path
    shown = viewer.get()["document"]
    assert f'keys = ["{MASK}wxyz", "${{UP_KEY}}"]' in shown and f'x-team = "{MASK}"' in shown
    assert told(viewer.http.get(f"{CONFIG}/export?secrets=include")) == (403, "forbidden")
    for method, path in (("PUT", ""), ("PATCH", ""), ("POST", "/validate"), ("POST", "/plan"), ("POST", "/rollback"), ("POST", "/import")):
        assert told(viewer.send(method, path, "*", {})) == (403, "forbidden"), path
    assert editor.get()["document"] == text.replace("abcd", "wxyz"), "who edits it sees it"
    assert "canary" not in json.dumps(editor.get("/export"))
    assert secret not in gateway.logs()


def test_the_first_document_is_made_where_the_next_start_finds_it(start: Start, upstream: Upstream) -> None:
    gateway = start(None, env=ENV)
    editor = Editor(gateway)
    assert editor.look() == ("", "0") and editor.get()["writable"]
    assert told(editor.put("x", "")) == (412, "precondition_failed")
    text = "# The first.\n" + serving(upstream, "m")
    assert editor.put("0", text).status_code == 200
    assert gateway.chat("m").status_code == 200
    path = gateway.data / "trunkline.toml"
    assert path.read_text() == text and stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text(serving(upstream, "by-hand"))
    eventually("it is followed", lambda: gateway.chat("by-hand").status_code == 200, KNOWN_WITHIN_S)
    editor.save(serving(upstream, "m2"))
    assert gateway.stop() == 0
    again = start(None, env=ENV, data=gateway.data)
    assert again.chat("m2").status_code == 200 and Editor(again).look()[0] == serving(upstream, "m2")


def test_in_the_store_too_nobody_overwrites_anybody(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    gateway = start(None, args=["--config", "store"], env=ENV)
    editor = Editor(gateway)
    assert editor.look() == ("", "0")
    assert editor.save(serving(upstream, "one"), "the first") == "1"
    assert gateway.chat("one").status_code == 200
    pushed = tmp_path / "two.toml"
    pushed.write_text(serving(upstream, "two"))
    options = ["--config", "store", "--data-dir", str(gateway.data)]
    assert command(["config", "push", str(pushed), *options], gateway.folder, ENV).returncode == 0
    assert told(editor.put("1", serving(upstream, "mine"))) == (412, "precondition_failed")
    eventually("what was pushed is served", lambda: gateway.chat("two").status_code == 200, KNOWN_WITHIN_S)
    assert editor.save(serving(upstream, "two", "mine")) == "3"
    assert gateway.chat("mine").status_code == 200
    assert editor.send("POST", "/rollback", "3", {"revision": "1"}).json() == {"revision": "4"}
    assert gateway.chat("one").status_code == 200
    rows = [(row["revision"], row["note"], row["current"]) for row in editor.get("/revisions")["items"]]
    assert rows == [("4", "back to revision 1", True), ("3", None, False), ("2", None, False), ("1", "the first", False)]
    shown = command(["config", "show", *options], gateway.folder, ENV)
    assert shown.stdout == serving(upstream, "one")


def test_an_exported_bundle_is_taken_over_elsewhere(start: Start, upstream: Upstream) -> None:
    text = "# Ours.\n" + serving(upstream, "m")
    here, there = Editor(start(text, env=ENV)), start(None, env=ENV)
    bundle = here.get("/export?secrets=include")
    body = {"kind": "trunkline", "files": [{"name": "bundle.json", "text": json.dumps(bundle)}], "dry_run": False}
    done = Editor(there).send("POST", "/import", None, body)
    assert done.status_code == 200 and done.json()["applied"], done.text
    assert there.chat("m").status_code == 200 and Editor(there).look()[0] == text
    assert editor_revision(there) == "import from trunkline"


def editor_revision(gateway: Gateway) -> str:
    return Editor(gateway).get("/revisions")["items"][0]["note"]


def test_other_gateways_are_taken_over_with_a_dry_run_first(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    text = "# Ours.\n" + serving(upstream, "mine")
    gateway = start(text, env=ENV)
    editor = Editor(gateway)
    bundle = {
        "version": 2,
        "setup": {
            "providers": [
                {
                    "name": "groq",
                    "api_keys": {"env_var_patterns": ["{PROVIDER}_API_KEY_{INDEX}"]},
                    "endpoints": {"base_url": upstream.base_url, "completions": "/chat/completions"},
                    "authentication": {"type": "bearer"},
                }
            ],
            "models": [{"logical_name": "turbo", "timeout_seconds": 20, "model_routings": [{"provider": "groq", "model": "real-name"}]}],
            "environment": {},
            "api_keys": {"groq": [{"env_var": "GROQ_API_KEY_1", "value": "sk-upstream-secret"}]},
        },
    }
    body = {"kind": "model-proxy", "files": [{"name": "bundle.json", "text": json.dumps(bundle)}]}
    dry = editor.send("POST", "/import", None, body).json()
    assert not dry["applied"] and gateway.config_path.read_text() == text
    fates = {(line["source"], line["key"]): line["fate"] for line in dry["report"]}
    assert fates["models/turbo.json", "logical_name"] == "exact" and fates[".env", "GROQ_API_KEY_1"] == "approximate"
    assert dry["document"].startswith("# Ours.\n") and "+[models.turbo]" in dry["diff"] and "-" not in re.findall(r"^[-](?!--)", dry["diff"], re.M)
    done = editor.send("POST", "/import", None, body | {"dry_run": False}).json()
    assert done["applied"] and done["document"] == dry["document"] == gateway.config_path.read_text()
    assert gateway.chat("turbo").status_code == 200 and gateway.chat("mine").status_code == 200

    database = tmp_path / "proxy.db"
    with sqlite3.connect(database) as connection:
        connection.executescript((ROOT / "e2e/fixtures/serverless_proxy.sql").read_text().replace("BASE_URL", upstream.base_url))
    connection.close()
    coded = base64.b64encode(database.read_bytes()).decode()
    body = {"kind": "serverless-proxy", "files": [{"name": "proxy.db", "base64": coded}]}
    answer = editor.send("POST", "/import", None, body)
    assert answer.status_code == 200 and len(answer.json()["report"]) > 10, answer.text
    assert list(gateway.data.glob("import-*")) == []
    for kind, name in (("serverless-proxy", "proxy.db"), ("litellm", "config.yaml"), ("model-proxy", "models/x.json"), ("trunkline", "b.json")):
        bad = {"kind": kind, "files": [{"name": name, "text": "[not it"}]}
        assert editor.send("POST", "/import", None, bad).status_code in (200, 400, 422, 503), kind
        assert gateway.config_path.read_text() == done["document"]


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


def random_edit(rng: random.Random, text: str, extra: list[str]) -> tuple[dict[str, Any], set[str], Callable[[Any], None]]:
    """An edit; words of which one is in each line that it may touch; and what it does to the document's tree."""
    tree = tomllib.loads(text)
    kind = rng.choices(["set", "remove", "add", "drop"], [70, 15, 8, 7])[0]
    if kind == "add" or (kind == "drop" and not extra):
        name = f"extra-{rng.randrange(10**9)}"
        extra.append(name)
        value = {"targets": [{"provider": "local", "model": name}], "context_window": rng.randrange(1, 9_999)}

        def add(tree: Any) -> None:
            tree["models"][name] = value

        return {"op": "set", "path": f"models.{name}", "value": value}, {name, "context_window", ""}, add
    if kind == "drop":
        name = extra.pop(rng.randrange(len(extra)))
        return {"op": "remove", "path": f"models.{name}"}, {name, "context_window", ""}, lambda tree: tree["models"].pop(name)
    there = [path for path in OPTIONAL if said(tree, path) is not None]
    if kind == "remove" and there:
        path = rng.choice(sorted(there))

        def drop(tree: Any) -> None:
            parent, last = parent_of(tree, path)
            del parent[last]

        return {"op": "remove", "path": path}, {MARKS[path]}, drop
    path, mark, make = rng.choice(PLACES)
    value = make(rng)

    def put(tree: Any) -> None:
        parent, last = parent_of(tree, path)
        parent[last] = value

    return {"op": "set", "path": path, "value": value}, {mark}, put


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
    _, revision = editor.look()
    before, extra, changes = gateway.config_path.read_text(), [], 0
    begin, words_of_all = before, comments(before)
    while changes < 200:
        edit, words, do = random_edit(rng, before, extra)
        answer = editor.send("PATCH", "", revision, {"edits": [edit], "note": edit["path"]})
        assert answer.status_code == 200, (edit, answer.text)
        revision, after = answer.json()["revision"], gateway.config_path.read_text()
        expected = tomllib.loads(before)
        do(expected)
        assert tomllib.loads(after) == expected, edit
        assert comments(after) == words_of_all, edit
        gone, came = touched(before, after)
        assert len(gone) <= 5 and len(came) <= 5, (edit, gone, came)
        for line in gone + came:
            assert any(word in line if word else not line.strip() for word in words), (edit, words, gone, came)
        changes += before != after
        before = after
    for name in list(extra):
        answer = editor.send("PATCH", "", revision, {"edits": [{"op": "remove", "path": f"models.{name}"}]})
        revision = answer.json()["revision"]
    # What was never edited is, to the byte, where it was.
    kept = [line for line in begin.splitlines() if not any(mark in line for mark in MARKS.values())]
    left = iter(gateway.config_path.read_text().splitlines())
    assert all(line in left for line in kept), "in their order"
    rows = editor.get("/revisions?limit=200")["items"]
    assert len(rows) == 200 and rows[-1]["note"] is not None


@pytest.mark.parametrize("path", ["/revisions?limit=0", "/revisions?cursor=x", "/revisions?x=1", "/export?secrets=yes"])
def test_questions_that_make_no_sense_are_refused(start: Start, path: str) -> None:
    editor = Editor(start(None, env=ENV))
    assert told(editor.http.get(CONFIG + path)) == (400, "bad_request")

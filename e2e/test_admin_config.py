"""The document over the admin API: seen, checked, changed, taken back, and never overwritten unseen."""

from __future__ import annotations

import base64
import json
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from kit import config
from kit.editor import CONFIG, ENV, Editor
from kit.gateway import ROOT, Gateway, command
from kit.upstream import Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

VIEWER = "canary-viewer-token"
#: Hand-made changes of a file are in force within this time.
KNOWN_WITHIN_S = 5.0
#: What stands in the place of a secret.
MASK = "••••••••"


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


@pytest.mark.parametrize("path", ["/revisions?limit=0", "/revisions?cursor=x", "/revisions?x=1", "/export?secrets=yes"])
def test_questions_that_make_no_sense_are_refused(start: Start, path: str) -> None:
    editor = Editor(start(None, env=ENV))
    assert told(editor.http.get(CONFIG + path)) == (400, "bad_request")

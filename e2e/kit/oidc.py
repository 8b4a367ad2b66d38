"""A real OpenID Connect provider, and a person at a browser who signs in there."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx

from .backends import process
from .sdks import NEW_NODE, NODE
from .waits import eventually

#: Pages between the first step and the last; more are a loop.
STEPS_MAX = 20

FORM = re.compile(r'<form[^>]*action="([^"]+)"')
PROMPT = re.compile(r'name="prompt" value="([^"]+)"')


@contextlib.contextmanager
def provider(folder: Path, callback: str, *, secret: str, algorithm: str = "RS256", told: str = "token") -> Iterator[str]:
    """Runs the provider; gives its issuer. `told`: whether roles are in the ID token, or told by userinfo alone."""
    log = folder / "oidc.log"
    with process([str(NEW_NODE), str(NODE / "oidc.mjs"), callback, secret, algorithm, told], log):
        found = eventually("the provider listens", lambda: re.search(r"listening on (\S+)", log.read_text()), 30)
        yield found.group(1)


def signed_in(browser: httpx.Client, start: str, callback: str, person: str) -> httpx.Response:
    """Goes through the provider's pages as a person would; gives what the gateway says in the end."""
    answer = browser.get(start)
    for _ in range(STEPS_MAX):
        if str(answer.request.url).startswith(callback):
            return answer
        if answer.is_redirect:
            answer = browser.get(urljoin(str(answer.request.url), answer.headers["location"]))
            continue
        assert answer.status_code == 200, (answer.request.url, answer.text[:2000])
        form, prompt = FORM.search(answer.text), PROMPT.search(answer.text)
        assert form and prompt, answer.text[:2000]
        fields = {"prompt": prompt.group(1)}
        if fields["prompt"] == "login":
            fields |= {"login": person, "password": "anything"}
        answer = browser.post(urljoin(str(answer.request.url), html.unescape(form.group(1))), data=fields)
    raise AssertionError("the sign-in never ends")

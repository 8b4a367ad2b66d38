"""Somebody who edits the document of a gateway over its admin API."""

from __future__ import annotations

from typing import Any

import httpx

from .gateway import Gateway

CONFIG = "/api/v1/config"
TOKEN = "canary-admin-token"
#: What a gateway is started with, so that editors are let in.
ENV = {"TRUNKLINE_ADMIN_TOKEN": TOKEN}


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

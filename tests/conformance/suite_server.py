"""The suite's own server: documents for providers to fetch, and its logout endpoint."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.conformance.browser import once
from tests.fetch.server import Authority

HOST = "localhost"
PATIENCE = 30
"""Seconds that a module waits for a logout token."""


class SuiteServer(ThreadingHTTPServer):
    """Over https at ``place``, HOST:PORT; ``ca_file`` is whom to trust for it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        authority = Authority(folder)
        self.socket = authority.context(HOST).wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.ca_file = authority.file
        self.place = f"{HOST}:{self.server_port}"
        self.documents: dict[str, tuple[str, bytes]] = {}
        self.fetched: list[str] = []
        self._logouts: list[dict[str, str]] = []
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def publish(self, url: str, document: object, media_type: str = "application/json") -> str:
        """Serve a document at a URL of this server, in the place of any other; return the URL."""
        body = document if isinstance(document, str | bytes) else json.dumps(document)
        self.documents[url] = media_type, body.encode() if isinstance(body, str) else body
        return url

    def told(self, form: dict[str, str]) -> None:
        """Take a logout token."""
        with self._came:
            self._logouts.append(form)
            self._came.notify_all()

    def logout(self, sid: str) -> dict[str, str]:
        """Return the form of the logout token for a session that comes, or has come.

        A token for the client of an earlier test may come late: it is of another session.
        """

        def of_session() -> list[dict[str, str]]:
            return [form for form in self._logouts if _sid(form["logout_token"]) == sid]

        with self._came:
            assert self._came.wait_for(of_session, PATIENCE), "nobody told of the logout"
            [form] = of_session()
            self._logouts.clear()
            return form

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: SuiteServer

    def do_GET(self) -> None:
        url = f"https://{self.headers['Host']}{self.path}"
        self.server.fetched.append(url)
        if url in self.server.documents:
            self._answer(200, *self.server.documents[url])
        else:
            self._answer(404, "text/plain", b"")

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.server.told(once(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self._answer(200, "text/plain", b"")

    def _answer(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _sid(token: str) -> object:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("sid")

"""A server on which developers publish documents about their clients, over TLS on loopback."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fetch.server import JSON, Authority, Server, answer

HOST = "localhost"
CALLBACK = "https://app.example/callback"

Reply = bytes | Callable[[ssl.SSLSocket], None]


class Publisher(Server):
    """Each path has a reply of its own; ``settings`` let a provider in.

    A document that is published says what :func:`described` returns.
    """

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.replies: dict[str, Reply] = {}
        self.paths: list[str] = []
        super().__init__(self.authority.context(HOST))
        self.settings = {
            "client_documents": "*",
            "fetch.allow": f"{HOST}:{self.port}",
            "fetch.ca_file": self.authority.file,
        }

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}{path}"

    def publish(self, path: str = "/app.json", *headers: str, **changes: Any) -> str:
        """Publish a document; return its URL, the client's id. None leaves a member out."""
        client_id = self.url(path)
        document = described(client_id) | changes
        kept = {name: value for name, value in document.items() if value is not None}
        self.replies[path] = answer(json.dumps(kept).encode(), JSON, *headers)
        return client_id

    def take_down(self, path: str = "/app.json") -> None:
        """Answer requests for a document with 503, as a server in trouble."""
        self.replies[path] = answer(b"", status="503 Service Unavailable")

    def hang(self, path: str = "/app.json") -> None:
        """Answer requests for a document with nothing, until the server is closed."""
        self.replies[path] = lambda connection: self.closing.wait(60) and None

    def _answer(self, raw: socket.socket) -> None:
        with suppress(OSError), self._context.wrap_socket(raw, server_side=True) as connection:
            request = b""
            while b"\r\n\r\n" not in request:
                came = connection.recv(4096)
                if not came:
                    return
                request += came
            path = request.split(b" ")[1].decode("ascii")
            with self._came:
                self.asked.append(request)
                self.paths.append(path)
                self._came.notify_all()
            reply = self.replies.get(path, answer(b"", status="404 Not Found"))
            if isinstance(reply, bytes):
                connection.sendall(reply)
                connection.unwrap()
            else:
                reply(connection)


def described(client_id: str) -> dict[str, Any]:
    """The usual document of a public client on a server of its own."""
    return {
        "client_id": client_id,
        "client_name": "Notebook",
        "client_uri": "https://app.example/",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }

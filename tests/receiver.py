"""A relying party's server that receives logout tokens, over TLS on loopback."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.fetch.server import Authority, Server, answer

HOST = "localhost"


class Receiver:
    """It answers each logout token with 200; ``reply`` changes the response."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder)
        self._server = Server(authority.context(HOST))
        self.reply()
        self.uri = f"https://{HOST}:{self._server.port}/logout?x=1"
        self.settings = {
            "fetch.allow": f"{HOST}:{self._server.port}",
            "fetch.ca_file": authority.file,
        }
        """The settings that let a provider connect."""

    def reply(self, status: str = "200 OK") -> None:
        self._server.reply = answer(b"", status=status)

    def hold(self, until: threading.Event) -> None:
        """Answer nobody before ``until``."""

        self.answer(lambda: until.wait(120))

    def answer(self, after: Callable[[], object]) -> None:
        """Answer each request once ``after()`` returns."""

        def reply(connection: ssl.SSLSocket) -> None:
            after()
            connection.sendall(answer(b""))

        self._server.reply = reply

    @property
    def requests(self) -> list[bytes]:
        """The raw requests received."""
        return self._server.asked

    def wait(self, count: int) -> None:
        """Return once ``count`` requests have come."""
        self._server.wait(count)

    def tokens(self) -> list[str]:
        """The logout tokens received."""
        forms = [request.partition(b"\r\n\r\n")[2].decode() for request in self.requests]
        return [parse_qs(form)["logout_token"][0] for form in forms]

    def told(self, jwks: dict) -> list[jwt.Token]:
        """The received tokens, verified with the published keys."""
        keys = KeySet.import_key_set(jwks)
        return [jwt.decode(token, keys, algorithms=["RS256", "ES256"]) for token in self.tokens()]

    def close(self) -> None:
        self._server.close()

"""An authorization server that answers as a test tells it to, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey

Reply = tuple[int, dict[str, str], bytes]

PHOTOS = "https://photos.example/"
KEY = PrivateKey.generate("ES256")


def in_json(document: object, status: int = 200, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(document).encode()


def keys_of(*keys: PrivateKey) -> Reply:
    """A JWK Set, as the issuer publishes it."""
    status, headers, body = in_json({"keys": [key.public() for key in keys]})
    return status, headers | {"Content-Type": "application/jwk-set+json"}, body


class Issuer:
    """``metadata`` and ``reply`` are its responses, or functions that make one.

    ``asked`` has the form and the headers of each introspection request, ``read`` counts the
    requests for the metadata, ``keys_read`` those for ``key_set``. It signs with ``key``.
    """

    def __init__(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/oauth/jwks":
                    issuer.keys_read += 1
                    self.send(issuer.key_set)
                else:
                    issuer.read += 1
                    self.send(issuer.metadata)

            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"]))
                with issuer.came:
                    issuer.asked.append((dict(parse_qsl(form.decode())), self.headers))
                    issuer.came.notify_all()
                self.send(issuer.reply)

            def send(self, reply: Reply | Callable[[], Reply]) -> None:
                status, headers, body = reply() if callable(reply) else reply
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # the other side may have had enough
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.came = threading.Condition()
        self.asked: list[tuple[dict[str, str], object]] = []
        self.read = self.keys_read = 0
        self.key = KEY
        self.key_set: Reply | Callable[[], Reply] = keys_of(KEY)
        self.metadata: Reply | Callable[[], Reply] = self.document()
        self.reply: Reply | Callable[[], Reply] = in_json({"active": False})
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def document(self, **changes: object) -> Reply:
        endpoint = f"{self.url}/oauth/introspect"
        known = {"issuer": self.url, "introspection_endpoint": endpoint}
        return in_json(known | {"jwks_uri": f"{self.url}/oauth/jwks"} | changes)

    def sign(self, now: float, *, typ: str | None = "at+jwt", **changes: object) -> str:
        """An access token for the photos (RFC 9068); None leaves a claim out."""
        said = {
            "iss": self.url,
            "aud": PHOTOS,
            "sub": "alice-id",
            "client_id": "app",
            "iat": int(now),
            "exp": int(now) + 300,
            "jti": "grant.random",
            "scope": "photos:read",
        } | changes
        claims = {name: value for name, value in said.items() if value is not None}
        return jose.sign(claims, self.key, typ=typ)

    def live(self, now: float, **changes: object) -> dict[str, object]:
        """What it says of a live token; None leaves a member out."""
        said = {
            "active": True,
            "scope": "photos:read",
            "client_id": "app",
            "sub": "alice-id",
            "iss": self.url,
            "iat": int(now),
            "exp": int(now) + 600,
            "token_type": "Bearer",
        } | changes
        return {name: value for name, value in said.items() if value is not None}

    def wait(self, count: int) -> None:
        """Return once so many introspection requests have come."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.asked) >= count, 60)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

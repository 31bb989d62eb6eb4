"""An OpenID provider, and a client whose pages show the responses it receives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import requests

from tests.browser.place import Provider
from tests.servers.wsgi import Server
from tests.site import OPENID_SCOPES, VERIFIER


@dataclass
class Client:
    """A web client of the provider; the heading of its page lists the parameters received."""

    provider: Provider
    root: str
    client_id: str
    secret: str | None
    came: list[dict[str, str]]
    """The parameters of each response."""

    def ask(self, **more: str) -> str:
        """The authorization URL."""
        asked = {"scope": "openid", "nonce": "n"} | more
        return self.provider.authorization_url(self.client_id, f"{self.root}/callback", **asked)

    def log_out(self, **query: str) -> str:
        """The logout URL, with a redirect to a page of the client."""
        asked = {"post_logout_redirect_uri": f"{self.root}/bye"} | query
        return self.provider.url("/oauth/logout?" + urlencode(asked))

    def id_token(self) -> str:
        """Exchange the code of the last response."""
        form = {
            "grant_type": "authorization_code",
            "code": self.came[-1]["code"],
            "code_verifier": VERIFIER,
            "redirect_uri": f"{self.root}/callback",
        }
        auth = (self.client_id, self.secret or "")
        url = self.provider.url("/oauth/token")
        return str(requests.post(url, form, auth=auth, timeout=30).json()["id_token"])


@contextmanager
def client_of(provider: Provider, **metadata) -> Iterator[Client]:
    """Serve a client of ``provider``."""
    came: list[dict[str, str]] = []

    def page(environ, start_response):
        came.append(dict(parse_qsl(environ["QUERY_STRING"])))
        start_response("200 OK", [("Content-Type", "text/html")])
        told = " ".join([environ["PATH_INFO"], *sorted(came[-1])])
        return [f'<!doctype html><link rel="icon" href="data:,"><h1>{told}</h1>'.encode()]

    server = Server("localhost")
    client, secret = provider.registrar.register(
        type="web",
        name="Reader",
        redirect_uris=(f"{server.root}/callback",),
        post_logout_redirect_uris=(f"{server.root}/bye",),
        scopes=OPENID_SCOPES,
        **metadata,
    )
    server.start(page)
    try:
        yield Client(provider, server.root, client.client_id, secret, came)
    finally:
        server.close()

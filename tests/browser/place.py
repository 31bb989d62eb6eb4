"""The provider and its clients as people meet them: real apps, each at an address of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import oauthprov
import oauthprov.demo
from oauthprov.protocol.clients.logos import Logos
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.logout.backchannel import BackchannelLogout
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage
from tests.servers.wsgi import Server
from tests.site import OPENID_SCOPES, VERIFIER, challenge, ini

SCOPE = "profile:read"


@dataclass(frozen=True)
class Provider:
    """A provider that is served at ``issuer``."""

    issuer: str
    storage: Storage
    registrar: Registrar
    backchannel: BackchannelLogout
    logos: Logos

    def url(self, path: str) -> str:
        return self.issuer + path

    def register(self, redirect_uri: str, name: str = "Demo") -> tuple[str, str | None]:
        """Register a web server that may ask for everything; return its id and secret."""
        client, secret = self.registrar.register(
            type="web",
            name=name,
            redirect_uris=(redirect_uri,),
            scopes=(SCOPE, "photos:read", "photos:write"),
        )
        return client.client_id, secret

    def register_demo(self, demo: Demo) -> None:
        """Register the demo as one that signs people in and learns of logouts; begin it afresh."""
        client, secret = self.registrar.register(
            type="web",
            name="Demo",
            redirect_uris=(demo.callback,),
            scopes=(SCOPE, *OPENID_SCOPES),
            post_logout_redirect_uris=(f"{demo.root}/signed-out",),
            backchannel_logout_uri=f"{demo.root}/backchannel-logout",
        )
        demo.start(client.client_id, secret)

    def authorization_url(self, client_id: str, redirect_uri: str, **more: str) -> str:
        """Where a client sends a browser to ask for a code."""
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": "xyz",
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return self.url("/oauth/authorize?" + urlencode(asked | more))


@contextmanager
def provider_on(storage_url: str, port: int = 0, **settings: str) -> Iterator[Provider]:
    """Serve ``oauthprov.main`` over the storage at ``storage_url``."""
    with_tables(storage_url)
    server = Server(port=port)
    app = oauthprov.main({}, **ini(storage_url, server.root, development="true", **settings))
    provider = app.registry["oauthprov"].provider
    server.start(app)
    registrar = Registrar(
        provider.settings, provider.storage, provider.clock, provider.clients.evict
    )
    try:
        yield Provider(
            server.root, provider.storage, registrar, provider.backchannel, provider.logos
        )
    finally:
        server.close()
        provider.storage.close()


def with_tables(storage_url: str) -> None:
    """Do what ``oauthprov storage upgrade`` does; in development SQLite needs no telling."""
    if not storage_url.startswith("sqlite:"):
        storage = open_storage(storage_url)
        storage.upgrade()
        storage.close()


@contextmanager
def demo_of(issuer: str, port: int = 0) -> Iterator[Demo]:
    """Serve the demo, which begins as a client that nobody has registered."""
    demo = Demo(issuer, port)
    try:
        yield demo
    finally:
        demo.close()


class Demo:
    """The demo client, served at ``root``."""

    def __init__(self, issuer: str, port: int = 0) -> None:
        self._server = Server("localhost", port)
        self._issuer = issuer
        self.root = self._server.root
        self.callback = f"{self.root}/callback"
        self.start("", "")

    def start(self, client_id: str, client_secret: str | None) -> None:
        """Begin afresh with this client, as ``make demo`` does when it is run again."""
        section = {
            "demo.issuer": self._issuer,
            "demo.base_url": self.root,
            "demo.scope": SCOPE,
        }
        told = {"client_id": client_id, "client_secret": client_secret or ""}
        self._server.start(oauthprov.demo.main(told, **section))

    def close(self) -> None:
        self._server.close()

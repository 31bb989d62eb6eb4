"""The provider and its clients as people meet them: real apps, each at an address of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from pyramid.paster import get_app
from pyramid.router import Router

import oauthprov
import oauthprov.demo
from oauthprov.protocol.clients.logos import Logos
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.logout.backchannel import BackchannelLogout
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage
from oauthprov.web.site import build
from tests.servers.wsgi import SPARES, Server
from tests.site import MOULDS, OPENID_SCOPES, VERIFIER, challenge, ini, patient

SCOPE = "profile:read"
DEVELOPMENT = Path(__file__).parents[2] / "development.ini"


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
        """Register a web client with every scope; return its id and secret."""
        client, secret = self.registrar.register(
            type="web",
            name=name,
            redirect_uris=(redirect_uri,),
            scopes=(SCOPE, "photos:read", "photos:write"),
        )
        return client.client_id, secret

    def register_demo(self, demo: Demo) -> None:
        """Register the demo with OpenID and back-channel logout, and restart it."""
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
        """The authorization URL of a client."""
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
def provider_on(
    storage_url: str, port: int = 0, host: str = "127.0.0.1", **settings: str
) -> Iterator[Provider]:
    """Serve what ``oauthprov.main`` serves, over the storage at ``storage_url``."""
    with_tables(storage_url)
    settings = patient(storage_url) | settings
    key = (host, port, frozenset(settings.items()))
    server = SPARES.server(key, lambda: Server(host, port))
    given = ini(storage_url, server.root, development="true", **settings)
    app, mould = MOULDS.app(given, straight=True)
    registry, registered = app.registry, dict(app.registry)
    known, before = registered["oauthprov.settings"], registered["oauthprov"]
    if before.settings is not known:
        registry["oauthprov"] = build(registry, known, before.base_url)

    def ended() -> None:
        MOULDS.give_back(app, mould, registered)
        SPARES.give_back(key, server)

    with serving(server, app, ended=ended) as provider:
        yield provider


@contextmanager
def development(
    folder: Path, storage_url: str | None = None, ports: tuple[int, int] = (0, 0)
) -> Iterator[tuple[Provider, Demo]]:
    """Serve the provider and the demo of a copy of development.ini, as ``make`` does.

    With ``storage_url`` the one line that says where everything is stored is another.
    """
    copy, text = folder / DEVELOPMENT.name, DEVELOPMENT.read_text("utf-8")
    if storage_url is not None:
        with_tables(storage_url)
        line = f"oauthprov.storage.url = {storage_url}"
        text, changed = re.subn(r"(?m)^oauthprov\.storage\.url = .*$", lambda _: line, text)
        assert changed == 1
    copy.write_text(text, "utf-8")
    server = Server(port=ports[0])
    told = {"port": str(urlsplit(server.root).port)}
    with serving(server, get_app(str(copy), options=told)) as provider:
        demo = DevelopmentDemo(copy, provider.issuer, ports[1])
        try:
            yield provider, demo
        finally:
            demo.close()


@contextmanager
def serving(
    server: Server, app: Router, prefix: str = "", ended: Callable[[], None] | None = None
) -> Iterator[Provider]:
    """Serve an app that has the provider below ``prefix``.

    ``ended`` is called in the end, or the server is closed.
    """
    provider = app.registry["oauthprov"].provider
    server.start(app)
    registrar = Registrar(
        provider.settings, provider.storage, provider.clock, provider.clients.evict
    )
    try:
        yield Provider(
            server.root + prefix, provider.storage, registrar, provider.backchannel, provider.logos
        )
    finally:
        (ended or server.close)()
        provider.storage.close()


def with_tables(storage_url: str) -> None:
    """Do what ``oauthprov storage upgrade`` does; SQLite in development upgrades by itself."""
    if not storage_url.startswith("sqlite:"):
        storage = open_storage(storage_url)
        storage.upgrade()
        storage.close()


@contextmanager
def demo_of(issuer: str, port: int = 0) -> Iterator[Demo]:
    """Serve the demo, which starts as an unregistered client."""
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
        """Restart with this client, as a second ``make demo`` does."""
        told = {"client_id": client_id, "client_secret": client_secret or ""}
        self._server.start(self._made(told))

    def _made(self, told: dict[str, str]) -> Router:
        section = {
            "demo.issuer": self._issuer,
            "demo.base_url": self.root,
            "demo.scope": SCOPE,
        }
        return oauthprov.demo.main(told, **section)

    def close(self) -> None:
        self._server.close()


class DevelopmentDemo(Demo):
    """The demo as a copy of development.ini describes it."""

    def __init__(self, copy: Path, issuer: str, port: int = 0) -> None:
        self._copy = copy
        super().__init__(issuer, port)

    def _made(self, told: dict[str, str]) -> Router:
        addresses = {"port": self._issuer, "demo_port": self.root}
        ports = {name: str(urlsplit(url).port) for name, url in addresses.items()}
        return get_app(str(self._copy), "demo", options=ports | told)

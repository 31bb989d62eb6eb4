"""The provider with the certification settings, over https, with alice and the static clients."""

from __future__ import annotations

import configparser
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyramid.paster import get_appsettings
from waitress.server import create_server

import oauthprov
from examples.certification import fapi
from examples.certification.nginx import Nginx
from examples.certification.people import add_alice
from examples.certification.plan import Json, plan
from examples.certification.tls import Proxy, make_certificate
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.provider import Provider
from oauthprov.storage import open_storage

INI = Path(__file__).parent / "certification.ini"
FAPI_INI = Path(__file__).parent / fapi.INI_NAME
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access")
GRANT_TYPES = ("authorization_code", "refresh_token", "implicit")

Running = AbstractContextManager[tuple[Provider, int]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a run; ``suite`` is the host and port of the suite.

    With a ``profile`` of FAPI 2.0 the provider is for its plan, else for those of OpenID. The
    secrets, the certificate and the plan are written to ``folder``. Port 0 means any free one;
    certificates of clients are asked for at ``mtls_port``.
    """

    folder: Path
    storage: str
    host: str
    port: int
    suite: str
    listen: str = "127.0.0.1"
    fetch_ca_file: str = ""
    alias: str = "oauthprov"
    profile: str = ""
    mtls_port: int = 0

    @property
    def certificate(self) -> Path:
        """The file with the TLS certificate and its key."""
        return self.folder / "tls.pem"

    @property
    def ini(self) -> Path:
        """The .ini file of this run, for the ``oauthprov`` command."""
        return self.folder / "oauthprov.ini"

    @property
    def suite_url(self) -> str:
        """The prefix of the suite's URLs for this plan."""
        return f"https://{self.suite.removesuffix(':443')}/test/a/{self.alias}"

    def settings(self, issuer: str, mtls_port: int = 0) -> dict[str, str]:
        """Return the settings of the .ini of these plans, with these options."""
        given = {
            "issuer": issuer,
            "storage": self.storage,
            "profile": self.profile,
            "mtls_base_url": f"https://{self.host}:{mtls_port}",
            "folder": str(self.folder),
            "fetch_allow": self.suite,
            "fetch_ca_file": self.fetch_ca_file,
        }
        return dict(get_appsettings(str(FAPI_INI if self.profile else INI), options=given))

    def proxy(self) -> Proxy | Nginx:
        """Return what ends TLS. Raises NginxMissing."""
        if self.profile:
            secret = self.folder / "proxy.secret"
            _make_secret(secret)
            ports = self.port, self.mtls_port
            return Nginx(self.folder, self.certificate, secret, self.listen, *ports)
        return Proxy(self.certificate, self.listen, self.port)


@dataclass(frozen=True)
class Served:
    """The running provider; ``plan`` is the configuration for the suite.

    ``plans`` has all of them, if there are several, by the variant that each is for.
    """

    issuer: str
    provider: Provider
    plan: Json
    plans: Mapping[str, Json]


@contextmanager
def running(settings: dict[str, str]) -> Iterator[tuple[Provider, int]]:
    """Serve over http on loopback; yield the provider and the port."""
    app = oauthprov.main({}, **settings)
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    yield app.registry["oauthprov"].provider, server.effective_port


@contextmanager
def serving(
    options: Options, running: Callable[[dict[str, str]], Running] = running
) -> Iterator[Served]:
    """Serve until the block is left; ``running`` serves the settings over http."""
    options.folder.mkdir(parents=True, exist_ok=True)
    _make_secret(options.folder / "secret")
    _make_secret(options.folder / "pairwise.secret")
    make_certificate(options.certificate, options.host)
    _upgrade(options.storage)
    proxy = options.proxy()
    try:
        issuer = f"https://{options.host}:{proxy.port}".removesuffix(":443")
        mtls_port = proxy.mtls_port if isinstance(proxy, Nginx) else 0
        settings = options.settings(issuer, mtls_port)
        _write_ini(options.ini, settings)
        with running(settings) as (provider, port):
            add_alice(provider.settings, provider.storage, provider.clock)
            made = _plans(provider, issuer, options)
            proxy.start(port)
            yield Served(issuer, provider, next(iter(made.values())), made)
    finally:
        proxy.close()


def _make_secret(file: Path) -> None:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(secrets.token_urlsafe(48))


def _write_ini(file: Path, settings: dict[str, str]) -> None:
    written = configparser.ConfigParser(interpolation=None)
    plain = {name: value.replace("%", "%%") for name, value in settings.items()}
    written["app:main"] = {"use": "egg:oauthprov"} | plain
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        written.write(opened)


def _upgrade(url: str) -> None:
    storage = open_storage(url)
    storage.upgrade()
    storage.close()


def _plans(provider: Provider, issuer: str, options: Options) -> Mapping[str, Json]:
    if options.profile:
        return fapi.plans(provider, options.alias, options.suite_url)
    clients, notified = _clients(provider, options.suite_url)
    return {"": plan(issuer, options.alias, options.suite_url, clients, notified)}


def _clients(provider: Provider, suite_url: str) -> tuple[Json, Json]:
    """Register the static clients, and the client that receives logout tokens."""
    registrar = Registrar(provider.settings, provider.storage, provider.clock)

    def register(name: str, method: str = "client_secret_basic", **more: str) -> Json:
        client, secret = registrar.register(
            type="web",
            name=f"Conformance suite: {name}",
            redirect_uris=(f"{suite_url}/callback",),
            post_logout_redirect_uris=(f"{suite_url}/post_logout_redirect",),
            scopes=SCOPES,
            grant_types=GRANT_TYPES,
            auth_method=method,
            **more,
        )
        return {"client_id": client.client_id, "client_secret": secret}

    made = {name: register(name) for name in ("client", "client2")}
    for name, client in made.items():
        client["client_name"] = f"Conformance suite, self-registered: {name}"
    made["client_secret_post"] = register("client_secret_post", "client_secret_post")
    address = f"{suite_url}/backchannel_logout"
    return made, register("logout tokens", backchannel_logout_uri=address)

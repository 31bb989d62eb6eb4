"""The provider under test: what ``make certify`` serves, with a clock that tests move on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyramid.config import Configurator

from examples.certification.service import Options, serving
from oauthprov.protocol.provider import Provider
from tests.conformance.suite_server import SuiteServer
from tests.servers.wsgi import Server
from tests.site import patient

SUITE = "suite.example:8443"
ALIAS = "oauthprov"
CHEAP = {"oauthprov.password.memory": "8", "oauthprov.password.time": "1"}


class Clock:
    """The real time, and what a module would have waited for."""

    def __init__(self) -> None:
        self._ahead = 0

    def __call__(self) -> int:
        return int(time.time()) + self._ahead

    def pass_by(self, seconds: int) -> None:
        """Let this much time pass for everybody."""
        self._ahead += seconds


@dataclass(frozen=True)
class Certified:
    """It is at ``issuer``; ``ca_file`` is whom to trust, ``plan`` what the suite is told.

    ``ini`` are its settings, for commands; ``suite`` is the server that it fetches from.
    """

    issuer: str
    ca_file: str
    plan: dict[str, Any]
    suite_url: str
    clock: Clock
    ini: Path | None = None
    suite: SuiteServer | None = None

    def entries(self, module: str = "") -> list[dict[str, Any]]:
        """Return what the suite's browser does, of the plan or of a module that differs."""
        own = self.plan["override"].get(module, {})
        return own.get("browser", self.plan["browser"])


@contextmanager
def certified(
    storage_url: str,
    folder: Path,
    place: str,
    suite: SuiteServer | None = None,
    host: str = "localhost",
    **more: str,
) -> Iterator[Certified]:
    """Serve it over https from this process, for a suite at ``place``, HOST:PORT.

    ``suite`` is the server there, if anything is fetched; ``more`` are settings over the .ini's.
    """
    clock = Clock()
    given = patient(storage_url) | more
    changed = {f"oauthprov.{key}": value for key, value in given.items()}
    options = Options(
        folder=folder,
        storage=storage_url,
        host=host,
        port=0,
        suite=place,
        fetch_ca_file=suite.ca_file if suite else "",
        alias=ALIAS,
    )
    with serving(options, lambda settings: _running(settings | CHEAP | changed, clock)) as served:
        yield Certified(
            served.issuer,
            str(options.certificate),
            served.plan,
            options.suite_url,
            clock,
            options.ini,
            suite,
        )


@contextmanager
def _running(settings: dict[str, str], clock: Clock) -> Iterator[tuple[Provider, int]]:
    """Serve what the settings say over http; yield the provider and its port."""
    with Configurator(settings=settings) as config:
        config.include("oauthprov.web.standalone")
        config.registry["oauthprov.clock"] = clock
        app = config.make_wsgi_app()
    provider = app.registry["oauthprov"].provider
    server = Server()
    server.start(app)
    try:
        yield provider, int(server.root.rpartition(":")[2])
    finally:
        server.close()
        provider.storage.close()

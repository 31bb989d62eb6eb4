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
from tests.servers.wsgi import Server

from .suite_server import SuiteServer

SUITE = "suite.example:8443"
ALIAS = "oauthprov"


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

    @contextmanager
    def running(settings):
        changed = {f"oauthprov.{key}": value for key, value in more.items()}
        cheap = {"oauthprov.password.memory": "8", "oauthprov.password.time": "1"}
        with Configurator(settings=settings | cheap | changed) as config:
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

    options = Options(
        folder=folder,
        storage=storage_url,
        host=host,
        port=0,
        suite=place,
        fetch_ca_file=suite.ca_file if suite else "",
        alias=ALIAS,
    )
    with serving(options, running) as served:
        yield Certified(
            served.issuer,
            str(options.certificate),
            served.plan,
            options.suite_url,
            clock,
            options.ini,
            suite,
        )

"""The provider of ``examples/mcp`` with a clock that tests advance, and its MCP server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plaster import get_settings

from examples.mcp.__main__ import INI, running, wait_for
from tests import site as sites
from tests.clients.person import Person
from tests.servers.run import free_port
from tests.servers.wsgi import Server
from tests.site import PASSWORD, Site

SERVER = INI.with_name("server.py")


@dataclass(frozen=True)
class Notes:
    """The MCP server at ``url``, and its authorization server."""

    url: str
    provider: Site
    process: subprocess.Popen[bytes]

    def answer(self, alice: Person, wish: dict[str, object]) -> str:
        """Do what a client asks for: a visit that alice allows, or so many seconds later."""
        if "pass" in wish:
            self.provider.clock.pass_by(int(str(wish["pass"])))
            return "passed"
        return alice.allow(str(wish["visit"]), "http://")

    def someone(self, name: str) -> Person:
        """A person who has signed up."""
        person = Person(self.provider.issuer)
        person.submit(person.visit(self.provider.url("/signup")), name=name, password=PASSWORD)
        return person


@contextmanager
def notes_in(folder: Path, program: Path = SERVER, **more: str) -> Iterator[Notes]:
    """Serve the provider with the settings of the example, and the example's server by itself.

    ``program`` is the server, ``more`` are settings of the provider.
    """
    listening = Server()
    url = f"http://127.0.0.1:{free_port()}/mcp"
    port = listening.root.rpartition(":")[2]
    values = {"port": port, "resource": url, "folder": str(folder)}
    settings = get_settings(str(INI), "app:main", defaults=values)
    cheap = {"oauthprov.password.memory": "8", "oauthprov.password.time": "1"}
    given = {f"oauthprov.{name}": value for name, value in more.items()}
    site = sites.standalone(dict(settings) | {"port": port} | cheap | given)
    # FastMCP compares the expiry with the clock of this machine.
    site.clock.now = int(time.time())
    site.issuer = listening.root
    api = site.app("api", name="Notes", introspects=(url,))
    listening.start(site.wsgi)
    environment = {
        "ISSUER": site.issuer,
        "RESOURCE": url,
        "CLIENT_ID": api.client.client_id,
        "CLIENT_SECRET": str(api.secret),
    }
    try:
        with running(sys.executable, str(program), **environment) as process:
            wait_for(url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp"), process)
            yield Notes(url, site, process)
    finally:
        listening.close()
        site.close()

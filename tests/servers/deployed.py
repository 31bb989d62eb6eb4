"""A provider on an .ini file, served by a real WSGI server in processes of its own."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests import site as sites
from tests.faults.processes import Process
from tests.oauth import basic
from tests.servers import fresh
from tests.servers.run import free_port
from tests.site import FORM

PATIENCE = 60.0
GRANT = "grant_type=client_credentials"
PROXY = """
trusted_proxy = 127.0.0.1
trusted_proxy_count = 1
trusted_proxy_headers = x-forwarded-for x-forwarded-proto
clear_untrusted_proxy_headers = true
"""


def python(*arguments: str) -> list[str]:
    """A command line of this interpreter that says nothing about pkg_resources."""
    return [sys.executable, "-W", "ignore:pkg_resources is deprecated", *arguments]


@dataclass
class Answer:
    """What a server answered."""

    status: int
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        read: dict[str, object] = json.loads(self.body)
        return read


@dataclass
class Deployed:
    """An .ini file in a folder, a client for it, and the port it is to be served on."""

    ini: Path
    credentials: dict[str, str]
    port: int = field(default_factory=free_port)

    @classmethod
    def on(cls, url: str, folder: Path, server: str = PROXY, **settings: str) -> Deployed:
        """Write the .ini with these settings and lines of [server:main]; register a client."""
        given = sites.ini(url, **settings)
        storage = open_storage(fresh(url))
        registrar = Registrar(Settings.from_ini(given), storage, lambda: 1_800_000_000)
        client, secret = registrar.register(
            type="machine", name="Printer", scopes=("profile:read",)
        )
        storage.close()
        ini = folder / "production.ini"
        lines = ["[DEFAULT]", "port = 1", "[app:main]", "use = egg:oauthprov"]
        lines += [f"{key} = " + value.replace("\n", "\n    ") for key, value in given.items()]
        lines += ["[server:main]", "use = egg:waitress#main", "get port = port", server.strip()]
        ini.write_text("\n".join(lines) + "\n", "utf-8")
        return cls(ini, basic(client.client_id, secret))

    @contextmanager
    def served(
        self, command: list[str], environment: Mapping[str, str] | None = None
    ) -> Iterator[Process]:
        """Run a server in the folder of the .ini until the block ends."""
        server = Process(command, self.ini.parent, environment=environment)
        try:
            server.start(lambda: self.get("/healthz"))
            yield server
        finally:
            server.end()

    def by_serve(self, *arguments: str) -> list[str]:
        """The command line of ``oauthprov serve`` for it."""
        main = "import sys; from oauthprov.cli import main; sys.exit(main())"
        port = f"port={self.port}"
        return python("-c", main, "serve", str(self.ini), port, *arguments)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: str, **headers: str) -> Answer:
        return self._ask("POST", path, body, headers)

    def token(self) -> Answer:
        """Get a token over a connection of its own."""
        return self._ask("POST", "/oauth/token", GRANT, {"Content-Type": FORM} | self.credentials)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def begin_token(self, connection: socket.socket) -> None:
        """Send the head of a token request; return when the server reads the body."""
        lines = [
            "POST /oauth/token HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Content-Type: {FORM}",
            f"Content-Length: {len(GRANT)}",
            "Expect: 100-continue",
            *(f"{name}: {value}" for name, value in self.credentials.items()),
        ]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

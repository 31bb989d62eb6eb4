"""A provider behind the nginx of docs/mtls.md: the issuer's host, and a port for certificates."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import site as sites
from tests.certificates import PROXY_SECRET
from tests.documents import blocks
from tests.faults.processes import Process
from tests.fetch.server import Authority
from tests.servers import nginx
from tests.servers.run import free_port
from tests.servers.wsgi import Server
from tests.site import OPENID, Site

HEADER = "X-SSL-Client-Cert"
# What the document leaves to the reader: the issuer's server.
SERVERS = """
server {{
    listen 127.0.0.1:{issuer} ssl;
    server_name localhost;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    location / {{
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        {removed}
    }}
}}
{documented}
"""


def documented() -> tuple[str, str]:
    """The server for certificates, and the lines for the issuer's server."""
    server, removed = blocks.of("docs/mtls.md", "nginx")
    return server.text, removed.text


class Front:
    """nginx on two ports of localhost."""

    format, header = "nginx", HEADER

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, Authority(folder)
        self.ports = free_port(), free_port()
        self.issuer, self.alias = (f"https://localhost:{port}" for port in self.ports)
        self._process: Process | None = None

    @staticmethod
    def documented() -> tuple[str, str]:
        """The lines of the document for the port of certificates, and those for the issuer's."""
        return documented()

    def start(self, server: str, removed: str, behind: str) -> None:
        """Start it with these lines, before the server at the address ``behind``."""
        certificate = self.authority.certificate("localhost", days=90)
        for name in ("ssl_certificate", "ssl_certificate_key"):
            place = f"{name} /etc/nginx/mtls.id.example.org.pem"
            server = server.replace(place, f"{name} {certificate}")
        server = server.replace("listen 443", f"listen 127.0.0.1:{self.ports[1]}")
        server = server.replace("PROXY_SECRET", PROXY_SECRET)
        servers = SERVERS.format(
            issuer=self.ports[0],
            certificate=certificate,
            removed=removed,
            documented=server.replace("mtls.id.example.org", "localhost"),
        )
        self.run(nginx.command(self.folder, servers.replace("127.0.0.1:8080", behind)))

    def run(self, command: Sequence[str | Path]) -> None:
        """Run the proxy until it is closed."""
        self._process = Process(command, self.folder)
        self._process.start(self._connect)

    def _connect(self) -> None:
        for port in self.ports:
            socket.create_connection(("127.0.0.1", port), 5).close()

    def close(self) -> None:
        if self._process is not None:
            self._process.end()


@contextmanager
def served(
    storage_url: str,
    folder: Path,
    ca_file: str,
    server: str | None = None,
    removed: str | None = None,
    proxy: type[Front] = Front,
    **more: str,
) -> Iterator[tuple[Site, Front]]:
    """Serve a provider behind a proxy, as the document has it but for the lines that are given."""
    front, listening = proxy(folder), Server()
    lines = front.documented()
    mtls = {
        "mtls.format": front.format,
        "mtls.header": front.header,
        "mtls.proxy_secret": PROXY_SECRET,
        "mtls.ca_file": ca_file,
        "mtls.base_url": front.alias,
        "fetch.ca_file": front.authority.file,
        "scopes": OPENID,
    }
    site = sites.standalone(sites.ini(storage_url, issuer=front.issuer, **(mtls | more)))
    site.clock.run()
    listening.start(site.wsgi)
    try:
        behind = listening.root.removeprefix("http://")
        front.start(server or lines[0], lines[1] if removed is None else removed, behind)
        yield site, front
    finally:
        front.close()
        listening.close()
        site.close()

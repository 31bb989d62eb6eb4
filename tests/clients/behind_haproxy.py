"""A provider behind the HAProxy of docs/mtls.md: the issuer, and a port for certificates."""

from __future__ import annotations

from pathlib import Path

from tests.certificates import PROXY_SECRET
from tests.clients import behind_nginx
from tests.documents import blocks
from tests.servers.programs import missing, program

# What the document leaves to the reader: the mode, and the server behind.
FRAME = """
defaults
    mode http
    timeout connect 30s
    timeout client 30s
    timeout server 30s
{frontends}
backend oauthprov
    server oauthprov {behind}
"""


class Front(behind_nginx.Front):
    """HAProxy on two ports of localhost."""

    format, header = "rfc9440", "Client-Cert"

    @staticmethod
    def documented() -> tuple[str, str]:
        """The frontend of the document for the port of certificates, and that of the issuer."""
        every = blocks.of("docs/mtls.md", "text")
        certificates, issuer = (one.text for one in every if one.text.startswith("frontend "))
        return certificates, issuer

    def start(self, server: str, removed: str, behind: str) -> None:
        """Start it with these frontends, before the server at the address ``behind``."""
        haproxy = program("haproxy")
        if haproxy is None:
            missing("no HAProxy (apt-get install haproxy)", __name__)
        certificate = self.authority.certificate("localhost", days=90)
        frontends = [
            text.replace("bind :443", f"bind 127.0.0.1:{port}")
            .replace("/etc/haproxy/mtls.id.example.org.pem", str(certificate))
            .replace("/etc/haproxy/id.example.org.pem", str(certificate))
            .replace("/etc/haproxy/any.pem", str(self.authority.file))
            .replace("PROXY_SECRET", PROXY_SECRET)
            for port, text in zip(self.ports, (removed, server), strict=True)
        ]
        configuration = self.folder / "haproxy.cfg"
        text = FRAME.format(frontends="\n".join(frontends), behind=behind)
        configuration.write_text(text, "utf-8")
        self.run([haproxy, "-db", "-f", Path(configuration)])

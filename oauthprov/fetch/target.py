"""The host and port of a URL, and whether we may connect to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from oauthprov.failures import FetchError
from oauthprov.fetch.addresses import is_public, plain
from oauthprov.settings import LOOPBACK, FetchAllow

URL_LIMIT = 2048
PORT = 443
HTTP_PORT = 80

# RFC 3986 section 2: printable ASCII, without characters that parsers treat differently.
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL. ``path`` includes the query; a fragment is dropped."""

    host: str
    port: int
    path: str
    tls: bool = True

    @classmethod
    def parse(cls, url: str, *, loopback_http: bool = False) -> Target:
        """Parse ``url``. Raises FetchError for anything but a plain https URL.

        ``loopback_http`` also accepts http for this machine.
        """
        if len(url) > URL_LIMIT or not _URL.fullmatch(url):
            raise FetchError("the URL is too long, or has characters that a URL can't have")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise FetchError("the URL can't be read") from None
        host = parts.hostname or ""
        tls = parts.scheme == "https"
        if not tls and not (loopback_http and parts.scheme == "http" and host in LOOPBACK):
            raise FetchError("the URL isn't https")
        if port is None:
            port = PORT if tls else HTTP_PORT
        if "@" in parts.netloc:
            raise FetchError("the URL has a user name")
        if ("[" in parts.netloc) != (":" in host):
            raise FetchError("the URL has brackets around something that is no IP address")
        if len(host) > 253 or not _NAME.fullmatch(host) or not 0 < port < 65536:
            raise FetchError("the URL has no usable host")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(host, port, path, tls)

    @property
    def authority(self) -> str:
        """The value of ``Host`` (RFC 9110 section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (PORT if self.tls else HTTP_PORT) else f"{host}:{self.port}"

    def check(self, address: str, allow: FetchAllow) -> None:
        """Raise FetchError unless we may connect to ``address``, an address of the host."""
        if not self.tls and not plain(address).is_loopback:
            raise FetchError(f"{self.host} isn't loopback, and the URL isn't https")
        if (self.host, self.port) in allow.places:
            return
        reached = plain(address)
        if any(reached in network for network in allow.networks):
            return
        if not is_public(reached):
            raise FetchError(f"{self.host} has the address {address}, which isn't public")
        if self.port != PORT:
            raise FetchError(f"port {self.port} isn't allowed")

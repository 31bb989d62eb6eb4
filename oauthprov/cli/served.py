"""What an .ini file says to a server: the app, logging, the address, and the trusted proxy.

pserve reads these by itself; other WSGI servers get them from here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from socket import AF_INET
from typing import TYPE_CHECKING, Self

from oauthprov.cli.ini import readable
from oauthprov.cli.output import Refused, explain, silence_pkg_resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from plaster_pastedeploy import Loader
    from waitress.adjustments import Adjustments

# The settings of waitress in [server:main] that mean the same under any server.
_ADDRESS = ("host", "port", "listen", "ipv4", "ipv6")
_PROXY = (
    "trusted_proxy",
    "trusted_proxy_count",
    "trusted_proxy_headers",
    "clear_untrusted_proxy_headers",
    "log_untrusted_proxy_headers",
)

_LOOPBACK = "127.0.0.1"
_THREADS = 4
_NO_LENGTH = (
    b'{"error":"invalid_request","error_description":"Send the body with a Content-Length."}'
)

BOOT_FAILED = 3
"""The status of a process whose app can't be built. gunicorn stops when a worker exits with it;
a worker with any other status it would start again without end."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The IP address and port to listen on, and the threads of each worker."""

    host: str
    port: int
    threads: int

    @classmethod
    def named(cls, uri: str, overrides: Mapping[str, str]) -> Self:
        """Return what ``[server:main]`` names, 127.0.0.1:8080 with 4 threads if it doesn't.

        Raises Refused.
        """
        with readable(uri):
            given = _server_section(_loader(uri), overrides)
            if "unix_socket" in given or len(given.get("listen", "").split()) > 1:
                raise Refused(
                    f"{uri} names several addresses or a Unix socket, but oauthprov serve listens"
                    " on one IP address and port: set host and port in [server:main]."
                )
            threads = int(given.get("threads", _THREADS))
            if "listen" not in given:
                given = {"host": _LOOPBACK} | given
            host, port = _first_address(_adjustments(given, *_ADDRESS))
        return cls(host, port, threads)

    def at(self, host: str | None, port: int | None) -> Self:
        """Return the same with another host or port. Raises Refused for an unknown host."""
        if host is not None:
            try:
                host, _ = _first_address(_adjustments({"host": host, "port": "0"}, *_ADDRESS))
            except ValueError:
                raise Refused(f"{host} isn't an address of this machine.") from None
        return replace(self, host=host or self.host, port=self.port if port is None else port)


def load(uri: str, overrides: Mapping[str, str]) -> WSGIApplication:
    """Return the app of an .ini file behind its trusted proxy, with logging set up.

    ``uri`` is ``production.ini`` or ``production.ini#section``; a pipeline or composite is built
    as pserve builds it. Raises Refused, and ConfigurationError for invalid settings.
    """
    with readable(uri):
        loader = _loader(uri)
        loader.get_wsgi_app_settings(None, overrides)  # finds what the app is made of
        proxies = _adjustments(_server_section(loader, overrides), *_PROXY)
    set_up_logging(uri, overrides)
    app = _behind(proxies, loader.get_wsgi_app(None, overrides))
    return _of_known_length(app) if "granian" in sys.modules else app


def _of_known_length(app: WSGIApplication) -> WSGIApplication:
    """Refuse a body in chunks (RFC 9110 section 15.5.12).

    granian ends such a body the same way whether it is complete or the connection broke, so half a
    request would be carried out.
    """

    def refusing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_TRANSFER_ENCODING" not in environ or environ.get("CONTENT_LENGTH"):
            return app(environ, start_response)
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(_NO_LENGTH)),
            "Cache-Control": "no-store",
        }
        start_response("411 Length Required", list(headers.items()))
        return (_NO_LENGTH,)

    return refusing


def load_or_exit(uri: str, overrides: Mapping[str, str]) -> WSGIApplication:
    """Return the app; if the file is at fault, print why and exit with status BOOT_FAILED."""
    silence_pkg_resources()
    try:
        return load(uri, overrides)
    except Exception as wrong:
        sentence = explain(wrong)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr, flush=True)
        raise SystemExit(BOOT_FAILED) from None


def set_up_logging(uri: str, overrides: Mapping[str, str]) -> None:
    """Set up logging as the file says. Raises Refused."""
    with readable(uri):
        loader = _loader(uri)
    try:
        loader.setup_logging(overrides)
    except Exception as wrong:  # a formatter or handler of any package may raise anything
        raise Refused(
            f"{uri} can't be read: its logging is invalid ({type(wrong).__name__}: {wrong})."
        ) from None


def _loader(uri: str) -> Loader:
    from pyramid.scripts.common import get_config_loader

    loader: Loader = get_config_loader(uri)
    return loader


def _server_section(loader: Loader, overrides: Mapping[str, str]) -> dict[str, str]:
    return dict(loader.get_settings("server:main", overrides))


def _adjustments(given: Mapping[str, str], *names: str) -> Adjustments:
    """Return the settings with these names as waitress understands them. Raises ValueError."""
    from waitress.adjustments import Adjustments

    return Adjustments(**{name: given[name] for name in names if name in given})


def _first_address(adjustments: Adjustments) -> tuple[str, int]:
    """Return host and port of the first address of a name, an IPv4 one if there is any."""
    addresses = sorted(adjustments.listen, key=lambda address: address[0] != AF_INET)
    host, port = addresses[0][3][:2]
    return host, port


def _behind(proxies: Adjustments, app: WSGIApplication) -> WSGIApplication:
    """Return the app as waitress would call it: only the trusted proxy sets the headers."""
    from waitress.proxy_headers import proxy_headers_middleware

    if not (proxies.trusted_proxy or proxies.clear_untrusted_proxy_headers):
        return app
    wrapped: WSGIApplication = proxy_headers_middleware(
        app,
        trusted_proxy=proxies.trusted_proxy,
        trusted_proxy_count=proxies.trusted_proxy_count,
        trusted_proxy_headers=proxies.trusted_proxy_headers,
        clear_untrusted=proxies.clear_untrusted_proxy_headers,
        log_untrusted=proxies.log_untrusted_proxy_headers,
    )
    return wrapped

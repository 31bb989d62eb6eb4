"""Requests of an operator to the operator's own server, which may be wrong in any way.

Other than a fetch of a client's URL, they reach every address, by http too, and return a response
of any status. They have the same limits in size and time, and a limit of time in all.
"""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPMessage
from urllib.parse import urlsplit

from oauthprov.failures import FetchError
from oauthprov.fetch.exchange import Deadline, Lookup, connected, response, send
from oauthprov.fetch.names import LOOKUPS, resolved
from oauthprov.fetch.target import HTTP_PORT, PORT, Target

LIMIT = 262_144
"""The most bytes of a body."""
SECONDS = 5.0
"""Seconds for a request, from resolving the host to the last byte."""
ALTOGETHER = 60.0
"""Seconds for all requests."""
_FORM = "application/x-www-form-urlencoded"


class TLSFailed(FetchError):
    """The server speaks no TLS, or its certificate isn't valid for its host."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; ``expires`` is when the server's certificate ends, in epoch seconds."""

    status: int
    headers: HTTPMessage
    content: bytes
    expires: int | None = None


class Asker:
    """Asks a server. ``seconds`` is the limit of a request, ``altogether`` that of all.

    ``ca_file`` holds certificates to trust besides the system's. ``lookup`` is replaced only in
    tests.
    """

    def __init__(
        self,
        ca_file: str = "",
        *,
        seconds: float = SECONDS,
        altogether: float = ALTOGETHER,
        lookup: Lookup = socket.getaddrinfo,
    ) -> None:
        self._seconds = seconds
        self._deadline = Deadline(altogether)
        self._lookup = lookup
        self._lookups = threading.BoundedSemaphore(LOOKUPS)
        self._ca_file = ca_file
        self._context = self._trusting()

    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(cafile=self._ca_file)
        return context

    def _presenting(self, certificate: str) -> ssl.SSLContext:
        context = self._trusting()
        context.load_cert_chain(certificate)
        return context

    def ask(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        *,
        form: bytes = b"",
        certificate: str = "",
    ) -> Answer:
        """Send a request, with a ``form`` as its body if there is one.

        ``query`` is added to ``url``, and may be long. ``certificate`` is the path of a PEM file
        with a certificate and its key, for mutual TLS. Raises FetchError, TLSFailed.
        """
        target = _target(url)
        if query:
            joint = "&" if "?" in target.path else "?"
            target = replace(target, path=f"{target.path}{joint}{query}")
        context = self._presenting(certificate) if certificate else None
        with self._conversation(target, self._seconds, context) as (connection, deadline):
            given = {"Accept-Encoding": "identity", **(headers or {})}
            if form:
                given |= {"Content-Type": _FORM, "Content-Length": str(len(form))}
            send(target, connection, method, given, form, deadline)
            return _answer(connection, method, deadline)

    def announce(self, url: str, length: int, patience: float) -> int | None:
        """Announce a body of ``length`` bytes and send none of it.

        Return the status of a response that comes within ``patience`` seconds, else None. Raises
        FetchError, TLSFailed.
        """
        target = _target(url)
        with self._conversation(target, self._seconds) as (connection, deadline):
            given = {"Content-Type": _FORM, "Content-Length": str(length)}
            send(target, connection, "POST", given, b"", deadline)
            try:
                return response(connection, "POST", LIMIT, Deadline(patience)).status
            except TimeoutError:
                return None

    def shakes_hands(self, url: str, version: ssl.TLSVersion) -> bool:
        """Tell whether the server speaks this version of TLS. Raises FetchError."""
        target = _target(url)
        try:
            with self._conversation(target, self._seconds, _only(version)):
                return True
        except TLSFailed:
            return False
        except FetchError as failed:
            if isinstance(failed.__cause__, ConnectionError):
                return False  # some servers end the connection without a word
            raise

    @contextmanager
    def _conversation(
        self, target: Target, seconds: float, context: ssl.SSLContext | None = None
    ) -> Iterator[tuple[socket.socket, Deadline]]:
        """Connect; failures in the block become FetchError."""
        try:
            deadline = Deadline(min(seconds, self._deadline.left()))
            addresses = resolved(target, deadline, self._lookup, self._lookups)
            with connected(target, addresses, context or self._context, deadline) as connection:
                yield connection, deadline
        except ssl.SSLError as error:
            raise TLSFailed(f"{target.host}: {_plain(error)}") from error
        except HTTPException as error:
            raise FetchError(f"{target.host} sent invalid HTTP: {type(error).__name__}") from error
        except TimeoutError as error:
            raise FetchError(f"{target.host} didn't answer in time") from error
        except (OSError, ValueError) as error:
            raise FetchError(f"{target.host}: {error}") from error


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a context that speaks one version of TLS, however weak."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only the version matters, and nothing is sent
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


def _plain(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate isn't valid: {error.verify_message}"
    return (error.reason or str(error)).replace("_", " ").lower()


def _target(url: str) -> Target:
    """Parse an https or http URL. Raises FetchError."""
    if urlsplit(url).scheme != "http":
        return Target.parse(url)
    parsed = Target.parse(f"https{url.removeprefix('http')}")
    port = HTTP_PORT if parsed.port == PORT else parsed.port
    return replace(parsed, port=port, tls=False)


def _answer(connection: socket.socket, method: str, deadline: Deadline) -> Answer:
    got = response(connection, method, LIMIT, deadline)
    content = got.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise FetchError(f"the response is longer than {LIMIT} bytes")
    expires = None
    if isinstance(connection, ssl.SSLSocket):
        certificate = connection.getpeercert() or {}
        expires = int(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
    return Answer(got.status, got.headers, content, expires)

"""Why a storage server can't be used, in words for the operator; the same for every backend.

The words continue a sentence that begins with the server's name and address. No text of a driver
or a server gets into them: it may quote stored data.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

REFUSED = "refuses the connection: no server listens there"
UNKNOWN_HOST = "can't be found: the host name is unknown"
NO_ROUTE = "can't be reached: there is no route to it from here"
LATE = "didn't answer in time"
CLOSED = "closed the connection"
PASSWORD = "refuses the user name or the password"  # noqa: S105 - it is none
NO_DATABASE = "has no such database"
NO_RIGHT = "doesn't let this user do that: the user lacks a right there"
NOT_ADMITTED = "doesn't admit this user from this host"
NO_TLS = "doesn't offer TLS, which the storage URL asks for"
NOT_TRUSTED = "shows a certificate that isn't trusted here"
OTHER_HOST = "shows a certificate of another host name"
TLS_FAILED = "can't be reached: the TLS handshake failed"
CROWDED = "has no connection left: its limit is reached"
STARTING = "is starting up or shutting down"
READ_ONLY = "takes no writes: it is a replica, or set to read-only"
FULL = "has no room left"

_NUMBERS = {
    errno.ECONNREFUSED: REFUSED,
    errno.ENOENT: REFUSED,  # the socket of a server on this machine
    errno.EHOSTUNREACH: NO_ROUTE,
    errno.ENETUNREACH: NO_ROUTE,
    errno.ETIMEDOUT: LATE,
    errno.ECONNRESET: CLOSED,
    errno.EPIPE: CLOSED,
}


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what caused it, each once."""
    seen = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def of_the_system(error: BaseException) -> str | None:
    """Return what the operating system or TLS says in ``error`` or its causes, None if nothing."""
    for cause in chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            # OpenSSL's number of a host name or an address that the certificate doesn't have.
            return OTHER_HOST if cause.verify_code in (62, 64) else NOT_TRUSTED
        if isinstance(cause, ssl.SSLError):
            return TLS_FAILED
        if isinstance(cause, socket.gaierror):
            return UNKNOWN_HOST
        if isinstance(cause, TimeoutError):
            return LATE
        if isinstance(cause, OSError) and cause.errno in _NUMBERS:
            return _NUMBERS[cause.errno]
    return None


def address(host: str, port: int, database: str = "") -> str:
    """Return ``host:port``, or ``host:port/database``, with an IPv6 address in brackets."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"{shown}/{database}" if database else shown

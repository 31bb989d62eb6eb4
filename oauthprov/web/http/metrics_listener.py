"""An address of its own for the metrics, served by a thread of the process.

Only one process can listen on it. The others try again from time to time, so that one of them
takes over when that process has ended.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
import weakref
from typing import TYPE_CHECKING

from waitress import create_server

from oauthprov import deadline, logs
from oauthprov.threads import in_thread
from oauthprov.web.http.problems import Rejected
from oauthprov.web.http.reply import ENDPOINT, Reply, problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from oauthprov.web.http.metering import Metering

AGAIN = 5.0
"""Seconds until a process tries again to listen."""
PATH = "/metrics"
_CONNECTIONS = 20
_PATIENCE = 10  # seconds that a connection may be idle

log = logs.logger(__name__)


class Listener:
    """Serves the metrics at ``host`` and ``port``. No thread runs before :meth:`look`.

    So a server may fork until the first request.
    """

    def __init__(self, metering: Metering, host: str, port: int) -> None:
        self._metering = metering
        self._host = host
        self._port = port
        self._lock = threading.Lock()
        self._begun = False
        _made.add(self)

    def look(self) -> None:
        """Begin to serve, unless this process does already."""
        if self._begun:
            return
        with self._lock:
            begun, self._begun = self._begun, True
        if not begun and not in_thread("metrics", self._run):
            self._begun = False

    def _run(self) -> None:
        refused = False
        while True:
            try:
                listening = self._socket()
            except OSError as wrong:
                if wrong.errno != errno.EADDRINUSE:
                    log.error("oauthprov.metrics.listen can't be listened on: %s", wrong.strerror)
                    return
                if not refused:
                    log.info("oauthprov.metrics.listen is in use: this process tries again")
                refused = True
                time.sleep(AGAIN)
            else:
                break
        log.info("metrics are served at port %d of %s", self._port, self._host)
        create_server(
            self._answer,
            sockets=[listening],
            threads=1,
            ident=None,
            connection_limit=_CONNECTIONS,
            channel_timeout=_PATIENCE,
            cleanup_interval=_PATIENCE,
        ).run()

    def _socket(self) -> socket.socket:
        [family, kind, protocol, _, address] = socket.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM
        )[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(_CONNECTIONS)
        except OSError:
            made.close()
            raise
        return made

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun = deadline.begin()
        try:
            reply = self._reply(environ)
        except Exception:
            log.exception("the metrics can't be read")
            sentence = "Something went wrong on our side. It has been logged."
            reply = problem(Rejected("server_error", sentence, 500))
        finally:
            deadline.end(begun)
        reply.headers.update(ENDPOINT)
        return reply(environ, start_response)

    def _reply(self, environ: WSGIEnvironment) -> Reply:
        if environ.get("PATH_INFO") != PATH:
            return problem(Rejected("not_found", f"The metrics are at {PATH}.", 404))
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            sentence = "This address doesn't accept this method."
            allow = {"Allow": "GET, HEAD"}
            return problem(Rejected("invalid_request", sentence, 405, allow))
        return self._metering.read(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_ACCEPT"))


_made: weakref.WeakSet[Listener] = weakref.WeakSet()


def listen() -> None:
    """Begin to serve the metrics of every app of this process: it won't fork any more."""
    for listener in list(_made):
        listener.look()

"""``oauthprov serve``: serve the app of an .ini file by granian, with one worker process a core.

Address, threads and trusted proxy are those of [server:main]; --host and --port override the
address. Each worker has as many threads as [server:main] says, 4 if it doesn't. SIGTERM and
SIGINT stop it: it accepts no more connections, and finishes running requests for 30 seconds. A
worker that dies is replaced. It needs the extra: pip install 'oauthprov[serve]'.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any

from oauthprov import logs
from oauthprov.cli.ini import add_ini, read
from oauthprov.cli.output import Refused, note
from oauthprov.cli.served import Listening, load_or_exit, set_up_logging
from oauthprov.settings import Settings, own_keys

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from granian.server.common import AbstractServer

log = logs.logger(__name__)

CONNECTIONS = 512
"""The most connections of a worker, idle ones included; others wait in the backlog."""

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the directory in which the workers' metrics are added."""
BACKLOG = 1024
HEAD_LIMIT = 256 * 1024
"""Bytes of a request's line and headers that are accepted, as in waitress; far more gets 431."""

HEAD_TIMEOUT = 10_000
"""Milliseconds in which a client must send the headers; an idle connection is closed then."""

STOP_TIMEOUT = 30
"""Seconds that running requests have to end once the server is told to stop."""

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>

# granian's lines go to the handlers of the .ini.
_LOGGING = {
    "version": 1,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the arguments; this group has no verbs."""
    add_ini(group, as_json=False)
    group.add_argument(
        "--workers", metavar="N", type=_count, help="worker processes (default: one a core)"
    )
    group.add_argument("--host", metavar="ADDRESS", help="address to listen on")
    group.add_argument("--port", metavar="PORT", type=_port, help="port to listen on")
    group.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    uri, overrides = arguments.ini, dict(arguments.overrides)
    listening = Listening.named(uri, overrides).at(arguments.host, arguments.port)
    workers = arguments.workers or cores()
    server = _granian(listening, workers)
    _expect_free(listening)
    if not _can_be_built(uri, overrides):
        return 1
    section = read(arguments.ini, arguments.overrides)
    _warn_of_limits(section, workers)
    set_up_logging(uri, overrides)
    with _shared_metrics(section, workers):
        server.serve(target_loader=partial(_load_in_worker, uri, overrides), wrap_loader=False)
    return 0


@contextmanager
def _shared_metrics(section: Mapping[str, str], workers: int) -> Iterator[None]:
    """Give the workers a directory in which their metrics are added, for as long as they run.

    A pipeline or composite shows no settings; there it is left empty if nothing is counted.
    """
    counted = not own_keys(section) or Settings.from_ini(section).metrics
    if workers == 1 or not counted or os.environ.get(METRICS):
        yield
        return
    with TemporaryDirectory(prefix="oauthprov-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[METRICS] = folder
        yield


def _can_be_built(uri: str, overrides: Mapping[str, str]) -> bool:
    """Build the app once, in a process of its own, which prints what is wrong with it."""
    work = partial(load_or_exit, uri, overrides)
    if sys.platform == "linux":
        trial = multiprocessing.get_context("fork").Process(target=work)
    else:  # there a fork may break the system's libraries
        trial = multiprocessing.get_context("spawn").Process(target=work)
    trial.start()
    trial.join()
    return trial.exitcode == 0


def _load_in_worker(uri: str, overrides: Mapping[str, str]) -> WSGIApplication:
    """Return the app; a signal to stop ends the worker at once until it serves.

    It has inherited the handlers of the main process, which would do nothing here. On Linux it
    also stops when the main process is killed; otherwise it would keep the port.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    app = load_or_exit(uri, overrides)
    from oauthprov.web.http.metrics_listener import listen

    listen()
    return app


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _granian(listening: Listening, workers: int) -> AbstractServer[Any]:
    try:
        from granian import Granian
        from granian.constants import HTTPModes, Interfaces
        from granian.http import HTTP1Settings
    except ImportError:
        raise Refused(
            "oauthprov serve needs granian, which isn't installed: pip install 'oauthprov[serve]'."
        ) from None
    server = Granian(
        "oauthprov",
        address=listening.host,
        port=listening.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=listening.threads,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_TIMEOUT, max_buffer_size=HEAD_LIMIT),
        websockets=False,
        respawn_failed_workers=True,
        log_dictconfig=_LOGGING,
    )
    server.on_startup(_limit_stop)
    logging.getLogger("_granian").addFilter(_is_news)
    return server


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out granian's doubt whether so many threads are intended."""
    return "Python threads" not in record.getMessage()


def _limit_stop() -> None:
    """Kill the workers STOP_TIMEOUT after the signal to stop, if they still run.

    granian's own limit logs a warning at nearly every stop, since a worker that is just ending
    counts as one that refuses to.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_stop, signal.getsignal(number)))


def _stop(handler: object, number: int, frame: FrameType | None) -> None:
    timer = threading.Timer(STOP_TIMEOUT, _kill_workers)
    timer.daemon = True
    timer.start()
    if callable(handler):
        handler(number, frame)


def _kill_workers() -> None:
    for worker in multiprocessing.active_children():
        log.warning("worker %s has had %s s to stop: killing it", worker.pid, STOP_TIMEOUT)
        worker.kill()


def _expect_free(listening: Listening) -> None:
    """Raise Refused if the address can't be listened on.

    granian shares a port with other servers of the same user, which is never intended here.
    """
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listening.host, listening.port))
        except OSError as wrong:
            where = f"Port {listening.port} of {listening.host}"
            if wrong.errno == errno.EADDRINUSE:
                raise Refused(
                    f"{where} is in use: stop the program that listens there, or choose another"
                    " port with --port."
                ) from None
            raise Refused(f"{where} can't be listened on: {wrong.strerror}.") from None


def _warn_of_limits(section: Mapping[str, str], workers: int) -> None:
    """Say that the limits multiply, if they do; a pipeline or composite shows no settings."""
    if workers == 1 or not own_keys(section):
        return
    if Settings.from_ini(section).limits_url.startswith("memory:"):
        note(
            f"Each of the {workers} workers counts sign-in attempts by itself, so the limits are"
            f" {workers} times as high: set oauthprov.limits.url to a Redis URL."
        )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError(text)
    return number

"""Checks of the servers beside the storage: the Redis for limits, and the mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import limits
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from oauthprov.doctor.check import WARNING, Check
from oauthprov.errors import MailError
from oauthprov.mail import SmtpMailer, mailer_of
from oauthprov.settings import Settings
from oauthprov.storage.unreachable import of_the_system
from oauthprov.threads import in_thread

PATIENCE = 5.0
"""Seconds for one of these servers: host name, connection and all replies together."""

_LATE = "didn't answer in time"


@dataclass(frozen=True, slots=True)
class Beside:
    """The settings, and the seconds that each server has to answer."""

    settings: Settings
    patience: float = PATIENCE


def _limits(on: Beside) -> Iterator[str]:
    url = on.settings.limits_url
    if url.startswith("memory:"):
        return
    failed = _failed(lambda: _count(url, on.patience), on.patience)
    if failed is not None:
        why = of_the_system(failed) or f"failed: {type(failed).__name__}"
        place = url.partition("://")[2].rpartition("@")[2].partition("/")[0]
        yield f"Redis at {place} {_LATE if isinstance(failed, TimeoutError) else why}"


def _count(url: str, seconds: float) -> None:
    """Ask for a counter that there is not; nothing is written."""
    patience = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    counters: Any = storage_from_string(url, **patience)
    MovingWindowRateLimiter(counters).test(limits.RateLimitItemPerMinute(1), "doctor")


def _mail(on: Beside) -> Iterator[str]:
    mailer, server = mailer_of(on.settings), on.settings.mail_url
    if server is None or not isinstance(mailer, SmtpMailer):
        return
    failed = _failed(mailer.check, on.patience)
    if failed is not None:
        known = isinstance(failed, MailError)
        why = str(failed) if known else f"the check failed: {type(failed).__name__}"
        late = f"the mail server {_LATE}"
        place = f"{server.host}:{server.port}"
        yield f"{place}: {late if isinstance(failed, TimeoutError) else why}"


def _failed(work: Callable[[], object], seconds: float) -> BaseException | None:
    """Return why ``work`` failed, a TimeoutError if it takes too long; it may then go on.

    No time limit of a connection covers the look-up of a host name and all replies.
    """
    done: Future[object] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    if not in_thread("doctor", run):
        return RuntimeError("no thread is free")
    try:
        return done.exception(seconds)
    except TimeoutError as late:
        return late


CHECKS: tuple[Check[Beside], ...] = (
    Check(
        "limits.answers",
        WARNING,
        "the Redis of `oauthprov.limits.url`",
        "Each process counts attempts by itself meanwhile: the limits are as many times as high.",
        "Correct the URL, start that Redis, or let this machine reach it.",
        _limits,
    ),
    Check(
        "mail.answers",
        WARNING,
        "the mail server of `oauthprov.mail.url`: connection, TLS and sign-in; no mail is sent",
        "Nobody can confirm an address or reset a password, and no mail warns of a changed one.",
        "Correct the URL, its user and password, or let this machine reach that port.",
        _mail,
    ),
)

"""Errors of requests, whichever way they are answered: the code, the sentence and the status."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from oauthprov import logs
from oauthprov.accounts import HashingBusy
from oauthprov.errors import FetchBusy, SigningKeySealed, StorageError, StorageReadOnly
from oauthprov.events import RequestRefused, publish
from oauthprov.messages import N_

_BUSY_RETRY_AFTER = 2

log = logs.logger(__name__)


class Rejected(Exception):
    """The request is refused. Raised by views and handlers, which need no response for it.

    ``error`` is a registered code, ``description`` a fixed sentence for people.
    """

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


class Tracebacks:
    """Limits tracebacks to one per ``seconds``: in an outage every request has the same one."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = float("-inf")
        self._lock = threading.Lock()

    def of(self, error: Exception) -> Exception | None:
        """Return ``error`` if its traceback is to be logged now, else None."""
        with self._lock:
            if (now := self._clock()) < self._next:
                return None
            self._next = now + self._seconds
        return error


_WRONG_ADDRESS = (404, 405)
"""Statuses of which scanners cause many, and that the audit would explain with nothing new."""

_tracebacks = Tracebacks(1.0)

OURS = (Rejected, StorageError, HashingBusy, FetchBusy, SigningKeySealed)
"""The exceptions that have a response of ours wherever they are raised."""


def problem_of(error: Exception) -> Rejected:
    """Log one of our own exceptions and return what is said about it; raise any other again."""
    match error:
        case Rejected():
            if error.status in _WRONG_ADDRESS:
                log.info("refused: %s", error.description, extra={"error": error.error})
            else:
                publish(RequestRefused(error=error.error, description=error.description))
            return error
        case StorageReadOnly():
            log.warning("refused: %s", error)
            return _unavailable(
                N_("The server only reads its data at the moment, and changes nothing. Try later.")
            )
        case StorageError():
            _log(error)
            return _unavailable(N_("The server has no access to its data. Try again in a moment."))
        case FetchBusy():
            log.warning("a client's document can't be fetched now: %s", error)
            return _unavailable(N_("The server is too busy. Try again in a moment."))
        case HashingBusy():
            log.warning("a sign-in got 503: too many passwords are being hashed")
            busy = _unavailable(
                N_("Many people are signing in right now. Go back and try again in a few seconds.")
            )
            busy.headers["Retry-After"] = str(_BUSY_RETRY_AFTER)
            return busy
        case SigningKeySealed():
            # Retrying won't help. The log has the remedy.
            return Rejected("server_error", str(error.description), error.status_code)
    raise error


def _log(error: StorageError) -> None:
    """Log why the storage failed, in one line, with a traceback only if that says more."""
    # The request may not have been carried out.
    traceback = None if error.explained else _tracebacks.of(error)
    log.error("the storage failed: %s", error, exc_info=traceback)


def undecodable(error: Exception) -> Rejected:
    """Return 400 for a URL, header or body that can't be decoded."""
    log.info("undecodable request: %s", type(error).__name__)
    return Rejected("invalid_request", N_("The request isn't valid UTF-8 text."))


def unexpected(error: Exception) -> Rejected:
    """Return 500 for any other exception: the log has the traceback under the request's id."""
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    sentence = N_("Something went wrong on our side. It has been logged.")
    return Rejected("server_error", sentence, 500)


def _unavailable(description: str) -> Rejected:
    return Rejected("temporarily_unavailable", description, 503)

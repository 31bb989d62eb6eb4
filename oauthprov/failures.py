"""Our exceptions that have no error code of OAuth, for rooms that don't know OAuth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType


class ConfigurationError(Exception):
    """The settings are invalid; ``problems`` has a sentence for each problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(("oauthprov can't start:", *(f"  - {p}" for p in problems))))


def print_without_traceback(kind: type[Exception]) -> None:
    """If an error of this ``kind`` ends the process, let Python print its message alone."""
    others = sys.excepthook

    def hook(
        found: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, kind):
            print(error, file=sys.stderr)
        else:
            others(found, error, traceback)

    sys.excepthook = hook


class FetchError(Exception):
    """A URL couldn't be fetched; the message gives the reason, for the log.

    It isn't for a client, to whom it could reveal the servers inside our network.
    """


class FetchBusy(FetchError):
    """No request was sent: too many requests wait for other servers. A retry may succeed.

    It isn't an error of the client: the response must be 503.
    """


class UnexpectedStatus(FetchError):
    """The response has another ``status`` than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the response has status {status}")
        self.status = status


class JoseError(Exception):
    """A token or a key set was refused; ``reason`` is for the log, not for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownKey(JoseError):
    """The token names a key that isn't in the set: a fetched set may be out of date."""


class CertificateError(Exception):
    """A client certificate was refused; ``reason`` is for the log, not for the sender."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

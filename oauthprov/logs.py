"""Log lines with the id of their request, and a JSON formatter for production.

A call may add fields with ``extra``, using the names of :data:`FIELDS`::

    log.info("token refused", extra={"client_id": client_id, "reason": reason})

They are attributes of the record, members of a JSON line, and follow the message in a text line.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from oauthprov.chance import getrandbits

FIELDS = (
    "event",
    "endpoint",
    "error",
    "reason",
    "account_id",
    "client_id",
    "grant_id",
    "address",
    "actor",
    "amr",
    "scope",
    "factor",
    "how",
    "changed",
    "named",
    "compared",
    "mail",
    "problem",
    "request_id",
)
"""The fields of a line. Other attributes of a record aren't written.

``event`` isn't in a text line, whose message says the same.
"""

_AGES = 1 << 56
"""Microseconds since 1970 that a request id can hold: until the year 4253."""

request_id: ContextVar[str | None] = ContextVar("oauthprov_request_id", default=None)
"""The id of the current request, also in the response header ``X-Request-Id``."""


def new_request_id() -> str:
    """Return a new id: 24 hexadecimal digits. An id that is made later sorts before this one.

    It isn't a secret: its first 14 digits are the time.
    """
    # The system's random numbers would let another thread run each time.
    left = _AGES - time.time_ns() // 1000
    return f"{(left << 40) | getrandbits(40):024x}"


_OAUTHLIB = logging.getLogger("oauthlib")
_looked: list[bool] = []
_PLAIN = re.compile(r"[A-Za-z0-9_.:/+@-]+")


class RequestLogger(logging.LoggerAdapter[logging.Logger]):
    """Adds the fields and the request id to each message and to the record."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Return the message with fields and request id, for ``logging``."""
        fields: Mapping[str, object] = kwargs.get("extra") or {}
        written = [f" {name}={_text(fields[name])}" for name in FIELDS[1:] if name in fields]
        current = request_id.get()
        if current is not None:
            fields = {**fields, "request_id": current}
            written.append(f" [request {current}]")
        return f"{msg}{''.join(written)}", {**kwargs, "extra": fields}


def moment(seconds: int) -> str:
    """Return epoch seconds as a time in UTC that people read, such as ``2027-01-31 08:00:00Z``."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))


def logger(name: str) -> RequestLogger:
    """Return the logger of a module of this package."""
    return RequestLogger(logging.getLogger(name))


def keep_oauthlib_quiet() -> None:
    """Keep oauthlib's loggers at INFO or above: at DEBUG they log codes and tokens.

    Loggers that the logging configuration has set one by one are raised too, at the first call. It
    costs next to nothing later, while oauthlib's own logger is above DEBUG.
    """
    if _looked and not _OAUTHLIB.isEnabledFor(logging.DEBUG):
        return
    _looked.append(True)
    known = logging.root.manager.loggerDict
    names = ["oauthlib", *(name for name in known if name.startswith("oauthlib."))]
    for logger in map(logging.getLogger, names):
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)


class JSONFormatter(logging.Formatter):
    """One JSON object per line: time (UTC), level, logger, message, the fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON in ASCII, with all other characters escaped."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: str(vars(record)[name]) for name in FIELDS if name in vars(record)}
        current = request_id.get()
        if current is not None:
            line.setdefault("request_id", current)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _text(value: object) -> str:
    """Return the value of a field in one line, with % escaped for ``logging``."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text).replace("%", r"\u0025")

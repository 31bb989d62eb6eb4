"""Log lines that name the request they belong to, and a JSON formatter for production.

A call may name what its line is about by ``extra``, with the names of :data:`FIELDS`::

    log.info("token refused", extra={"client_id": client_id, "reason": reason})

They are attributes of the record, members of a JSON line, and stand behind the message in a line
of text.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

FIELDS = (
    "endpoint",
    "error",
    "reason",
    "client_id",
    "grant_id",
    "compared",
    "request_id",
)
"""What a line may be about. Nothing else that is put on a record is written."""

request_id: ContextVar[str | None] = ContextVar("oauthprov_request_id", default=None)
"""The id of the request being answered: its answer says the same in ``X-Request-Id``."""

_PLAIN = re.compile(r"[A-Za-z0-9_.:/+@-]+")


class RequestLogger(logging.LoggerAdapter[logging.Logger]):
    """Puts the fields and the request id behind each message, and on the record."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Return the message with fields and request id, as logging asks of an adapter."""
        fields: Mapping[str, object] = kwargs.get("extra") or {}
        written = [f" {name}={_text(fields[name])}" for name in FIELDS if name in fields]
        current = request_id.get()
        if current is not None:
            fields = {**fields, "request_id": current}
            written.append(f" [request {current}]")
        return f"{msg}{''.join(written)}", {**kwargs, "extra": fields}


def logger(name: str) -> RequestLogger:
    """Return the logger of a module of ours."""
    return RequestLogger(logging.getLogger(name))


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON, in ASCII: whatever it quotes is escaped."""
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
    """Write the value of a field: on one line, and without a % that logging would format."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text).replace("%", r"\u0025")

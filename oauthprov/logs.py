"""Log lines that name the request they belong to, and a JSON formatter for production."""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str | None] = ContextVar("oauthprov_request_id", default=None)
"""The id of the request being answered: its answer says the same in ``X-Request-Id``."""


class RequestLogger(logging.LoggerAdapter[logging.Logger]):
    """Puts the request id behind each message, and on the record as ``request_id``."""

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Return the message with the request id, as logging asks of an adapter."""
        current = request_id.get()
        if current is None:
            return msg, kwargs
        extra = {**(kwargs.get("extra") or {}), "request_id": current}
        return f"{msg} [request {current}]", {**kwargs, "extra": extra}


def logger(name: str) -> RequestLogger:
    """Return the logger of a module of ours."""
    return RequestLogger(logging.getLogger(name))


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, request_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        current = getattr(record, "request_id", None) or request_id.get()
        if current is not None:
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

"""Error pages and error responses: the problem, what to do, and the request id of the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pyramid.config import Configurator
from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import HashingBusy
from oauthprov.errors import FetchBusy, SigningKeySealed, StorageError
from oauthprov.messages import N_
from oauthprov.protocol.request.answers import Refusal
from oauthprov.web import i18n
from oauthprov.web.i18n import _

if TYPE_CHECKING:
    from oauthprov.web.request import Request

_RETRY_AFTER = "5"
_BUSY_RETRY_AFTER = 2

log = logs.logger(__name__)

_TITLES = {
    403: _("The form was refused"),
    404: _("Page not found"),
    405: _("Method not allowed"),
    500: _("Something went wrong"),
    503: _("The server is not available"),
}
_ADVICE = _(
    "Go back to the app and start again. If you develop the app, compare the client ID, the "
    "redirect URI and the other parameters that it sends with its registration."
)
_OTHERWISE = _("The request was refused")


class Rejected(Exception):
    """The request is refused. Raised by views; an exception view makes the response.

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


def error_response(
    request: Request,
    error: str,
    description: str,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
    advice: str | None = None,
) -> Response:
    """Return an error as a page, or as JSON at the endpoints (RFC 6749 section 5.2).

    ``advice`` is what the page recommends to the user.
    """
    tools = request.oauthprov
    if tools.kind in ("page", "leaving"):
        value = {
            "title": _TITLES.get(status, _OTHERWISE),
            "status": status,
            "error": error,
            "description": i18n.translated(request, description),
            "advice": advice,
            "request_id": tools.request_id,
            # The layout must not read the session: the error may be that storage failed.
            "person": None,
        }
        response = render_to_response("oauthprov:templates/error.pt", value, request)
    else:
        response = Response(json_body={"error": error, "error_description": description})
    response.status_int = status
    response.headers.update(headers or {})
    return with_retry_after(response)


def with_retry_after(response: Response) -> Response:
    """Return ``response``; a 503 gets a ``Retry-After`` header unless it has one."""
    if response.status_int == 503:
        response.headers.setdefault("Retry-After", _RETRY_AFTER)
    return response


def refusal(request: Request, refused: Refusal) -> Response:
    """Return the page for an error that may not be redirected to a client."""
    advice = _ADVICE if refused.status < 500 else None
    return error_response(
        request, refused.error, refused.description, refused.status, advice=advice
    )


def rejected(context: Rejected, request: Request) -> Response:
    """Return the response to a request that a view refused."""
    log.info("refused: %s", context.description, extra={"error": context.error})
    return error_response(
        request, context.error, context.description, context.status, context.headers
    )


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


_tracebacks = Tracebacks(1.0)


def storage_failed(context: StorageError, request: Request) -> Response:
    """Return 503 if storage failed: the request may not have been carried out."""
    log.error("the storage failed: %s", context, exc_info=_tracebacks.of(context))
    return error_response(
        request,
        "temporarily_unavailable",
        N_("The server has no access to its data. Try again in a moment."),
        503,
    )


def fetching_busy(context: FetchBusy, request: Request) -> Response:
    """Return 503 if too many fetches of clients' URLs are running."""
    log.warning("a client's document can't be fetched now: %s", context)
    return error_response(
        request,
        "temporarily_unavailable",
        N_("The server is too busy. Try again in a moment."),
        503,
    )


def hashing_busy(context: HashingBusy, request: Request) -> Response:
    """Return 503 to a sign-in when too many passwords are being hashed."""
    log.warning("a sign-in got 503: too many passwords are being hashed")
    return error_response(
        request,
        "temporarily_unavailable",
        N_("Many people are signing in right now. Go back and try again in a few seconds."),
        503,
        {"Retry-After": str(_BUSY_RETRY_AFTER)},
    )


def cannot_sign(context: SigningKeySealed, request: Request) -> Response:
    """Return 500 if no signing key is usable: retrying won't help. The log has the remedy."""
    return error_response(request, "server_error", str(context.description), context.status_code)


def includeme(config: Configurator) -> None:
    """Add exception views for our own exceptions only: all others belong to the host."""
    for context, view in (
        (Rejected, rejected),
        (StorageError, storage_failed),
        (HashingBusy, hashing_busy),
        (FetchBusy, fetching_busy),
        (SigningKeySealed, cannot_sign),
    ):
        config.add_exception_view(view, context=context, oauthprov="error")

"""The error pages."""

from __future__ import annotations

import logging
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFToken
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from oauthprov.demo.errors import NotConnected, ProviderUnavailable, ResponseRefused
from oauthprov.demo.notices import Notice, notice_of

log = logging.getLogger(__name__)


def includeme(config: Configurator) -> None:
    """Add the exception views."""
    for context, view in (
        (ResponseRefused, response_refused),
        (ProviderUnavailable, provider_unavailable),
        (BadCSRFToken, form_outdated),
        (HTTPNotFound, not_found),
    ):
        config.add_exception_view(
            view, context=context, renderer="oauthprov.demo:templates/failure.pt"
        )
    config.add_exception_view(not_connected, context=NotConnected)


def response_refused(refused: ResponseRefused, request: Request) -> dict[str, Any]:
    """Refuse an authorization response, without showing any text of it."""
    log.warning("Authorization response refused: %s", refused)
    return _failure(
        request,
        400,
        Notice(
            "This response was refused",
            "Nothing was shared. Start again from the start page of the demo, in this browser.",
            description=str(refused),
            failed=True,
        ),
    )


def provider_unavailable(failure: ProviderUnavailable, request: Request) -> dict[str, Any]:
    """Report that the provider is unavailable."""
    log.warning("Provider unavailable: %s", failure)
    return _failure(request, 502, notice_of(failure))


def form_outdated(failure: BadCSRFToken, request: Request) -> dict[str, Any]:
    """Refuse a form without this browser's CSRF token."""
    advice = "Nothing was done. Go back to the start page and press the button again."
    return _failure(request, 403, Notice("This form is out of date", advice, failed=True))


def not_found(failure: HTTPNotFound, request: Request) -> dict[str, Any]:
    """Report that there is no such page."""
    return _failure(request, 404, Notice("There is no such page", failed=True))


def not_connected(failure: NotConnected, request: Request) -> Response:
    """Redirect a browser without tokens to the home page."""
    return HTTPSeeOther(request.route_path("home"))


def _failure(request: Request, status: int, notice: Notice) -> dict[str, Any]:
    request.response.status_int = status
    return {"settings": request.provider.settings, "notice": notice}

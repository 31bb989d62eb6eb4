"""The view option ``oauth_cors`` of an app without the provider's clients (Fetch, section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response

from oauthprov.protected_resource.cross_origin import EVERY_ORIGIN
from oauthprov.resource import ViewInfo, add_oauth_preflight

ANY = "any"


class Request(Protocol):
    """What is used of a Pyramid request."""

    def add_response_callback(self, callback: Callable[[Any, Response], None]) -> None:
        """Call ``callback`` with the request and its response."""


View = Callable[[object, Request], Response]


def cors_view(view: View, info: ViewInfo) -> View:
    """Derive a view whose responses browser apps of every origin may read, including errors.

    That shares nothing with a page that has no token: cookies are never allowed.
    """
    policy = info.options.get("oauth_cors")
    if policy is None:
        return view
    if policy != ANY:
        raise ConfigurationError(
            "oauth_cors must be 'any': this app doesn't know the origins of clients"
        )

    def shared(context: object, request: Request) -> Response:
        # A callback, since the response to an error comes from an exception view.
        request.add_response_callback(_share)
        return view(context, request)

    return shared


cors_view.options = ("oauth_cors",)  # type: ignore[attr-defined]


def _share(request: object, response: Response) -> None:
    response.headers.update(EVERY_ORIGIN)


def includeme(config: Configurator) -> None:
    """Add the view deriver and the directive."""
    config.add_directive("add_oauth_preflight", add_oauth_preflight, action_wrap=True)
    config.add_view_deriver(cors_view, "oauth_cors")

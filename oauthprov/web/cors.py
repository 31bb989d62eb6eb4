"""Cross-origin requests from browser apps: the view option ``oauth_cors`` (Fetch, section 3.2).

The option says which origins may read the response: ``any``, ``client`` or ``bearer``, which
:mod:`oauthprov.web.http.cross_origin` explains.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response

from oauthprov.resource import add_oauth_preflight
from oauthprov.web.http.cross_origin import POLICIES, Policy
from oauthprov.web.request import Request, ViewInfo

View = Callable[[object, Request], Response]


def cors_view(view: View, info: ViewInfo) -> View:
    """Derive a view that adds the CORS headers to its responses, including errors."""
    policy = info.options.get("oauth_cors")
    if policy is None:
        return view
    if policy not in POLICIES:
        raise ConfigurationError(f"oauth_cors must be one of {', '.join(POLICIES)}")
    share = partial(_share, POLICIES[policy])

    def shared(context: object, request: Request) -> Response:
        # A callback, since the response to an error comes from an exception view.
        request.add_response_callback(share)
        return view(context, request)

    return shared


cors_view.options = ("oauth_cors",)  # type: ignore[attr-defined]


def _share(policy: Policy, request: Request, response: Response) -> None:
    headers = dict(policy(request.oauthprov.exchange, response.status_int))
    if vary := headers.pop("Vary", None):
        response.vary = (*(response.vary or ()), vary)
    response.headers.update(headers)


def includeme(config: Configurator) -> None:
    """Add the view deriver and the directive."""
    config.add_directive("add_oauth_preflight", add_oauth_preflight, action_wrap=True)
    config.add_view_deriver(cors_view, "oauth_cors", under="oauthprov")

"""A sample resource: the account that an access token acts for."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.resource import bearer
from oauthprov.web.request import Request

SCOPE = "profile:read"


def me(request: Request) -> Response:
    """Return ``sub``, as this client receives it, and ``name`` for a user."""
    known = bearer(request)
    assert known is not None  # noqa: S101 - oauth_scopes lets nobody else in
    if known.account_id is None:
        return Response(json_body={"sub": known.client_id})
    name = request.oauthprov.site.accounts.name_of(known.account_id, request)
    return Response(json_body={"sub": known.subject, "name": name})


def includeme(config: Configurator) -> None:
    """Add the resource if the scope that it requires is declared."""
    if SCOPE in {scope.name for scope in config.registry["oauthprov.settings"].scopes}:
        config.add_oauth_endpoint("me", "/api/me", get=me, cors="bearer", oauth_scopes=(SCOPE,))

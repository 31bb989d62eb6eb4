"""The sample resource: who the bearer of a token acts for."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.web.request import Request
from oauthprov.web.resource import bearer

SCOPE = "profile:read"


def me(request: Request) -> Response:
    """Return ``sub``, as the client knows it, and, for a person, ``name``."""
    known = bearer(request)
    assert known is not None  # noqa: S101 - oauth_scopes lets nobody else in
    if known.account_id is None:
        return Response(json_body={"sub": known.client_id})
    name = request.oauthprov.site.accounts.name_of(known.account_id, request)
    return Response(json_body={"sub": known.subject, "name": name})


def includeme(config: Configurator) -> None:
    """Add the resource where the scope that it asks for is declared."""
    if SCOPE in {scope.name for scope in config.registry["oauthprov.settings"].scopes}:
        config.add_oauth_endpoint("me", "/api/me", get=me, cors="bearer", oauth_scopes=(SCOPE,))

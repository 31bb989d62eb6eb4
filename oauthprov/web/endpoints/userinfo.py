"""The UserInfo endpoint (OpenID Connect Core section 5.3)."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.settings import OPENID
from oauthprov.web.request import Request
from oauthprov.web.resource import bearer, insufficient

_SCOPES = (OPENID,)


def userinfo(request: Request) -> Response:
    """Return the claims, as JSON or as a signed JWT."""
    known = bearer(request)
    assert known is not None  # noqa: S101 - oauth_scopes lets nobody else in
    said = request.oauthprov.provider.userinfo(known, request)
    if said is None:
        return insufficient(request, _SCOPES)
    if isinstance(said, str):
        return Response(said.encode("ascii"), content_type="application/jwt", charset=None)
    return Response(json_body=said)


def includeme(config: Configurator) -> None:
    """Add the endpoint where OpenID Connect is on."""
    if not config.registry["oauthprov.settings"].openid:
        return
    config.add_oauth_endpoint(
        "userinfo",
        "/oauth/userinfo",
        get=userinfo,
        post=userinfo,
        cors="bearer",
        oauth_scopes=_SCOPES,
        oauth_token_in_form=True,
    )
    config.add_oauth_metadata(userinfo_endpoint="oauthprov.userinfo")

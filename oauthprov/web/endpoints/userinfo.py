"""The UserInfo endpoint (OpenID Connect Core section 5.3)."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.protected_resource.requirements import SCOPES
from oauthprov.protected_resource.tokens import INSUFFICIENT, TokenProblem
from oauthprov.settings import OPENID
from oauthprov.web.http import bearer
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, in_json, with_body

_REQUIRED = {SCOPES.option: (OPENID,)}


def userinfo(exchange: Exchange) -> Reply:
    """Return the claims, as JSON or as a signed JWT."""
    exchange.token_in_form = True
    token = bearer.token_at(exchange, urls=exchange.site.urls("userinfo"))
    found = bearer.accepted(exchange, token, _REQUIRED)
    if isinstance(found, TokenProblem):
        return bearer.refusal(exchange, found, _REQUIRED)
    said = exchange.site.provider.userinfo(found, exchange.host_request)
    if said is None:
        return bearer.refusal(exchange, INSUFFICIENT, _REQUIRED)
    if isinstance(said, str):
        reply = with_body(said.encode("ascii"), "application/jwt")
    else:
        reply = in_json(said)
    reply.headers |= bearer.nonce_header(exchange)
    return reply


def includeme(config: Configurator) -> None:
    """Add the endpoint where OpenID Connect is on."""
    if not config.registry["oauthprov.settings"].openid:
        return
    config.add_oauth_handler(
        "userinfo", "/oauth/userinfo", get=userinfo, post=userinfo, cors="bearer"
    )
    config.add_oauth_metadata(userinfo_endpoint="oauthprov.userinfo")

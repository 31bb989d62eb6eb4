"""The claims that an access token lets a client read (OpenID Connect Core section 5.3)."""

from __future__ import annotations

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.request import claims
from oauthprov.protocol.request.claims import ClaimsRequest
from oauthprov.protocol.request.context import Context


def userinfo(context: Context, bearing: TokenInfo) -> dict[str, object] | str | None:
    """Return the claims for the token; None for a token without an account.

    They come as a JWT if the client registered for one (section 5.3.2). The account is read only
    if the token covers any of its claims.
    """
    client = context.find_client(bearing.client_id)
    if bearing.account_id is None or client is None:
        return None
    said = _said(context, bearing, bearing.account_id)
    alg = signed_responses.userinfo_alg(context.settings, client)
    if alg is None:
        return said
    said |= {"iss": context.settings.issuer, "aud": client.client_id}
    # Without a type and an expiry it can't pass for an ID token, least of all as id_token_hint.
    return context.sign(said, typ=None, alg=alg)


def _said(context: Context, bearing: TokenInfo, account_id: str) -> dict[str, object]:
    asked = ClaimsRequest.load(bearing.claims).userinfo
    said: dict[str, object] = {}
    if claims.of_account(asked, bearing.scopes):
        known = context.claims_of(account_id)
        said = claims.selected(known, bearing.scopes, asked)
    return said | {"sub": bearing.subject}

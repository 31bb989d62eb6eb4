"""What an access token lets a client know of a person (OpenID Connect Core section 5.3)."""

from __future__ import annotations

from oauthprov.protocol import claims
from oauthprov.protocol.answers import Bearing
from oauthprov.protocol.claims import ClaimsRequest
from oauthprov.protocol.context import Context, required


def userinfo(context: Context, bearing: Bearing) -> dict[str, object] | None:
    """Return the claims that the token stands for; None when it stands for no person.

    The account is read only if there is something to say of it.
    """
    if bearing.account_id is None:
        return None
    asked = ClaimsRequest.load(bearing.claims).userinfo
    said: dict[str, object] = {}
    if claims.of_account(asked, bearing.scopes):
        known = required(context.openid).accounts.claims(bearing.account_id)
        said = claims.told(known, bearing.scopes, asked)
    return said | {"sub": bearing.account_id}

"""ID tokens: who signed in, when and how, for one client (OpenID Connect Core section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthprov.credentials import digest
from oauthprov.errors import JoseError
from oauthprov.protocol.clients import signed_responses, subjects
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS
from oauthprov.protocol.request import claims
from oauthprov.protocol.request.claims import ClaimsRequest
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client, Grant
from oauthprov.settings import OPENID

TYPE = "JWT"
CLAIMS = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")
"""Every claim that an ID token may make about a sign-in, for the metadata."""


def with_id_token(
    context: Context,
    client: Client,
    grant: Grant,
    scopes: tuple[str, ...],
    response: dict[str, object],
    nonce: str | None = None,
) -> dict[str, object]:
    """Return a token response, with an ID token if ``scopes`` contain ``openid``.

    A refresh has no ``nonce`` (section 12.2); the rest is as in the first ID token. The claims of
    ``scopes`` are for UserInfo (section 5.4), unless the client has them in its ID tokens too.
    Storage is read only for claims of the account. Raises StorageError.
    """
    if context.openid is None or OPENID not in scopes:
        return response
    access_token = str(response["access_token"])
    said = scopes if client.id_token_claims else ()
    return response | {
        "id_token": signed(
            context, client, grant, nonce=nonce, access_token=access_token, scopes=said
        )
    }


def signed(
    context: Context,
    client: Client,
    grant: Grant,
    *,
    nonce: str | None = None,
    access_token: str | None = None,
    scopes: tuple[str, ...] = (),
) -> str:
    """Return an ID token to go with ``access_token``, with the claims of ``scopes``."""
    alg = signed_responses.id_token_alg(context.settings, client)
    made = _claims(context, client, grant, scopes)
    if access_token is not None:
        made["at_hash"] = jose.half_hash(alg, access_token)
    if nonce is not None:
        made["nonce"] = nonce
    return context.sign(made, typ=TYPE, alg=alg)


def hinted(context: Context, id_token_hint: str) -> Mapping[str, Any]:
    """Return the claims of an ID token of ours, which may have expired. Raises JoseError.

    Core section 3.1.2.1, RP-Initiated Logout section 2.
    """
    keys = context.signing_keys
    claims = keys.verify(id_token_hint, algorithms=ALGORITHMS, types=(TYPE,), now=None).claims
    if claims.get("iss") != context.settings.issuer:
        raise JoseError("the token is of another issuer")
    return claims


def sid(session: str, client_id: str) -> str:
    """Return the ``sid`` of a session (``SignedIn.sid``) for a client: another for each client."""
    return digest(f"sid {session} {client_id}")


def authentication(grant: Grant) -> dict[str, object]:
    """Return ``auth_time``, ``acr`` and ``amr`` of the sign-in, as far as they are known."""
    known = {"auth_time": grant.auth_time, "acr": grant.acr, "amr": list(grant.amr) or None}
    return {name: value for name, value in known.items() if value is not None}


def _claims(
    context: Context, client: Client, grant: Grant, scopes: tuple[str, ...]
) -> dict[str, object]:
    asked = ClaimsRequest.load(grant.claims).id_token
    made: dict[str, object] = {}
    if claims.of_account(asked, scopes):
        known = context.claims_of(grant.account_id)
        made |= claims.selected(known, scopes, asked)
    made |= {
        "iss": context.settings.issuer,
        "sub": subjects.subject(context.settings, client, grant.account_id),
        "aud": grant.client_id,
        "iat": context.now,
        "exp": context.now + context.settings.id_token_lifetime,
    }
    made |= authentication(grant)
    if grant.sid is not None:
        made["sid"] = grant.sid
    return made

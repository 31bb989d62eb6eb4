"""Signed introspection responses (RFC 9701): a resource server can prove what it was told.

No such response passes for an access token or an ID token: it has a type of its own, and has
neither ``sub`` nor ``exp`` beside the object with the members of the token (section 5).
"""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.request.answers import SignedBody
from oauthprov.protocol.request.context import Context

TYPE = "token-introspection+jwt"
MEDIA_TYPE = f"application/{TYPE}"


def signed(context: Context, members: Mapping[str, object]) -> SignedBody:
    """Return an introspection response as a JWT for the client that asks.

    ``members`` are those of the plain response, ``{"active": False}`` included. Raises
    StorageError, SigningKeySealed.
    """
    asker = context.known_client
    claims = {
        "iss": context.settings.issuer,
        "aud": asker.client_id,
        "iat": context.now,
        "token_introspection": members,
    }
    alg = signed_responses.introspection_alg(context.settings, asker)
    return SignedBody(context.sign(claims, typ=TYPE, alg=alg), MEDIA_TYPE)

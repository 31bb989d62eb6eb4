"""Authorization responses as JWTs (JWT Secured Authorization Response Mode for OAuth 2.0, JARM).

A client that verifies one knows that this server sent it, to this client, not long ago, and that
nobody has changed it on its way through the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import ResponseMode
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs
from oauthprov.records import Client

MODES: Mapping[str, ResponseMode | None] = {
    "jwt": None,
    "query.jwt": "query",
    "fragment.jwt": "fragment",
    "form_post.jwt": "form_post",
}
"""The values of ``response_mode`` and where the JWT goes (section 2.3).

None is the default of the response type.
"""
LIFETIME = 300
"""Seconds until a response expires; section 2.1 recommends ten minutes at most."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes the JWT of a response to one request of a client."""

    issuer: str
    client_id: str
    expires_at: int
    key: PrivateKey = field(repr=False)

    def __call__(self, params: Pairs) -> str:
        """Return the parameters of a response, ``state`` and errors too, as a JWT (section 2.1).

        It has no ``typ``, ``iat`` or ``sub``: ``id_token_hint`` and clients don't take it for an
        ID token.
        """
        claims = dict(params) | {
            "iss": self.issuer,
            "aud": self.client_id,
            "exp": self.expires_at,
        }
        return jose.sign(claims, self.key, typ=None)


def signer(context: Context, client: Client) -> Signer:
    """Return what signs the responses to a client's request.

    The key is looked up before the request is granted, so that no code or token is issued that
    can't be sent. Raises StorageError, SigningKeySealed.
    """
    alg = signed_responses.authorization_alg(context.settings, client)
    expires_at = context.now + LIFETIME
    return Signer(context.settings.issuer, client.client_id, expires_at, context.signer(alg))

"""Token revocation (RFC 7009)."""

from __future__ import annotations

from contextlib import suppress

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from oauthprov.events import GrantRevoked, Reason, TokenRevoked
from oauthprov.protocol.request import refusals
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.token import tokens
from oauthprov.records import AccessToken, Client
from oauthprov.storage.interface import Conflict, Revoke


def revoke(context: Context, client: Client, raw: str) -> None:
    """Revoke a token, if ``raw`` is one; the hint isn't needed, since its form tells the kind.

    Revoking a refresh token, even a rotated one, also revokes its grant and every access token of
    the grant (section 2.1). An access token is revoked alone. Raises InvalidGrantError for another
    client's token, which stays valid (section 2.1: the request is refused and the client is
    informed).
    """
    stored = tokens.find(context, raw)
    if stored is None:
        return
    token = stored.record
    if token.client_id != client.client_id:
        compared = refusals.issued_to(token.client_id)
        context.note(Reason.TOKEN_OF_ANOTHER_CLIENT, grant_id=token.grant_id, compared=compared)
        raise InvalidGrantError("The token was issued to another client.")
    if not isinstance(token, AccessToken):
        context.commit(
            Revoke(token.grant_id),
            event=GrantRevoked(
                account_id=stored.grant.record.account_id if stored.grant else None,
                client_id=client.client_id,
                grant_id=token.grant_id,
                how="client",
            ),
        )
        return
    if stored.state(context.now) == "live":
        with suppress(Conflict):  # Another request has just revoked it.
            revoked = TokenRevoked(client_id=client.client_id, grant_id=token.grant_id)
            context.commit(tokens.revocation(context, raw, token), event=revoked)

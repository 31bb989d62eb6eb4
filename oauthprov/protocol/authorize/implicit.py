"""ID tokens directly from the authorization endpoint (OpenID Connect Core section 3.2).

Off by default: ``oauthprov.openid.implicit`` is for certification. An access token in such a
response passes through the browser's history, and its recipient isn't authenticated.
"""

from __future__ import annotations

from oauthlib.openid.connect.core.exceptions import LoginRequired

from oauthprov import credentials
from oauthprov.accounts import SignedIn
from oauthprov.events import GrantRevoked, Reason
from oauthprov.protocol.clients.response_types import IMPLICIT
from oauthprov.protocol.request import resources
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs
from oauthprov.protocol.request.waiting import WaitingRequest
from oauthprov.protocol.token import ended, id_tokens, tokens
from oauthprov.records import Grant
from oauthprov.storage.interface import Add, Change, Revoke


def issue(
    context: Context,
    request: WaitingRequest,
    person: SignedIn,
    *changes: Change,
    consent_epoch: int,
) -> Pairs:
    """Store a grant, and an access token if one is requested; return the parameters.

    ``changes`` go before them in the same commit. Without an access token the client can't use
    UserInfo, so the ID token holds the claims of the scopes (section 5.4). Raises Conflict, and
    LoginRequired when the session has ended in the meantime.
    """
    grant = _grant(context, request, person, consent_epoch)
    client, asked, nonce = request.client, request.checked, request.checked.nonce
    scopes, targets = request.scopes, request.resources
    if "token" in asked.response_type:
        made = tokens.issue(context, client, grant, IMPLICIT, scopes, targets, nonce=nonce)
    else:
        signed = id_tokens.signed(context, client, grant, nonce=nonce, scopes=scopes)
        made = tokens.Issued(
            {"id_token": signed}, (), tokens.issued(client, grant, IMPLICIT, scopes)
        )
    context.commit(*changes, Add(grant), *made.changes, event=made.event)
    # No later redemption checks for an end. A sweep finds the grant from now on; this check
    # covers what ended before.
    over = ended.what_ended(context, grant)
    if over is not None:
        _revoke(context, grant, over)
        raise LoginRequired()
    return tuple((name, str(value)) for name, value in made.response.items())


def _revoke(context: Context, grant: Grant, over: str) -> None:
    revoked = GrantRevoked(
        account_id=grant.account_id,
        client_id=grant.client_id,
        grant_id=grant.grant_id,
        how="ended",
    )
    context.commit(Revoke(grant.grant_id), event=revoked)
    context.note(Reason.ENDED, grant_id=grant.grant_id, compared=f"what ended: {over}")


def _grant(
    context: Context, request: WaitingRequest, person: SignedIn, consent_epoch: int
) -> Grant:
    client, sid, ends_at = request.client, person.sid, person.session_ends_at
    lifetime = resources.token_lifetime(context.settings, request.resources)
    return Grant(
        grant_id=credentials.mint_id(),
        client_id=client.client_id,
        account_id=person.account_id,
        scopes=request.scopes,
        resources=request.resources,
        created_at=context.now,
        last_used_at=context.now,
        expires_at=ended.grant_ends_at(context, client, request.scopes, ends_at, lifetime),
        session_key=ended.session_key(person.account_id, sid) if sid else None,
        auth_time=person.auth_time,
        amr=person.amr,
        acr=person.acr,
        claims=request.checked.claims.dump(),
        sid=id_tokens.sid(sid, client.client_id) if sid else None,
        account_epoch=person.epoch,
        consent_epoch=consent_epoch,
    )

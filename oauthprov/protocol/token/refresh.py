"""Refresh tokens rotate; a lost response is sent again, a replay revokes (RFC 9700 4.14.2).

Under a FAPI 2.0 profile they don't (Security Profile 5.3.2.1): every client authenticates by a
key, so that a stolen refresh token is worth nothing without it, and rotation would only lock out
who loses a response. The token stays the same, and its end moves on as it is used.
"""

from __future__ import annotations

from dataclasses import replace

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from oauthprov import credentials, serial
from oauthprov.events import Event, Reason
from oauthprov.protocol.clients.grant_types import REFRESH_TOKEN
from oauthprov.protocol.request import refusals, resources, scopes
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Refreshing
from oauthprov.protocol.token import ended, last_use, possession, tokens
from oauthprov.records import Client, Grant, Receipt, RefreshToken
from oauthprov.settings import OFFLINE_ACCESS, OPENID
from oauthprov.storage.interface import Add, Change, Claim, Conflict, Replace, State, Stored

LAST_USED_STEP = 3600
"""Seconds for which a grant's ``last_used_at`` isn't written again."""

_RECEIPT = "receipt"
_PROLONGED_BY = 3600
"""Seconds by which the end of a kept refresh token moves on at least, if its lifetime allows."""


def present(context: Context, client: Client, raw: str, request: Request) -> bool:
    """Load a refresh token that a client presents; tell whether it is good.

    While its receipt lasts, a rotated token is good for the same response that its rotation gave.
    After that its use is a replay, and its grant is revoked. A live token of another client is
    refused and stays valid, as is a bound token, used or not, without a proof of its key. Raises
    InvalidDPoPProofError, InvalidGrantError, InvalidRequestError.
    """
    bearer = context.bearer(raw)
    if bearer is None or bearer.kind != credentials.REFRESH_TOKEN:
        context.note(Reason.REFRESH_TOKEN_UNKNOWN)
        return False
    stored = context.load(RefreshToken, bearer.key)
    if stored is None:
        context.note(Reason.REFRESH_TOKEN_UNKNOWN, grant_id=bearer.slot)
        return False
    state, repeated = stored.state(context.now), None
    if stored.grant is not None:  # whatever is noted from here on names its account
        context.operation = Refreshing(stored, stored.grant)
    if stored.record.client_id == client.client_id:
        possession.check(context, stored.record)
    if state == "claimed":
        repeated = _again(context, client, stored.record, raw)
    elif state != "live":
        _note_dead(context, stored.record, state)
        return False
    elif stored.record.client_id != client.client_id:
        compared = refusals.issued_to(stored.record.client_id)
        context.note(
            Reason.REFRESH_TOKEN_OF_ANOTHER_CLIENT, grant_id=bearer.slot, compared=compared
        )
        return False
    if stored.grant is None:  # a missing grant counts as revoked, so this is unreachable
        return False
    targets = resources.narrowed(context, request, stored.record.resources)
    context.operation = Refreshing(stored, stored.grant, targets, repeated)
    request.user = stored.grant.record.account_id
    return True


def original_scopes(context: Context, client: Client, refreshing: Refreshing) -> list[str]:
    """Return the scopes of the presented token that its client may still have."""
    still = scopes.allowed(context.settings, client)
    return list(scopes.only(refreshing.token.record.scopes, still))


def leave_out_dropped(context: Context, refreshing: Refreshing, request: Request) -> None:
    """Leave the scopes that an authorization request isn't granted out of a refresh.

    Clients repeat the scope of their authorization request, of which the server drops
    ``offline_access`` without a consent page, and scopes that don't apply at the resources. In a
    refresh they are ignored; any other scope that exceeds the grant is refused. The response names
    the remaining scopes (RFC 6749 section 3.3). Raises InvalidScopeError.
    """
    token, client = refreshing.token.record, context.known_client
    asked = request.scopes or []
    original = original_scopes(context, client, refreshing)
    dropped = set(resources.inapplicable(context.settings, token.resources))
    if OPENID in token.scopes:
        dropped.add(OFFLINE_ACCESS)
    dropped &= scopes.allowed(context.settings, client)
    request.scopes = [scope for scope in asked if scope in original]
    beyond = set(asked) - dropped if request.scopes else set(asked)
    beyond -= set(original)
    if beyond:
        names = scopes.named(scope for scope in asked if scope in beyond)
        sentence = f"The refresh token was not granted the scope {names}."
        raise scopes.refused(context, asked, sentence)


def use(context: Context, client: Client, request: Request) -> tokens.Response:
    """Issue tokens for the presented refresh token; return the response.

    The token is kept under a FAPI 2.0 profile, else it rotates. Raises InvalidGrantError.
    """
    if context.settings.fapi and context.doing(Refreshing).repeated is None:
        return keep(context, client, request)
    return rotate(context, client, request)


def keep(context: Context, client: Client, request: Request) -> tokens.Response:
    """Store a new access token beside the presented refresh token; return the response.

    Nothing is used up, so any number of requests may do the same at once. A grant that is revoked
    meanwhile revokes the access token too. Raises InvalidGrantError when the account, consent or
    session behind the grant has ended.
    """
    refreshing, raw = context.doing(Refreshing), str(request.refresh_token)
    grant = refreshing.grant.record
    _check_not_ended(context, grant)
    granted, targets = tuple(request.scopes or ()), refreshing.resources
    made = tokens.issue(context, client, grant, REFRESH_TOKEN, granted, targets)
    prolonged = _prolonged(context, refreshing.token, grant)
    try:
        _commit(context, [*made.changes, *prolonged], refreshing.grant, made.event)
    except Conflict as lost:
        if lost.change not in prolonged:
            raise
        # Another request has prolonged it.
        _commit(context, list(made.changes), refreshing.grant, made.event)
    return made.response | {"refresh_token": raw}


def _prolonged(context: Context, token: Stored[RefreshToken], grant: Grant) -> tuple[Replace, ...]:
    """Return the change that moves the token's end on as a successor's would be, if it is due."""
    lifetime = context.settings.refresh_token_lifetime
    ends_at = min(context.now + lifetime, grant.expires_at)
    if ends_at - token.record.expires_at < min(_PROLONGED_BY, lifetime // 10 or 1):
        return ()
    return (Replace(replace(token.record, expires_at=ends_at), expecting=token),)


def rotate(context: Context, client: Client, request: Request) -> tokens.Response:
    """Use the presented token up, store its successor, and return the response.

    Of two requests that race, the loser gets the winner's response; without a receipt the grant is
    revoked and InvalidGrantError raised. InvalidGrantError is also raised when the account,
    consent or session behind the grant has ended, even if the grant isn't revoked yet.
    """
    refreshing, raw = context.doing(Refreshing), str(request.refresh_token)
    stored, grant = refreshing.token, refreshing.grant.record
    _check_not_ended(context, grant)
    if refreshing.repeated is not None:
        possession.bind(context, client)
        context.note(Reason.RECEIPT_USED)
        return refreshing.repeated
    granted, targets = tuple(request.scopes or ()), refreshing.resources
    made = tokens.issue(context, client, grant, REFRESH_TOKEN, granted, targets, refreshable=True)
    changes: list[Change] = [Claim(RefreshToken, stored.record.key), *made.changes]
    if made.refresh_token is not None and context.settings.refresh_token_grace:
        receipt = _receipt(context, stored.record, made.refresh_token, raw, made.response)
        changes.append(Add(receipt))
    try:
        _commit(context, changes, refreshing.grant, made.event)
    except Conflict as lost:
        if lost.state == "claimed":
            repeated = _again(context, client, stored.record, raw)
            context.note(Reason.RECEIPT_USED)
            return repeated
        _note_dead(context, stored.record, lost.state)
        raise InvalidGrantError() from None
    return made.response


def _check_not_ended(context: Context, grant: Grant) -> None:
    over = ended.what_ended(context, grant)
    if over is not None:
        context.note(Reason.ENDED, compared=f"what ended: {over}")
        raise InvalidGrantError()


def _commit(context: Context, changes: list[Change], grant: Stored[Grant], event: Event) -> None:
    client_id = grant.record.client_id
    if context.now - grant.record.last_used_at < LAST_USED_STEP:
        last_use.commit(context, client_id, *changes, event=event)
        return
    used = Replace(replace(grant.record, last_used_at=context.now), expecting=grant)
    try:
        last_use.commit(context, client_id, *changes, used, event=event)
    except Conflict as lost:
        if not isinstance(lost.change, Replace):
            raise
        # Nothing was written, and the last use isn't worth failing for.
        last_use.commit(context, client_id, *changes, event=event)


def _receipt(
    context: Context,
    presented: RefreshToken,
    successor: RefreshToken,
    raw: str,
    response: tokens.Response,
) -> Receipt:
    key = _receipt_key(context, raw)
    return Receipt(
        key=presented.key,
        grant_id=presented.grant_id,
        client_id=presented.client_id,
        successor=successor.key,
        sealed=credentials.seal(key, serial.dumps(response)),
        expires_at=context.now + context.settings.refresh_token_grace,
    )


def _receipt_key(context: Context, raw: str) -> bytes:
    """Return the key of a receipt: only the token with the same proof of possession opens it."""
    bound = possession.confirmation(context, context.known_client)
    return credentials.key_from(raw, _RECEIPT if bound is None else f"{_RECEIPT} {bound}")


def _again(context: Context, client: Client, presented: RefreshToken, raw: str) -> tokens.Response:
    """Return the response of the rotation of ``raw``, or revoke its grant and raise."""
    response = _opened(context, client, presented, raw)
    if isinstance(response, str):
        grant_id = presented.grant_id
        tokens.revoke_replayed(context, grant_id, Reason.REFRESH_TOKEN_REPLAYED, response)
        raise InvalidGrantError()
    return response


def _opened(
    context: Context, client: Client, presented: RefreshToken, raw: str
) -> tokens.Response | str:
    """Return the response of the rotation of ``raw``, or why it can't be sent again.

    Raises InvalidGrantError if the rotation was for another key: nobody has got anything new.
    """
    receipt = context.storage.get(Receipt, presented.key)
    if receipt is None or receipt.state(context.now) != "live":
        return "the receipt is gone"
    if receipt.record.client_id != client.client_id:
        return refusals.issued_to(presented.client_id)
    successor = context.storage.get(RefreshToken, receipt.record.successor)
    if successor is None or successor.state(context.now) != "live":
        return "its successor has been used"
    opened = credentials.open_sealed(_receipt_key(context, raw), receipt.record.sealed)
    if opened is None:
        # Its tokens are bound to another key, such as that of the client's other process.
        possession.note_other_key(context, client)
        raise InvalidGrantError()
    response: tokens.Response = serial.loads(opened)
    return response


def _note_dead(context: Context, token: RefreshToken, state: State) -> None:
    if state == "expired":
        compared = refusals.expired(token.expires_at, context.now)
        context.note(Reason.REFRESH_TOKEN_EXPIRED, grant_id=token.grant_id, compared=compared)
    else:
        context.note(Reason.REFRESH_TOKEN_REVOKED, grant_id=token.grant_id)

"""Authorization codes: issued for a person's decision, redeemed once (RFC 6749 section 4.1).

Only a request whose client, redirect URI and verifier are all right uses a code up, and only a
second request of that kind revokes the grant. Someone who merely saw the code, in a log, say, can
neither consume it nor revoke its tokens.
"""

from __future__ import annotations

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, ServerError

from oauthprov import credentials
from oauthprov.accounts import SignedIn
from oauthprov.credentials import Bearer
from oauthprov.protocol.request import events, resources
from oauthprov.protocol.request.context import Context, required
from oauthprov.protocol.request.events import Reason
from oauthprov.protocol.token import ended, id_tokens, last_use, pkce, tokens
from oauthprov.records import AuthorizationCode, Grant, slot
from oauthprov.storage.interface import Add, Change, Claim, Conflict, State


def issue(context: Context, request: Request) -> str:
    """Store a code for a validated authorization request and return it.

    What the context collected is committed before it. Raises Conflict when that loses.
    """
    person = request.__dict__.get("user")
    if not isinstance(person, SignedIn):
        raise ServerError("Nobody is signed in.", request=request)
    bearer = Bearer.mint(credentials.AUTHORIZATION_CODE, credentials.mint_id())
    targets = resources.requested(context.settings, request)
    granted = resources.scopes_for(context.settings, request.scopes or (), targets)
    asked = context.authentication
    record = AuthorizationCode(
        key=bearer.key,
        client_id=str(request.client_id),
        account_id=person.account_id,
        redirect_uri=str(request.redirect_uri),
        code_challenge=pkce.challenge(context, request),
        scopes=granted,
        resources=targets,
        issued_at=context.now,
        expires_at=context.now + context.settings.code_lifetime,
        session_key=ended.session_key(person.account_id, person.sid) if person.sid else None,
        auth_time=person.auth_time,
        amr=person.amr,
        acr=person.acr,
        claims=asked.claims.dump() if asked else None,
        sid=id_tokens.sid(person.sid, str(request.client_id)) if person.sid else None,
        nonce=asked.nonce if asked else None,
        account_epoch=person.epoch,
        consent_epoch=context.consent_epoch,
        session_ends_at=person.session_ends_at,
    )
    last_use.commit(context, record.client_id, *context.changes, Add(record))
    context.issued = bearer.raw
    return bearer.raw


def present(context: Context, raw: str, request: Request) -> bool:
    """Load a code that a client presents; tell whether it may go on.

    One that was used before may, up to :func:`redeem`. Every attribute that oauthlib reads next is
    set, since a parameter of the client would show through an unset one.
    """
    pkce.check_verifier_form(context, request)
    bearer = Bearer.parse(raw)
    if bearer is None or bearer.kind != credentials.AUTHORIZATION_CODE or context.client is None:
        context.note(Reason.CODE_UNKNOWN)
        return False
    stored = context.load(AuthorizationCode, bearer.key)
    if stored is None:
        context.note(Reason.CODE_UNKNOWN, grant_id=bearer.slot)
        return False
    if stored.record.client_id != context.client.client_id:
        compared = events.issued_to(stored.record.client_id)
        context.note(Reason.CODE_OF_ANOTHER_CLIENT, grant_id=bearer.slot, compared=compared)
        return False
    state = stored.state(context.now)
    if state not in ("live", "claimed"):
        _note_dead(context, stored.record, state)
        return False
    context.code = stored
    request.user = stored.record.account_id
    request.scopes = list(stored.record.scopes)
    return True


def confirm(context: Context, redirect_uri: str, request: Request) -> None:
    """Compare the redirect URI with the authorization request's, and narrow the resources.

    It is called once the verifier is right: until then no error may depend on what the code is
    for. Raises InvalidGrantError, InvalidTargetError.
    """
    code = required(context.code).record
    if code.redirect_uri != redirect_uri:
        sent, asked = events.quoted(redirect_uri), events.quoted(code.redirect_uri)
        context.note(Reason.REDIRECT_URI_MISMATCH, compared=f"sent {sent}, asked with {asked}")
        raise InvalidGrantError(request=request)
    context.resources = resources.narrowed(context.settings, request, code.resources)


def redeem(context: Context) -> tokens.Response:
    """Use the presented code up, store its grant and tokens, and return the response.

    Raises InvalidGrantError when it was used before, after revoking its grant, and when what it
    was issued for has ended meanwhile.
    """
    presented = required(context.code)
    code = presented.record
    if presented.state(context.now) == "claimed":
        return _replayed(context, code)
    refreshable = "refresh_token" in required(context.client).grant_types
    grant = _grant(context, code, refreshable)
    over = ended.what_ended(context, code)
    if over is None and grant.expires_at <= context.now:
        over = "the session"
    if over is not None:
        context.note(Reason.ENDED, compared=f"what ended: {over}")
        raise InvalidGrantError()
    access, access_record = tokens.access_token(context, grant, grant.scopes)
    changes: list[Change] = [
        Claim(AuthorizationCode, code.key),
        Add(grant),
        Add(access_record),
    ]
    refresh = None
    if refreshable:
        refresh, refresh_record = tokens.refresh_token(context, grant)
        changes.append(Add(refresh_record))
    made = tokens.response(access, access_record, refresh)
    made = id_tokens.with_id_token(context, grant, grant.scopes, made, code.nonce)
    try:
        context.commit(*changes)
    except Conflict as lost:
        if lost.state == "claimed":
            return _replayed(context, code)
        _note_dead(context, code, lost.state)
        raise InvalidGrantError() from None
    return made


def _replayed(context: Context, code: AuthorizationCode) -> tokens.Response:
    tokens.revoke_replayed(context, slot(code.key), Reason.CODE_REPLAYED)
    raise InvalidGrantError()


def _note_dead(context: Context, code: AuthorizationCode, state: State) -> None:
    if state == "expired":
        compared = events.expired(code.expires_at, context.now)
        context.note(Reason.CODE_EXPIRED, grant_id=slot(code.key), compared=compared)
    else:
        context.note(Reason.CODE_UNKNOWN, grant_id=slot(code.key))


def _grant(context: Context, code: AuthorizationCode, refreshable: bool) -> Grant:
    return Grant(
        grant_id=slot(code.key),
        client_id=code.client_id,
        account_id=code.account_id,
        scopes=code.scopes,
        resources=code.resources,
        created_at=context.now,
        last_used_at=context.now,
        expires_at=ended.grant_ends_at(
            context, code.scopes, code.session_ends_at, refreshable=refreshable
        ),
        session_key=code.session_key,
        auth_time=code.auth_time,
        amr=code.amr,
        acr=code.acr,
        claims=code.claims,
        sid=code.sid,
        account_epoch=code.account_epoch,
        consent_epoch=code.consent_epoch,
    )

"""Authorization codes: issued after a user's decision, redeemed once (RFC 6749 section 4.1).

Only a request with the right client, redirect URI and verifier uses a code up, and only a second
such request revokes the grant. Someone who merely saw the code, in a log, say, can neither consume
it nor revoke its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, ServerError

from oauthprov import credentials
from oauthprov.accounts import SignedIn
from oauthprov.credentials import Bearer
from oauthprov.events import AuthorizationGranted, Reason
from oauthprov.protocol.clients.grant_types import AUTHORIZATION_CODE, REFRESH_TOKEN
from oauthprov.protocol.request import refusals, resources
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.differences import from_expected
from oauthprov.protocol.request.operations import Authorizing, Redeeming
from oauthprov.protocol.token import ended, id_tokens, last_use, pkce, possession, tokens
from oauthprov.records import AuthorizationCode, Client, Grant, slot
from oauthprov.storage.interface import Add, Change, Claim, Conflict, Replace, State


@dataclass(frozen=True, slots=True)
class Authorized:
    """What an authorization request was granted, for which a code is issued.

    ``code_challenge`` is that of S256, empty if the client may omit PKCE. ``claims`` holds the
    claims parameter, as JSON. ``confirmation`` names the key that the code is bound to.
    """

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    code_challenge: str
    claims: str | None = None
    nonce: str | None = None
    confirmation: str | None = None


def issue(
    context: Context,
    authorized: Authorized,
    person: SignedIn,
    *changes: Change,
    consent_epoch: int = 0,
    grant_id: str | None = None,
) -> str:
    """Store a code for the decision of ``person`` and return it.

    ``changes`` go before it in the same commit. Raises Conflict when one of them fails.
    ``grant_id`` is that of its future grant, a new one by default.
    """
    bearer = Bearer.mint(credentials.AUTHORIZATION_CODE, grant_id or credentials.mint_id())
    client_id, sid = authorized.client_id, person.sid
    record = AuthorizationCode(
        key=bearer.key,
        client_id=client_id,
        account_id=person.account_id,
        redirect_uri=authorized.redirect_uri,
        code_challenge=authorized.code_challenge,
        scopes=authorized.scopes,
        resources=authorized.resources,
        issued_at=context.now,
        expires_at=context.now + context.settings.code_lifetime,
        session_key=ended.session_key(person.account_id, sid) if sid else None,
        auth_time=person.auth_time,
        amr=person.amr,
        acr=person.acr,
        claims=authorized.claims,
        sid=id_tokens.sid(sid, client_id) if sid else None,
        nonce=authorized.nonce,
        account_epoch=person.epoch,
        consent_epoch=consent_epoch,
        session_ends_at=person.session_ends_at,
        confirmation=authorized.confirmation,
    )
    event = _granted(record, changes)
    last_use.commit(context, client_id, *changes, Add(record), event=event)
    return bearer.raw


def _granted(code: AuthorizationCode, changes: tuple[Change, ...]) -> AuthorizationGranted:
    asked = any(isinstance(change, (Add, Replace)) for change in changes)  # of the consent
    return AuthorizationGranted(
        account_id=code.account_id,
        client_id=code.client_id,
        grant_id=slot(code.key),
        how="asked" if asked else "remembered",
        scope=code.scopes,
    )


def issue_to(context: Context, request: Request) -> str:
    """Store a code for an authorization request that oauthlib has validated; return the code.

    ``request.user`` is the user who decided. Raises ServerError without one.
    """
    person = request.__dict__.get("user")
    if not isinstance(person, SignedIn):
        raise ServerError("Nobody is signed in.", request=request)
    client, targets = context.known_client, context.doing(Authorizing).resources
    authorized = Authorized(
        client_id=client.client_id,
        redirect_uri=str(request.redirect_uri),
        scopes=resources.scopes_for(context.settings, request.scopes or (), targets),
        resources=targets,
        code_challenge=pkce.challenge(context, client, request),
    )
    return issue(context, authorized, person)


def present(context: Context, client: Client, raw: str, request: Request) -> bool:
    """Load a code that a client presents; tell whether the request may go on.

    A code that was used before passes here, and :func:`redeem` refuses it. Every attribute that
    oauthlib reads next is set, since an unset one would be read from the client's parameters.
    """
    pkce.check_verifier_form(context, client, request)
    bearer = context.bearer(raw)
    if bearer is None or bearer.kind != credentials.AUTHORIZATION_CODE:
        context.note(Reason.CODE_UNKNOWN)
        return False
    stored = context.load(AuthorizationCode, bearer.key)
    if stored is None:
        context.note(Reason.CODE_UNKNOWN, grant_id=bearer.slot)
        return False
    if stored.record.client_id != client.client_id:
        compared = refusals.issued_to(stored.record.client_id)
        context.note(Reason.CODE_OF_ANOTHER_CLIENT, grant_id=bearer.slot, compared=compared)
        return False
    state = stored.state(context.now)
    if state not in ("live", "claimed"):
        _note_dead(context, stored.record, state)
        return False
    context.operation = Redeeming(stored)
    request.user = stored.record.account_id
    request.scopes = list(stored.record.scopes)
    return True


def confirm(context: Context, redeeming: Redeeming, redirect_uri: str, request: Request) -> None:
    """Compare key and redirect URI with the authorization request's, and narrow the resources.

    Call it only after the verifier is checked: until then no error may depend on what the code is
    for. Raises InvalidGrantError, InvalidTargetError.
    """
    code = redeeming.code.record
    if not possession.is_proven(context, code.confirmation):
        raise InvalidGrantError(request=request)
    if code.redirect_uri != redirect_uri:
        asked = from_expected(redirect_uri, [code.redirect_uri], "authorization request had")
        context.refuse(Reason.REDIRECT_URI_MISMATCH, redirect_uri, because=asked)
        raise InvalidGrantError(request=request)
    redeeming.resources = resources.narrowed(context, request, code.resources)


def redeem(context: Context, client: Client, request: Request) -> tokens.Response:
    """Use the presented code up, store its grant and tokens, and return the response.

    Raises InvalidGrantError when the code was used before, after revoking its grant, and when the
    account, consent or session behind it has ended.
    """
    redeeming = context.doing(Redeeming)
    code = redeeming.code.record
    if redeeming.code.state(context.now) == "claimed":
        return _replayed(context, code)
    refreshable = REFRESH_TOKEN in client.grant_types
    targets = redeeming.resources
    lifetime = resources.token_lifetime(context.settings, targets)
    grant = _grant(context, client, code, None if refreshable else lifetime)
    over = ended.what_ended(context, code)
    if over is None and grant.expires_at <= context.now:
        over = "the session"
    if over is not None:
        context.note(Reason.ENDED, compared=f"what ended: {over}")
        raise InvalidGrantError()
    made = tokens.issue(
        context,
        client,
        grant,
        AUTHORIZATION_CODE,
        grant.scopes,
        targets,
        refreshable=refreshable,
        nonce=code.nonce,
    )
    used = Claim(AuthorizationCode, code.key)
    try:
        context.commit(used, Add(grant), *made.changes, event=made.event)
    except Conflict as lost:
        if lost.state == "claimed":
            return _replayed(context, code)
        _note_dead(context, code, lost.state)
        raise InvalidGrantError() from None
    return made.response


def _replayed(context: Context, code: AuthorizationCode) -> tokens.Response:
    first = context.doing(Redeeming).code.claimed_at
    compared = refusals.replayed(context.now if first is None else first, context.now)
    tokens.revoke_replayed(context, slot(code.key), Reason.CODE_REPLAYED, compared)
    raise InvalidGrantError()


def _note_dead(context: Context, code: AuthorizationCode, state: State) -> None:
    if state == "expired":
        compared = refusals.expired(code.expires_at, context.now)
        context.note(Reason.CODE_EXPIRED, grant_id=slot(code.key), compared=compared)
    else:
        context.note(Reason.CODE_UNKNOWN, grant_id=slot(code.key))


def _grant(
    context: Context, client: Client, code: AuthorizationCode, token_lifetime: int | None
) -> Grant:
    return Grant(
        grant_id=slot(code.key),
        client_id=code.client_id,
        account_id=code.account_id,
        scopes=code.scopes,
        resources=code.resources,
        created_at=context.now,
        last_used_at=context.now,
        expires_at=ended.grant_ends_at(
            context, client, code.scopes, code.session_ends_at, token_lifetime
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

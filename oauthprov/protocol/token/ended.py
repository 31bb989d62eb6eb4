"""Whether an authorization has ended since: checked when a code is redeemed, and at a refresh.

Ending is one small commit that leaves a mark: on the account, on the consent, or an
:class:`~oauthprov.records.EndedSession`. Codes and grants are removed and revoked afterwards, in
batches (:mod:`oauthprov.protocol.logout.sweeps`). An authorization that runs at that moment may
add a code that no batch finds; here its mark makes the code invalid.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from oauthprov.credentials import digest
from oauthprov.protocol.request.context import Context
from oauthprov.records import (
    Account,
    AuthorizationCode,
    Client,
    Consent,
    EndedSession,
    Grant,
    Record,
    consent_key,
)
from oauthprov.settings import OFFLINE_ACCESS, OPENID, Settings
from oauthprov.storage.interface import Stored


def session_key(account_id: str, sid: str) -> str:
    """Return the key of the EndedSession that marks a session; ``sid`` is ``SignedIn.sid``.

    It is ``<account id>.<digest>``: the mark shares its slot with the Sweep that is queued with
    it, so a cluster with one node full or failing still writes both or none.
    """
    return f"{account_id}.{digest(f'session {account_id} {sid}')}"


def dies_with_session(settings: Settings, scopes: Collection[str]) -> bool:
    """Tell whether a grant of ``scopes`` ends with the session that it was authorized in.

    A grant without ``openid`` is plain OAuth: it doesn't report a sign-in. A grant with
    ``offline_access`` is meant to outlive the session (OpenID Connect Core section 11), unless
    ``oauthprov.logout.revoke_offline`` is on. Both last until the user withdraws them.
    """
    lasts = OFFLINE_ACCESS in scopes and not settings.logout_revoke_offline
    return OPENID in scopes and not lasts


def grant_ends_at(
    context: Context,
    client: Client,
    scopes: Collection[str],
    session_ends_at: int | None,
    token_lifetime: int | None,
) -> int:
    """Return when a new grant of ``client`` ends at the latest, in epoch seconds.

    A grant that :func:`dies_with_session` ends with the session's absolute lifetime, even if
    nobody signs out, unless ``oauthprov.grant_outlives_session`` is on. A grant without a refresh
    token ends with its access token, after ``token_lifetime``, which is None for other grants; if
    its client receives back-channel logouts it is kept as long as the session, so that the logout
    finds it.
    """
    settings, now = context.settings, context.now
    latest = now + settings.grant_lifetime
    if not settings.grant_outlives_session and dies_with_session(settings, scopes):
        latest = min(latest, session_ends_at or latest)
    if token_lifetime is None:
        return latest
    needed = now + token_lifetime
    if OPENID in scopes and client.backchannel_logout_uri is not None:
        needed = max(needed, session_ends_at or now + settings.session_lifetime)
    return min(latest, needed)


def what_ended(
    context: Context, what: AuthorizationCode | Grant, *, is_new: bool = False
) -> str | None:
    """Return what has ended and so invalidates a code or grant, as text for the log; one read.

    None when nothing has ended. A grant that ``is_new`` isn't stored yet: it is judged like
    a code.
    """
    account, consent, client, session = _marks(context, what)
    if client is not None and client.removed_at is not None:
        return "the client"
    if account.closed if account else context.keeps_accounts:
        return "the account"
    if what.consent_epoch != (consent.epoch if consent else 0):
        return "the consent"
    lasts = isinstance(what, Grant) and not dies_with_session(context.settings, what.scopes)
    if lasts and not is_new:
        return None
    if account is not None and what.account_epoch != account.epoch:
        return "every session of the account"
    over = session is not None and session.state(context.now) == "live"
    return "the session" if over else None


def _marks(
    context: Context, what: AuthorizationCode | Grant
) -> tuple[Account | None, Consent | None, Client | None, Stored[EndedSession] | None]:
    """Return the records that bear the marks; None for each that there isn't.

    A host's accounts have no record, and a built-in account that was removed has none any more.
    """
    pairs: list[tuple[type[Record], str]] = [
        (Account, what.account_id),
        (Consent, consent_key(what.account_id, what.client_id)),
        (Client, what.client_id),
    ]
    if what.session_key is not None:
        pairs.append((EndedSession, what.session_key))
    account, consent, client, *session = context.storage.get_many(pairs)
    return (
        cast("Account", account.record) if account else None,
        cast("Consent", consent.record) if consent else None,
        cast("Client", client.record) if client else None,
        cast("Stored[EndedSession] | None", session[0]) if session else None,
    )

"""The end of a session: who is told of it, and which grants end with it.

The relying parties of a session are its grants with the scope ``openid``. An authorization without
it is OAuth alone: it says nothing of a sign-in, and stays until it is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from oauthprov.errors import StorageError
from oauthprov.protocol import backchannel_logout, id_tokens, subjects
from oauthprov.protocol.context import Context
from oauthprov.protocol.openid import OFFLINE_ACCESS, SCOPE
from oauthprov.records import AuthorizationCode, Digest, Grant, LogoutDelivery, Session
from oauthprov.storage.interface import Add, Change, Conflict, Remove, Revoke

_RACES = 5


def end_session(context: Context, key: Digest) -> bool:
    """End a session of ours and what hangs on it; return whether a client has to be told."""
    stored = context.load(Session, key)
    if stored is None:
        return False
    ended = Remove(Session, key)
    if stored.record.sid is None:
        context.commit(ended)
        return False
    return left(context, stored.record.account_id, stored.record.sid, ended)


def left(context: Context, account_id: str, session: str, *ended: Change) -> bool:
    """End what hangs on a session, which is ``SignedIn.sid``; return whether to tell a client.

    ``ended`` goes into the same commit. Codes of the session are removed. When another request
    queues a delivery meanwhile, this one looks again and leaves that delivery to it. A grant that
    another request makes of a code meanwhile is found by looking a second time. Raises
    StorageError when the looks never end.
    """
    if context.openid is None:
        if ended:
            context.commit(*ended)
        return False
    for _ in range(_RACES):
        with suppress(Conflict):
            return _left(context, account_id, session, ended)
    raise StorageError("a session could not be ended: others change its deliveries")


def _left(context: Context, account_id: str, session: str, ended: tuple[Change, ...]) -> bool:
    grants = _grants(context, account_id, session)
    told = _told(context, grants, ())
    codes = _codes(context, account_id, session)
    # The queue comes first: what is cut short after it can be done again, but not the reverse.
    if changes := [*told, *ended, *codes, *_revoked(context, grants)]:
        context.commit(*changes)
    known = {grant.grant_id for grant in grants}
    late = [g for g in _grants(context, account_id, session) if g.grant_id not in known]
    more = _told(context, late, [add.record.storage_key for add in told])
    if changes := [*more, *_revoked(context, late)]:
        context.commit(*changes)
    return bool(told or more)


def _is_of(record: Grant | AuthorizationCode, session: str) -> bool:
    return SCOPE in record.scopes and record.sid == id_tokens.sid(session, record.client_id)


def _grants(context: Context, account_id: str, session: str) -> list[Grant]:
    every = context.storage.walk(Grant, account_id=account_id)
    return [stored.record for stored in every if _is_of(stored.record, session)]


def _codes(context: Context, account_id: str, session: str) -> list[Change]:
    every = context.storage.walk(AuthorizationCode, account_id=account_id)
    codes = [stored.record for stored in every if _is_of(stored.record, session)]
    return [Remove(AuthorizationCode, code.key) for code in codes]


def _told(context: Context, grants: Iterable[Grant], known: Collection[str]) -> list[Add]:
    """The deliveries for the clients of ``grants``, each under a key of its own, once."""
    deliveries = {}
    for grant in grants:
        client = context.find_client(grant.client_id)
        if client is not None and client.backchannel_logout_uri is not None:
            subject = subjects.subject(context.settings, client, grant.account_id)
            made = backchannel_logout.delivery(context.now, grant, subject)
            deliveries[made.key] = made
    # One that still waits serves as well; to add it twice would keep the session from ending.
    return [
        Add(made)
        for key, made in deliveries.items()
        if key not in known and not _waits(context, key)
    ]


def _waits(context: Context, key: str) -> bool:
    stored = context.storage.get(LogoutDelivery, key)
    return stored is not None and stored.state(context.now) == "live"


def _revoked(context: Context, grants: Iterable[Grant]) -> list[Change]:
    everything = context.settings.logout_revoke_offline
    return [
        Revoke(grant.grant_id)
        for grant in grants
        if everything or OFFLINE_ACCESS not in grant.scopes
    ]

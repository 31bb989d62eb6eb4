"""The end of a session: who is told of it, and which grants end with it.

The relying parties of a session are its grants with the scope ``openid``. An authorization without
it is OAuth alone: it says nothing of a sign-in, and stays until it is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oauthprov.protocol import backchannel_logout
from oauthprov.protocol.context import Context
from oauthprov.protocol.openid import OFFLINE_ACCESS, SCOPE
from oauthprov.records import AuthorizationCode, Digest, Grant, Session
from oauthprov.storage.interface import Add, Change, Conflict, Remove, Revoke


def end(context: Context, key: Digest) -> bool:
    """End a session, and what hangs on it; return whether a client has to be told.

    Codes of the session are removed. Of two requests that end it at once, one does. A grant that
    another request makes of a code meanwhile is found by looking a second time.
    """
    stored = context.load(Session, key)
    if stored is None:
        return False
    if context.openid is None:
        context.commit(Remove(Session, key))
        return False
    try:
        return _end(context, stored.record)
    except Conflict:
        return False


def _end(context: Context, session: Session) -> bool:
    keys = {session.key, *session.former}
    grants = _grants(context, session.account_id, keys)
    told = _told(context, grants, ())
    # The queue comes first: what is cut short after it can be done again, but not the reverse.
    codes = _codes(context, session.account_id, keys)
    context.commit(*told, Remove(Session, session.key), *codes, *_revoked(context, grants))
    known = {grant.grant_id for grant in grants}
    late = [g for g in _grants(context, session.account_id, keys) if g.grant_id not in known]
    if late:
        more = _told(context, late, [add.record.storage_key for add in told])
        context.commit(*more, *_revoked(context, late))
        told += more
    return bool(told)


def _grants(context: Context, account_id: str, keys: Collection[str]) -> list[Grant]:
    found = (stored.record for stored in context.storage.walk(Grant, account_id=account_id))
    return [grant for grant in found if grant.session_key in keys and SCOPE in grant.scopes]


def _codes(context: Context, account_id: str, keys: Collection[str]) -> list[Change]:
    every = context.storage.walk(AuthorizationCode, account_id=account_id)
    codes = [stored.record for stored in every]
    return [
        Remove(AuthorizationCode, code.key)
        for code in codes
        if code.session_key in keys and SCOPE in code.scopes
    ]


def _told(context: Context, grants: Iterable[Grant], known: Collection[str]) -> list[Add]:
    """The deliveries for the clients of ``grants``, each under a key of its own, once."""
    deliveries = {}
    for grant in grants:
        client = context.find_client(grant.client_id)
        if client is not None and client.backchannel_logout_uri is not None:
            made = backchannel_logout.delivery(context.now, grant)
            deliveries[made.key] = made
    return [Add(made) for key, made in deliveries.items() if key not in known]


def _revoked(context: Context, grants: Iterable[Grant]) -> list[Change]:
    everything = context.settings.logout_revoke_offline
    return [
        Revoke(grant.grant_id)
        for grant in grants
        if everything or OFFLINE_ACCESS not in grant.scopes
    ]

"""When a client last got a code or a token: its page shows it, and unused clients are removed.

The time is written at most once in :data:`STEP`, within a commit that is made anyway. Only the JWT
of a machine is made without a commit: it costs one a day. Only clients that registered themselves
are ever removed for it, and those that are described by a document, which come back when they are
needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oauthprov.events import Event, on_commit, publish
from oauthprov.protocol.clients.removal import is_over
from oauthprov.protocol.clients.telling import removed
from oauthprov.protocol.request.context import Context
from oauthprov.records import Client, Logo, is_client_url
from oauthprov.settings import Settings
from oauthprov.storage.interface import (
    Change,
    Conflict,
    Remove,
    Replace,
    Storage,
    Stored,
    batches,
)

STEP = 86_400
"""Seconds for which ``last_used_at`` isn't written again."""
FORGOTTEN_AFTER = 90 * 86_400
"""Seconds without use after which a client is forgotten that a document describes."""
NEVER_USED = 86_400
"""Seconds after its last fetch if it never was used: anybody can cause any number of these."""


def commit(context: Context, client_id: str, *changes: Change, event: Event | None = None) -> None:
    """Commit ``changes`` together with the time of this use of the client. Raises as they do.

    ``event`` is published when they are committed, or at once if there is nothing to commit.

    The time goes first: if it conflicts on a cluster, nothing but the request's proofs is written.
    """
    mark = _mark(context, client_id)
    if mark is None:
        _commit(context, changes, event)
        return
    try:
        context.commit(mark, *changes, event=event)
    except Conflict as lost:
        if not isinstance(lost.change, Replace) or not isinstance(lost.change.record, Client):
            raise
        # Another request changed the client, and the last use isn't worth failing for.
        _commit(context, changes, event)
    finally:
        context.clients.evict(client_id)


def _commit(context: Context, changes: tuple[Change, ...], event: Event | None) -> None:
    if changes:
        context.commit(*changes, event=event)
    elif event is not None:
        publish(event)


def _mark(context: Context, client_id: str) -> Replace | None:
    stored = context.clients.cached(client_id)
    if stored is None:
        return None
    if context.now - (stored.record.last_used_at or 0) < STEP:
        return None
    return Replace(replace(stored.record, last_used_at=context.now), expecting=stored)


def remove_unused(storage: Storage, settings: Settings, now: int) -> Iterator[int]:
    """Remove the clients that nobody registered and uses; yield the number removed of each page.

    A client is unused if it was registered, and last received a code or a token, no later than
    ``oauthprov.registration.unused_lifetime`` ago; for one that a document describes, that is a
    matter of 90 days. Its tokens are invalid at once. Records of
    clients removed earlier are deleted on the way once nothing depends on them.
    """
    since = now - settings.registration_unused_lifetime
    for page in storage.pages(Client):
        over = [Remove(Client, one.record.client_id) for one in page if is_over(one.record, now)]
        for batch in batches(over):
            storage.commit(*batch, now=now)
        unused = [one for one in page if since < now and _is_unused(one.record, since)]
        unused += [one for one in page if _is_forgotten(one.record, now)]
        yield sum(_remove(storage, one, now) for one in unused)


def _is_forgotten(client: Client, now: int) -> bool:
    """Tell whether a document describes the client, and nobody uses it.

    One that is disabled stays: it would come back enabled.
    """
    if not is_client_url(client.client_id) or client.disabled_at is not None:
        return False
    if client.last_used_at is None:
        return (client.fetched_at or 0) + NEVER_USED <= now
    return client.last_used_at + FORGOTTEN_AFTER <= now


def _is_unused(client: Client, since: int) -> bool:
    used_at = max(client.created_at, client.last_used_at or 0)
    return client.registration_token is not None and used_at <= since


def _remove(storage: Storage, stored: Stored[Client], now: int) -> bool:
    # Its grants are as old as its last use, and their tokens are invalid: no sweep looks for them.
    # A Remove never conflicts, so the client is disabled first: that does, if it was just used.
    try:
        stopped = replace(stored.record, disabled_at=stored.record.disabled_at or now)
        storage.commit(Replace(stopped, expecting=stored), now=now)
    except Conflict:
        return False
    client_id = stored.record.client_id
    on_commit(removed(stored.record))
    storage.commit(Remove(Client, client_id), Remove(Logo, client_id), now=now)
    return True

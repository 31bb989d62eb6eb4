"""Removing clients, and deleting what remains of removed ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from oauthprov.credentials import mint_id
from oauthprov.records import Client, Consent, Logo, Record, Sweep
from oauthprov.storage.interface import Change, Remove, Replace, Storage, Stored, batches

NOTICE_PERIOD = 2 * 86_400
"""Seconds that a removed client stays: longer than the delivery of its logout tokens is tried."""
REMEMBERED = 10_000
"""Clients that a search for orphaned consents remembers."""


def removal(stored: Stored[Client], now: int) -> tuple[Sweep, tuple[Change, ...]]:
    """Return the sweep that ends a client's grants, and the changes that disable the client.

    They go into one commit, the sweep first: an extra sweep is harmless.
    """
    client = stored.record
    gone = replace(
        client,
        disabled_at=client.disabled_at or now,
        removed_at=now,
        secrets=(),
        registration_token=None,
        logo_uri=None,
        logo=None,
    )
    sweep = Sweep.of_client(client.client_id, mint_id(), now)
    return sweep, (Remove(Logo, client.client_id), Replace(gone, expecting=stored))


def may_have_grants(client: Client) -> bool:
    """Tell whether a client may have been granted anything.

    One that registered itself was never used if no use of it is recorded: looking through all
    grants for it would let strangers cause work by registering and leaving.
    """
    return client.registration_token is None or client.last_used_at is not None


def is_over(client: Client, now: int) -> bool:
    """Tell whether the record of a removed client is no longer needed."""
    return client.removed_at is not None and client.removed_at + NOTICE_PERIOD <= now


def drop_orphaned_consents(storage: Storage, now: int) -> Iterator[int]:
    """Delete all consents whose client is gone; yield the number deleted of each page.

    A client is looked up once, unless ``REMEMBERED`` others were since.
    """
    there: dict[str, bool] = {}
    for page in storage.pages(Consent, limit=500):
        if len(there) > REMEMBERED:
            there.clear()
        consents = [stored.record for stored in page]
        new = sorted({consent.client_id for consent in consents} - there.keys())
        found = storage.get_many([(Client, client_id) for client_id in new])
        there.update(zip(new, map(_is_there, found), strict=True))
        orphaned = [Remove(Consent, one.key) for one in consents if not there[one.client_id]]
        for batch in batches(orphaned):
            storage.commit(*batch, now=now)
        yield len(orphaned)


def _is_there(found: Stored[Record] | None) -> bool:
    client = found.record if found else None
    return isinstance(client, Client) and client.removed_at is None

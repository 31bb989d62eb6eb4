"""Reading the audit, the newest entries first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from oauthprov.events.entry import DAY, day_of, key_of
from oauthprov.records import AuditEntry
from oauthprov.storage.interface import Page, Storage, Stored

OF_A_REQUEST = 500
"""Entries of one request that :func:`of_request` finds, at most."""

READ = 20
"""Entries of one request that are read at once: nearly always all."""

DAYS_OF_A_PAGE = 32
"""Days that one page looks through, at most: one read for each."""


def page(
    storage: Storage,
    now: int,
    keep: int,
    *,
    after: str | None = None,
    limit: int = 50,
    about: str | None = None,
) -> Page[AuditEntry]:
    """Return a page of the entries ``about`` an account or client, or of all.

    ``keep`` are the days that are looked through for all. A page may hold fewer entries, even
    none, although more follow. Raises ValueError for an ``after`` that this function didn't return
    as ``next``.
    """
    if about is not None:
        found = storage.find(AuditEntry, after=after, limit=limit, about=about)
    else:
        found = _page_of_all(storage, now, keep, after, limit)
    return Page(tuple(one for one in found.items if one.record.expires_at > now), found.next)


def _page_of_all(
    storage: Storage, now: int, keep: int, after: str | None, limit: int
) -> Page[AuditEntry]:
    begun, _, cursor = (after or "").partition(" ")
    days = [day_of(now - number * DAY) for number in range(-1, keep + 1)]
    if after is not None and begun not in days:
        raise ValueError("this isn't the cursor of a page")
    items: list[Stored[AuditEntry]] = []
    first = days.index(begun) if after else 0
    for day in days[first : first + DAYS_OF_A_PAGE]:
        room = limit - len(items)
        if room == 0:
            return Page(tuple(items), f"{day} ")
        found = storage.find(AuditEntry, after=cursor or None, limit=room, day=day)
        cursor = ""
        items += found.items
        if found.next is not None:
            return Page(tuple(items), f"{day} {found.next}")
    later = days[first + DAYS_OF_A_PAGE :]
    return Page(tuple(items), f"{later[0]} " if later else None)


def newest(
    storage: Storage, now: int, keep: int, about: str | None = None
) -> Iterator[AuditEntry]:
    """Yield the entries ``about`` an account or client, or all."""
    after = None
    while True:
        found = page(storage, now, keep, after=after, limit=100, about=about)
        for stored in found.items:
            yield stored.record
        if found.next is None:
            return
        after = found.next


def of_request(storage: Storage, request_id: str, now: int = 0) -> list[AuditEntry]:
    """Return what happened in a request, in its order; one read, further ones for very much.

    What has expired ``now`` is left out; 0 leaves nothing out.
    """
    entries: list[AuditEntry] = []
    for first in range(1, OF_A_REQUEST, READ):
        numbers = range(first, first + READ)
        wanted = [(AuditEntry, key_of(request_id, number)) for number in numbers]
        found = storage.get_many(wanted)
        entries += [stored.record for stored in found if stored is not None]  # type: ignore[misc]
        if found[-1] is None:
            break
    return [entry for entry in entries if entry.expires_at > now]


def details(entry: AuditEntry) -> Mapping[str, str]:
    """Return what only this kind of event has, by name."""
    known: Mapping[str, str] = json.loads(entry.details)
    return known


def printable(text: str) -> str:
    """Return text that a stranger may have sent, with escapes in place of control characters.

    A terminal obeys these, and marks of direction turn what follows around, in browsers too.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )

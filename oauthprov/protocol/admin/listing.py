"""Pages of records for the lists of the admin pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from oauthprov.records import Client, R
from oauthprov.storage.interface import Page, Storage

PAGE_SIZE = 50
PART_SIZE = 20
"""Entries of a list on a page that has more than one."""

T_co = TypeVar("T_co", covariant=True)


class UnknownPage(ValueError):
    """The cursor isn't one of this list."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[T_co]):
    """A part of a list; ``next`` is the cursor of the next part, None on the last."""

    items: tuple[T_co, ...]
    next: str | None = None


def page_of(
    storage: Storage, kind: type[R], after: str | None, *, size: int = PAGE_SIZE, **index: str
) -> Page[R]:
    """Return what ``Storage.find`` does. Raises UnknownPage for a cursor of another list."""
    try:
        return storage.find(kind, after=after, limit=size, **index)
    except ValueError:
        raise UnknownPage from None


def clients_named(storage: Storage, client_ids: Iterable[str]) -> dict[str, Client]:
    """Return the clients of these ids that exist, removed ones too, by their id; one read."""
    wanted = sorted(set(client_ids))
    found = storage.get_many([(Client, client_id) for client_id in wanted]) if wanted else ()
    records = [stored.record for stored in found if stored is not None]
    return {record.client_id: record for record in records if isinstance(record, Client)}

"""A storage that only reads, while a transfer to another one comes to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn, TypeVar

from oauthprov.records import Record
from oauthprov.storage.interface import (
    READ_ONLY,
    Change,
    Health,
    Page,
    Purged,
    Storage,
    StorageReadOnly,
    Stored,
)

R = TypeVar("R", bound=Record)

_REFUSED = f"the storage takes no writes: {READ_ONLY}"


class ReadOnly(Storage):
    """Reads from ``inner``; everything that would write raises StorageReadOnly."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner

    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        return self._inner.get(kind, key)

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        return self._inner.get_many(pairs)

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        return self._inner.find(kind, after=after, limit=limit, **index)

    def _commit(self, changes: Sequence[Change], now: int) -> NoReturn:
        raise StorageReadOnly(_REFUSED)

    def _load(self, copies: Sequence[Stored[Record]], now: int) -> NoReturn:
        raise StorageReadOnly(_REFUSED)

    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        raise StorageReadOnly(_REFUSED)

    def ping(self) -> None:
        self._inner.ping()

    def health(self) -> Health:
        """Return the problems of ``inner``, and that it is read-only."""
        return replace(self._inner.health(), read_only=True)

    def upgrade(self) -> None:
        """Change nothing. Raises UpgradeNeeded for a missing or older schema."""
        self._inner.ping()

    def describe(self) -> Mapping[str, str]:
        return {**self._inner.describe(), "read only": "yes"}

    def close(self) -> None:
        self._inner.close()

"""Declares record kinds: frozen dataclasses, each with a shape that storage backends read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform


@dataclass(frozen=True, slots=True)
class Shape:
    """What a storage backend needs to know about a kind of record.

    ``name`` is the name of its table or key prefix, ``key`` the field that identifies a record,
    ``indexes`` the fields by which records are found, ``keep`` the seconds that a record is kept
    after its ``expires_at``, so that a *replayed* key can be distinguished from an *unknown* one.
    ``expires`` is whether records have ``expires_at``, ``has_grant`` whether they may have a
    ``grant_id``, the grant whose revocation revokes them. ``few`` is whether a kind that expires
    has so few records that a list of all costs little: a backend that has no order of keys keeps
    one, since people wait for it.
    """

    name: str
    key: str
    indexes: tuple[str, ...]
    keep: int
    fields: tuple[dataclasses.Field[Any], ...]
    expires: bool
    has_grant: bool
    few: bool = False


class Record:
    """The base class of every record kind; :func:`record` sets ``shape``."""

    __slots__ = ()
    shape: ClassVar[Shape]

    @property
    def storage_key(self) -> str:
        """The key under which storage holds this record."""
        return str(getattr(self, self.shape.key))


R = TypeVar("R", bound=Record)


@dataclass_transform(frozen_default=True)
def record(
    name: str, *, key: str, indexes: tuple[str, ...] = (), keep: int = 0, few: bool = False
) -> Callable[[type[R]], type[R]]:
    """Declare a record kind: a frozen, slotted dataclass with its shape."""

    def declare(cls: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True)(cls)
        fields = dataclasses.fields(made)  # type: ignore[arg-type]
        names = {field.name for field in fields}
        has_grant = name != "grant" and "grant_id" in names
        expires = "expires_at" in names
        made.shape = Shape(name, key, indexes, keep, fields, expires, has_grant, few)
        # The field itself under a second name: storage reads it often.
        made.storage_key = vars(made)[key]  # type: ignore[method-assign]
        return made

    return declare

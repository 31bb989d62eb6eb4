"""What makes a class a kind of record: a frozen dataclass that storage knows the shape of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, dataclass_transform


@dataclass(frozen=True, slots=True)
class Shape:
    """What a storage backend needs to know of a kind.

    ``name`` names its table or key prefix, ``key`` the field that identifies a record, ``indexes``
    the fields by which records are found, ``keep`` the seconds that a record outlives its
    ``expires_at`` so that *replayed* can still be told from *unknown*.
    """

    name: str
    key: str
    indexes: tuple[str, ...]
    keep: int
    fields: tuple[dataclasses.Field[Any], ...]

    @property
    def expires(self) -> bool:
        """Whether records of this kind carry ``expires_at``."""
        return any(field.name == "expires_at" for field in self.fields)

    @property
    def has_grant(self) -> bool:
        """Whether records of this kind may name the grant they die with, as ``grant_id``."""
        return self.name != "grant" and any(field.name == "grant_id" for field in self.fields)


class Record:
    """The base of every record kind; ``shape`` is set by :func:`record`."""

    __slots__ = ()
    shape: ClassVar[Shape]

    @property
    def storage_key(self) -> str:
        """The key under which storage holds this record."""
        return str(getattr(self, self.shape.key))


R = TypeVar("R", bound=Record)


@dataclass_transform(frozen_default=True)
def record(
    name: str, *, key: str, indexes: tuple[str, ...] = (), keep: int = 0
) -> Callable[[type[R]], type[R]]:
    """Declare a record kind: a frozen, slotted dataclass with its shape."""

    def declare(cls: type[R]) -> type[R]:
        made = dataclass(frozen=True, slots=True)(cls)
        fields = dataclasses.fields(made)  # type: ignore[arg-type]
        made.shape = Shape(name, key, indexes, keep, fields)
        return made

    return declare

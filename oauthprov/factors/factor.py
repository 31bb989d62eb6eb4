"""What every kind of second factor has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from oauthprov.events import Event
from oauthprov.records import Account, Digest, Record
from oauthprov.storage.interface import Change


class WrongProof(Exception):
    """The answer doesn't prove the factor: it is wrong, was used before, or isn't set up."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proven factor: its methods (``amr``, RFC 8176), and the changes that use the answer up.

    The changes are of records in the account's slot. When one of them conflicts, the factor is
    proven anew. ``event`` is published when they are committed.
    """

    amr: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class NewFactor:
    """A factor that was just proven: its record, and the changes that use the proof up."""

    record: Record
    also: tuple[Change, ...] = ()


class Roles(Protocol):
    """The roles of an account: they decide whether it must have a second factor."""

    @property
    def developer(self) -> bool:
        """Whether it may register clients."""

    @property
    def admin(self) -> bool:
        """Whether it may open the admin pages."""


class Factor(ABC):
    """A kind of second factor.

    ``name`` is how ``Account.factors`` and forms name it. ``amr`` are the methods that a proof
    adds at least.
    """

    name: str
    amr: tuple[str, ...]

    def is_set_up(self, account: Account) -> bool:
        """Return whether the account can be asked for this factor. Reads nothing."""
        return self.name in account.factors

    def can_be_added(self, account: Account) -> bool:
        """Return whether the account may set up one of this kind: by default a single one."""
        return self.name not in account.factors

    @abstractmethod
    def prove(self, account: Account, answer: str, browser: Digest) -> Proof:
        """Judge an answer of the person who signs in to ``account`` in ``browser``.

        ``browser`` is the digest of the browser's id, ``answer`` is any text. Raises WrongProof.
        """

    @abstractmethod
    def removals(self, account_id: str) -> Sequence[Change]:
        """Return the changes that remove everything of this factor from an account."""

"""Setting factors up and removing them: the record of the factor, and the account that names it.

Every account with a factor has recovery codes: they are made with the first factor and removed
with the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from oauthprov.events import FactorChanged, on_commit
from oauthprov.factors.factor import Factor, Roles, WrongProof
from oauthprov.factors.recovery import Recovery
from oauthprov.factors.second_step import SecondStep, SignInOver
from oauthprov.records import Account, PendingSignIn, Record, RecoveryCodes, Totp
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Replace,
    Storage,
    Stored,
    persistently,
)


class AlreadySetUp(Exception):
    """The account has such a factor already."""


class StillRequired(Exception):
    """The account must have a factor, and this is its last one."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The account with its new factor; ``codes`` are new recovery codes, if any were made."""

    account: Account
    codes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Overview:
    """What an account has set up: its authenticator app, if any, and unused recovery codes."""

    account: Account
    totp: Totp | None
    codes_left: int


def _none() -> bool:
    return False


class Enrolments:
    """Changes which factors an account has. All methods raise LookupError for an unknown account.

    ``is_required`` tells whether an account must keep one.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], int],
        recovery: Recovery,
        is_required: Callable[[Roles], bool],
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._recovery = recovery
        self._is_required = is_required

    def add(
        self,
        account: Account,
        name: str,
        record: Record,
        *,
        secret: str | None = None,
        also: Sequence[Change] = (),
    ) -> Enrolled:
        """Store ``record``, of the factor ``name``, and the first recovery codes.

        ``account`` is as it was when the factor was proven, and ``also`` are changes that use this
        proof up. ``secret`` is that of the pending sign-in that the factor completes: the same
        commit uses it up. Raises AlreadySetUp if the record exists, WrongProof if one of ``also``
        conflicts, and SignInOver if that sign-in is over, or the account has ended its sessions or
        got its first factor meanwhile.
        """
        account_id, epoch, added = account.account_id, account.epoch, Add(record)
        claims = [] if secret is None else [Claim(PendingSignIn, SecondStep.key_of(secret))]

        def attempt() -> Enrolled:
            stored, known = self._read(account_id)
            now = stored.record
            if now.epoch != epoch or now.disabled_at is not None:
                raise SignInOver
            if now.factors and not account.factors:  # what was proven isn't enough any more
                raise SignInOver
            made = replace(now, factors=tuple(dict.fromkeys([*now.factors, name])))
            codes, shown = self._recovery.new(account_id)
            changes: list[Change] = [*claims, *also, added, Replace(made, expecting=stored)]
            if known is None:
                changes.append(Add(codes))
            on_commit(FactorChanged(account_id=account_id, factor=name, how="added"))
            try:
                self._storage.commit(*changes, now=self._clock())
            except Conflict as lost:
                raise _meaning(lost, claims, also, added) from None
            return Enrolled(made, shown if known is None else ())

        return persistently(attempt)

    def remove(
        self,
        account_id: str,
        name: str,
        changes: Sequence[Change],
        more: Callable[[], bool] = _none,
    ) -> Account:
        """Remove records of the factor ``name``; return the account as it is then.

        ``more`` tells whether the account has others of it. Raises StillRequired.
        """

        def attempt() -> Account:
            stored, _ = self._read(account_id)
            account = stored.record
            left = tuple(one for one in account.factors if one != name or more())
            if not left and self._is_required(account):
                raise StillRequired
            made = replace(account, factors=left)
            also = () if left else self._recovery.removals(account_id)
            changed = Replace(made, expecting=stored)
            on_commit(FactorChanged(account_id=account_id, factor=name, how="removed"))
            self._storage.commit(changed, *changes, *also, now=self._clock())
            return made

        return persistently(attempt)

    def overview(self, account_id: str) -> Overview:
        """Return what an account has set up. One read."""
        pairs: list[Any] = [(Account, account_id), (Totp, account_id), (RecoveryCodes, account_id)]
        account, totp, codes = self._storage.get_many(pairs)
        if account is None:
            raise LookupError(account_id)
        known: Any = [stored.record if stored else None for stored in (account, totp, codes)]
        return Overview(known[0], known[1], len(known[2].codes) if known[2] else 0)

    def new_codes(self, account_id: str) -> tuple[str, ...]:
        """Replace the recovery codes; return the new ones. The earlier ones no longer work."""

        def attempt() -> tuple[str, ...]:
            _, known = self._read(account_id)
            codes, shown = self._recovery.new(account_id)
            change = Add(codes) if known is None else Replace(codes, expecting=known)
            renewed = FactorChanged(account_id=account_id, factor="recovery", how="renewed")
            on_commit(renewed)
            self._storage.commit(change, now=self._clock())
            return shown

        return persistently(attempt)

    def _read(self, account_id: str) -> tuple[Stored[Account], Stored[RecoveryCodes] | None]:
        pairs: list[Any] = [(Account, account_id), (RecoveryCodes, account_id)]
        found: Any = self._storage.get_many(pairs)
        if found[0] is None:
            raise LookupError(account_id)
        return found[0], found[1]


def _meaning(
    lost: Conflict, claims: Sequence[Change], also: Sequence[Change], added: Change
) -> Exception:
    """Return the exception for a conflict; ``lost`` itself if the commit may be tried again."""
    if lost.change in claims:
        return SignInOver()
    if lost.change in also:
        return WrongProof()
    return AlreadySetUp() if lost.change == added else lost


def removals(factors: Sequence[Factor], account_id: str) -> list[Change]:
    """Return the changes that remove everything of all ``factors`` from an account."""
    return [change for factor in factors for change in factor.removals(account_id)]

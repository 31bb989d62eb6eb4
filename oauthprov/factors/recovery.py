"""Recovery codes: a list kept on paper, for when every other second factor is lost."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from oauthprov.credentials import digest
from oauthprov.events import FactorChanged
from oauthprov.factors.factor import Factor, Proof, WrongProof
from oauthprov.records import Account, Digest, RecoveryCodes
from oauthprov.storage.interface import Change, Remove, Replace, Storage

COUNT = 10
"""The codes of a new list."""
FEW = 3
"""With so many codes left, people are advised to make new ones."""
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no letter is read as a digit or as another letter."""
_GROUPS, _LETTERS = 4, 4
_LOOK_ALIKE = str.maketrans("oil", "011")
_LONGEST = 64


class Recovery(Factor):
    """Codes of 80 random bits, so that a plain digest protects them; each works once.

    Every account that has another factor has a list.
    """

    name = "recovery"
    amr = ("otp",)

    def __init__(self, storage: Storage, clock: Callable[[], int]) -> None:
        self._storage = storage
        self._clock = clock

    def is_set_up(self, account: Account) -> bool:
        """Return whether the account has another factor, and so a list."""
        return bool(account.factors)

    def prove(self, account: Account, answer: str, browser: Digest) -> Proof:
        """Judge a code, however it is spelled; the proof takes it from the list. One read."""
        stored = self._storage.get(RecoveryCodes, account.account_id)
        key = _key(account.account_id, answer)
        if stored is None or key is None or key not in stored.record.codes:
            raise WrongProof
        left = tuple(code for code in stored.record.codes if code != key)
        taken = Replace(replace(stored.record, codes=left), expecting=stored)
        used = FactorChanged(account_id=account.account_id, factor=self.name, how="used")
        return Proof(self.amr, (taken,), used)

    def removals(self, account_id: str) -> Sequence[Change]:
        """Return the change that removes the list."""
        return (Remove(RecoveryCodes, account_id),)

    def left(self, account_id: str) -> int:
        """Return how many codes are unused. One read."""
        stored = self._storage.get(RecoveryCodes, account_id)
        return len(stored.record.codes) if stored else 0

    def new(self, account_id: str) -> tuple[RecoveryCodes, tuple[str, ...]]:
        """Return a new list: the record, and the codes to be shown once."""
        codes = tuple(_new_code() for _ in range(COUNT))
        digests = tuple(_digest(account_id, code) for code in codes)
        return RecoveryCodes(account_id, digests, self._clock()), codes


def _new_code() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _LETTERS)]
    groups = ["".join(letters[at : at + _LETTERS]) for at in range(0, len(letters), _LETTERS)]
    return "-".join(groups)


def _key(account_id: str, answer: str) -> Digest | None:
    """Return the digest of a code as it was typed, None if it can't be one."""
    if len(answer) > _LONGEST:
        return None
    letters = "".join(answer.replace("-", " ").split()).lower().translate(_LOOK_ALIKE)
    if len(letters) != _GROUPS * _LETTERS:
        return None
    groups = [letters[at : at + _LETTERS] for at in range(0, len(letters), _LETTERS)]
    return _digest(account_id, "-".join(groups))


def _digest(account_id: str, code: str) -> Digest:
    return digest(f"{account_id} {code}")

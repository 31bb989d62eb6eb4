"""The second step of a sign-in: who needs one, and what it takes.

Between the steps the person has no session. A pending sign-in is known by a secret that only the
browser has, and it can be finished once, within ten minutes, unless all sessions of the account
are ended meanwhile, as by a new password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from oauthprov.credentials import digest, mint
from oauthprov.events import on_commit
from oauthprov.factors import levels
from oauthprov.factors.factor import Factor, Proof, Roles, WrongProof
from oauthprov.records import Account, Digest, PendingSignIn
from oauthprov.storage.interface import (
    Add,
    Claim,
    Conflict,
    Replace,
    Storage,
    Stored,
    persistently,
)

LIFETIME = 600
"""Seconds that a person has for the second step."""
ATTEMPTS = 5
"""Answers that one pending sign-in allows."""

_SECRET = re.compile(r"([A-Za-z0-9_-]{1,64})\.[A-Za-z0-9_-]{43}")

Step = Literal["factor", "factor_setup"]
"""What a sign-in lacks: the proof of a factor, or a factor."""


class SignInOver(Exception):
    """The pending sign-in was finished, has expired, had too many attempts, or never existed."""


class Guessed(SignInOver):
    """The last attempt that a pending sign-in allows was wrong: it is over."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pending sign-in and its account, as they were read."""

    stored: Stored[PendingSignIn]
    account: Account

    @property
    def amr(self) -> tuple[str, ...]:
        """The methods proven so far."""
        return self.stored.record.amr


@dataclass(frozen=True, slots=True)
class Proven:
    """A person who has proven the factor ``name``, and all methods proven by then."""

    account: Account
    amr: tuple[str, ...]
    name: str


class SecondStep:
    """Decides about the second step of sign-ins, and judges it.

    ``factors`` are the kinds there are, in the order in which they are offered. ``is_required``
    tells whether an account must have one of them.
    """

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], int],
        factors: Sequence[Factor],
        is_required: Callable[[Roles], bool] = lambda roles: False,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._factors = {factor.name: factor for factor in factors}
        self._is_required = is_required

    @staticmethod
    def key_of(secret: str) -> str:
        """Return the key of the pending sign-in with that secret."""
        return f"{secret.partition('.')[0]}.{digest(secret)}"

    def lacking(self, account: Account, amr: Sequence[str]) -> Step | None:
        """Return what a sign-in by these methods still lacks. Reads nothing."""
        if levels.is_complete(amr):
            return None
        if self.offered(account):
            return "factor"
        return "factor_setup" if self._is_required(account) else None

    def offered(self, account: Account) -> tuple[Factor, ...]:
        """Return the factors by which the account can be asked, the best first."""
        return tuple(one for one in self._factors.values() if one.is_set_up(account))

    def reach(self, account: Account, amr: Sequence[str]) -> tuple[str, ...]:
        """Return the methods that the account could prove with everything it has set up."""
        if not account.factors:  # as most accounts; this is done for every request of a browser
            return tuple(amr)
        return levels.joined(amr, *(factor.amr for factor in self.offered(account)))

    def begin(self, account: Account, amr: tuple[str, ...]) -> str:
        """Store a sign-in that lacks its second step, and return its secret.

        ``account`` is the record from when the methods were proven. The secret is
        ``<account id>.<256 bits>``.
        """
        now = self._clock()
        secret = f"{account.account_id}.{mint()[0]}"
        pending = PendingSignIn(
            key=self.key_of(secret),
            account_id=account.account_id,
            epoch=account.epoch,
            amr=amr,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        self._storage.commit(Add(pending), now=now)
        return secret

    def waiting(self, secret: str) -> Waiting | None:
        """Return the pending sign-in of a secret, None if it can't go on. One read."""
        match = _SECRET.fullmatch(secret)
        if match is None:
            return None
        pairs: list[Any] = [(PendingSignIn, self.key_of(secret)), (Account, match[1])]
        found: Any = self._storage.get_many(pairs)
        pending, account = found
        if pending is None or account is None or pending.state(self._clock()) != "live":
            return None
        if pending.record.epoch != account.record.epoch or account.record.disabled_at is not None:
            return None
        if pending.record.attempts >= ATTEMPTS:
            return None
        return Waiting(pending, account.record)

    def finish(self, secret: str, name: str, answer: str, browser: Digest) -> Proven:
        """Prove a factor and use the pending sign-in up, in one commit.

        Every call counts as an attempt, before the answer is judged. Raises SignInOver, Guessed
        if this was the last attempt, and WrongProof.
        """
        waiting = self._counted(secret)
        claim = Claim(PendingSignIn, self.key_of(secret))

        def attempt() -> Proven:
            proof = self._prove(waiting.account, name, answer, browser)
            try:
                self._commit(proof, claim)
            except Conflict as lost:
                if lost.change == claim:
                    raise SignInOver from None
                raise
            return Proven(waiting.account, levels.joined(waiting.amr, proof.amr), name)

        try:
            return persistently(attempt)
        except WrongProof:
            if waiting.stored.record.attempts + 1 >= ATTEMPTS:
                raise Guessed from None
            raise

    def prove_again(
        self,
        account_id: str,
        epoch: int,
        amr: tuple[str, ...],
        name: str,
        answer: str,
        browser: Digest,
    ) -> Proven:
        """Prove a factor for a person who is signed in by the methods ``amr``.

        ``epoch`` is that of the session. Raises SignInOver if the account has ended its sessions
        since, and WrongProof.
        """

        def attempt() -> Proven:
            stored = self._storage.get(Account, account_id)
            if stored is None or stored.record.disabled_at is not None:
                raise SignInOver
            if stored.record.epoch != epoch:
                raise SignInOver
            proof = self._prove(stored.record, name, answer, browser)
            self._commit(proof)
            return Proven(stored.record, levels.joined(amr, proof.amr), name)

        return persistently(attempt)

    def _counted(self, secret: str) -> Waiting:
        """Count an attempt at a pending sign-in, and return it. Raises SignInOver."""

        def attempt() -> Waiting:
            waiting = self.waiting(secret)
            if waiting is None:
                raise SignInOver
            before = waiting.stored.record
            counted = replace(before, attempts=before.attempts + 1)
            try:
                self._storage.commit(Replace(counted, expecting=waiting.stored), now=self._clock())
            except Conflict as lost:
                if lost.state != "changed":
                    raise SignInOver from None
                raise
            return waiting

        return persistently(attempt)

    def _commit(self, proof: Proof, *claims: Claim) -> None:
        """Use the answer of a proof up, and what it is for. Raises Conflict."""
        if proof.event is not None:
            on_commit(proof.event)
        self._storage.commit(*claims, *proof.changes, now=self._clock())

    def _prove(self, account: Account, name: str, answer: str, browser: Digest) -> Proof:
        factor = self._factors.get(name)
        if factor is None or not factor.is_set_up(account):
            raise WrongProof
        return factor.prove(account, answer, browser)

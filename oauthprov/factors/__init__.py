"""Second factors of the built-in accounts: kinds, levels, the second step of a sign-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oauthprov.credentials import Keyring
from oauthprov.factors import levels
from oauthprov.factors.enrolment import (
    AlreadySetUp,
    Enrolled,
    Enrolments,
    Overview,
    StillRequired,
    removals,
)
from oauthprov.factors.factor import Factor, NewFactor, Proof, Roles, WrongProof
from oauthprov.factors.levels import PASSWORD, Levels, joined
from oauthprov.factors.passkey import ALONE, PasskeyFactor, WrongPasskey
from oauthprov.factors.recovery import FEW, Recovery
from oauthprov.factors.second_step import Guessed, Proven, SecondStep, SignInOver, Step, Waiting
from oauthprov.factors.totp import TotpFactor, new_secret
from oauthprov.passkeys import Challenges, Passkeys, RelyingParty
from oauthprov.storage.interface import Change, Storage

__all__ = [
    "ALONE",
    "FEW",
    "PASSWORD",
    "AlreadySetUp",
    "Enrolled",
    "Enrolments",
    "Factor",
    "Factors",
    "Guessed",
    "Levels",
    "NewFactor",
    "Overview",
    "PasskeyFactor",
    "Proof",
    "Proven",
    "Recovery",
    "Roles",
    "SecondStep",
    "SignInOver",
    "Step",
    "StillRequired",
    "TotpFactor",
    "Waiting",
    "WrongPasskey",
    "WrongProof",
    "joined",
    "new_secret",
]


@dataclass(frozen=True, slots=True)
class Factors:
    """Everything about second factors in one app.

    ``offered`` are the kinds that people may set up; one that an account has already counts
    whether it is offered or not. ``every`` are all kinds, the preferred first.
    """

    offered: tuple[str, ...]
    levels: Levels
    totp: TotpFactor
    recovery: Recovery
    passkey: PasskeyFactor
    every: tuple[Factor, ...]
    second_step: SecondStep
    enrolments: Enrolments
    is_required: Callable[[Roles], bool]

    @classmethod
    def build(
        cls,
        storage: Storage,
        secret: Sequence[str],
        clock: Callable[[], int],
        *,
        offered: Sequence[str] = ("totp",),
        levels: Levels | None = None,
        is_required: Callable[[Roles], bool] = lambda roles: False,
        party: RelyingParty | None = None,
    ) -> Factors:
        """Return the factors of an app.

        ``secret`` is ``oauthprov.secret``. ``is_required`` tells who must have one.
        ``party`` is None where there can be no passkeys.
        """
        keyring = Keyring(secret)
        totp = TotpFactor(storage, keyring, clock)
        recovery = Recovery(storage, clock)
        challenges = Challenges(keyring, clock)
        passkey = PasskeyFactor(Passkeys(storage, party, challenges, clock))
        every: tuple[Factor, ...] = (passkey, totp, recovery)
        return cls(
            offered=tuple(one for one in offered if one != passkey.name or party is not None),
            levels=levels or Levels(),
            totp=totp,
            recovery=recovery,
            passkey=passkey,
            every=every,
            second_step=SecondStep(storage, clock, every, is_required),
            enrolments=Enrolments(storage, clock, recovery, is_required),
            is_required=is_required,
        )

    @property
    def passkeys(self) -> Passkeys:
        """The passkeys of all accounts."""
        return self.passkey.passkeys

    @property
    def acr_values(self) -> tuple[str, ...]:
        """Every ``acr`` that a sign-in may have, the lowest first."""
        kinds = [factor.amr for factor in self.every if factor.name in self.offered]
        return self.levels.met_by(levels.joined(PASSWORD, *kinds))[::-1]

    def named(self, name: str) -> Factor:
        """Return the kind of that name. Raises StopIteration if there is none."""
        return next(factor for factor in self.every if factor.name == name)

    def met_with(self, amr: Sequence[str], factor: Factor) -> tuple[str, ...]:
        """Return every ``acr`` that a sign-in by ``amr`` and ``factor`` satisfies."""
        return self.levels.met_by(levels.joined(amr, factor.amr))

    def removals(self, account_id: str) -> list[Change]:
        """Return the changes that remove every factor of an account; its record isn't changed."""
        return removals(self.every, account_id)

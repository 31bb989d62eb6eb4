"""Authenticator apps: time-based one-time passwords (RFC 6238), 6 digits, 30 seconds, SHA-1."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pyotp

from oauthprov import logs
from oauthprov.credentials import Keyring
from oauthprov.factors.factor import Factor, Proof, WrongProof
from oauthprov.records import Account, Digest, Totp
from oauthprov.storage.interface import Change, Conflict, Remove, Replace, Storage

log = logs.logger(__name__)

STEP = 30
"""Seconds for which an app shows a code."""
_WINDOW = (-1, 0, 1)
"""Steps from the current one whose codes count, for clocks that differ and people who type."""
_CODE = re.compile(r"[0-9]{6}")


class TotpFactor(Factor):
    """The codes of an authenticator app; each is accepted once."""

    name = "totp"
    amr = ("otp",)

    def __init__(self, storage: Storage, keyring: Keyring, clock: Callable[[], int]) -> None:
        self._storage = storage
        self._keyring = keyring
        self._clock = clock

    def prove(self, account: Account, answer: str, browser: Digest) -> Proof:
        """Judge a code; blanks in it don't matter. One read."""
        stored = self._storage.get(Totp, account.account_id)
        if stored is None:
            raise WrongProof
        secret = self._keyring.open(_label(account.account_id), stored.record.sealed)
        if secret is None:
            log.error(
                "no secret of oauthprov.secret opens the app of account %s", account.account_id
            )
            raise WrongProof
        now = self._clock()
        used = replace(
            stored.record,
            counter=_counter(secret.decode(), answer, now, stored.record.counter),
            last_used_at=now,
            # Sealed anew, so that the codes still work once an old secret has been dropped.
            sealed=self._keyring.seal(_label(account.account_id), secret),
        )
        return Proof(self.amr, (Replace(used, expecting=stored),))

    def removals(self, account_id: str) -> Sequence[Change]:
        """Return the change that removes the app's secret."""
        return (Remove(Totp, account_id),)

    def opens(self, app: Totp) -> bool:
        """Tell whether a secret of ``oauthprov.secret`` opens the app's key."""
        return self._keyring.open(_label(app.account_id), app.sealed) is not None

    def reseal(self) -> Iterator[bool]:
        """Seal every key with the first secret; yield for each whether a secret opened it."""
        for stored in self._storage.walk(Totp):
            label = _label(stored.record.account_id)
            secret = self._keyring.open(label, stored.record.sealed)
            if secret is not None:
                sealed = replace(stored.record, sealed=self._keyring.seal(label, secret))
                with suppress(Conflict):  # a code was used, or the app removed: nothing is left
                    self._storage.commit(Replace(sealed, expecting=stored), now=self._clock())
            yield secret is not None

    def record(self, account_id: str, secret: str, code: str) -> Totp:
        """Return the record of a new app that shows ``code``. Raises WrongProof."""
        now = self._clock()
        return Totp(
            account_id=account_id,
            sealed=self._keyring.seal(_label(account_id), secret.encode()),
            created_at=now,
            counter=_counter(secret, code, now, after=0),
        )


def new_secret() -> str:
    """Return a new shared secret: 160 bits (RFC 4226 section 4), in base32."""
    return pyotp.random_base32()


def _counter(secret: str, code: str, now: int, after: int) -> int:
    """Return the time step that ``code`` belongs to, if it is later than ``after``.

    Raises WrongProof. Every step is compared, so that the time taken doesn't tell which one.
    """
    given = "".join(code.split()) if len(code) <= 20 else ""
    if not _CODE.fullmatch(given):
        raise WrongProof
    app = pyotp.TOTP(secret, interval=STEP)
    steps = [now // STEP + offset for offset in _WINDOW]
    found = [step for step in steps if hmac.compare_digest(app.generate_otp(step), given)]
    if not found or found[-1] <= after:
        raise WrongProof
    return found[-1]


def _label(account_id: str) -> str:
    return f"totp {account_id}"

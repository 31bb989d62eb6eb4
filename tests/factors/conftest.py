"""Second factors over real storage, on every engine, with an account that has them."""

from __future__ import annotations

import pyotp
import pytest

from oauthprov.factors import Factors, new_secret
from oauthprov.records import Account
from tests.accounts.conftest import clock, people, storage

__all__ = ["clock", "people", "storage"]

SECRET = ("0123456789abcdefghijklmnopqrstuvwxyz",)


@pytest.fixture
def factors(storage, clock):
    return Factors.build(storage, SECRET, clock)


class Person:
    """An account with an authenticator app and recovery codes."""

    def __init__(self, people, factors, clock) -> None:
        self._people, self._factors, self._clock = people, factors, clock
        account = people.sign_up("alice", "correct horse battery")
        self.account_id = account.account_id
        self.secret = new_secret()
        record = factors.totp.record(self.account_id, self.secret, self.code())
        made = factors.enrolments.add(account, "totp", record)
        self.codes = made.codes
        clock.pass_by(30)

    @property
    def account(self) -> Account:
        return self._people.get(self.account_id).record

    def code(self, steps: int = 0) -> str:
        """What the app shows, ``steps`` of 30 seconds from now."""
        return pyotp.TOTP(self.secret).at(self._clock() + 30 * steps)

    def begin(self) -> str:
        """Give the password; return the secret of the sign-in that waits."""
        return self._factors.second_step.begin(self.account, ("pwd",))


@pytest.fixture
def alice(people, factors, clock):
    return Person(people, factors, clock)

"""Setting factors up and removing them."""

from __future__ import annotations

import base64

import pytest

from oauthprov.factors import (
    AlreadySetUp,
    Factors,
    SignInOver,
    StillRequired,
    WrongProof,
    new_secret,
)
from oauthprov.records import RecoveryCodes, Totp
from tests.factors.conftest import SECRET, Person
from tests.site import PASSWORD


def test_the_first_factor_comes_with_ten_recovery_codes(factors, alice):
    assert alice.account.factors == ("totp",)
    assert len(set(alice.codes)) == 10
    assert all(len(code) == 19 for code in alice.codes)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_codes_are_those_of_rfc_6238(factors, clock, moment, code):
    """Its appendix B; the last six of the eight digits there."""
    clock.now = moment
    key = base64.b32encode(b"12345678901234567890").decode()
    assert factors.totp.record("alice", key, code).counter == moment // 30


def test_a_wrong_code_sets_nothing_up(factors, people, storage):
    account = people.sign_up("alice", PASSWORD)
    with pytest.raises(WrongProof):
        factors.totp.record(account.account_id, new_secret(), "000000x")
    assert list(storage.walk(Totp)) == []


def test_a_second_app_is_refused_and_the_first_stays(factors, alice):
    record = factors.totp.record(alice.account_id, alice.secret, alice.code())
    with pytest.raises(AlreadySetUp):
        factors.enrolments.add(alice.account, "totp", record)
    assert alice.account.factors == ("totp",)
    assert factors.recovery.left(alice.account_id) == 10


def test_nothing_is_set_up_after_a_new_password(factors, alice, people):
    before = alice.account
    people.change_password(alice.account_id, "staple of another horse")
    record = factors.totp.record(alice.account_id, alice.secret, alice.code())
    with pytest.raises(SignInOver):
        factors.enrolments.add(before, "totp", record)


def test_who_proved_a_password_before_the_first_factor_sets_none_up_after_it(
    factors, people, clock
):
    account, hers = people.sign_up("alice", PASSWORD), Person.__new__(Person)
    begun = [factors.second_step.begin(account, ("pwd",)), None]
    hers._clock, hers.secret = clock, new_secret()
    record = factors.totp.record(account.account_id, hers.secret, hers.code())
    factors.enrolments.add(account, "totp", record)
    for secret in begun:
        with pytest.raises(SignInOver):
            factors.enrolments.add(account, "passkey", record, secret=secret)


def test_a_factor_that_completes_a_sign_in_uses_it_up(factors, people, storage, clock):
    account, app = people.sign_up("alice", PASSWORD), new_secret()
    secret = factors.second_step.begin(account, ("pwd",))
    person = Person.__new__(Person)
    person._clock, person.secret = clock, app
    record = factors.totp.record(account.account_id, app, person.code())
    factors.enrolments.add(account, "totp", record, secret=secret)
    assert factors.second_step.waiting(secret) is None
    again = factors.second_step.begin(account, ("pwd",))
    with pytest.raises(SignInOver):
        factors.enrolments.add(account, "totp", record, secret=secret)
    assert factors.second_step.waiting(again)


def test_the_last_factor_takes_the_recovery_codes_with_it(factors, alice, storage):
    factors.enrolments.remove(alice.account_id, "totp", factors.totp.removals(alice.account_id))
    assert alice.account.factors == ()
    assert list(storage.walk(Totp)) == list(storage.walk(RecoveryCodes)) == []


def test_the_last_factor_stays_where_one_is_required(alice, storage, clock):
    strict = Factors.build(storage, SECRET, clock, is_required=lambda account: True)
    with pytest.raises(StillRequired):
        strict.enrolments.remove(alice.account_id, "totp", strict.totp.removals(alice.account_id))
    assert alice.account.factors == ("totp",)


def test_new_recovery_codes_replace_the_earlier_ones(factors, alice):
    new = factors.enrolments.new_codes(alice.account_id)
    assert not set(new) & set(alice.codes)
    with pytest.raises(WrongProof):
        factors.recovery.prove(alice.account, alice.codes[0], None)
    assert factors.recovery.prove(alice.account, new[0], None)


def test_an_unknown_account_is_an_error(factors, alice):
    with pytest.raises(LookupError):
        factors.enrolments.new_codes("nobody")

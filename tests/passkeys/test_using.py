"""Signing in with a passkey alone, and with one as a further factor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.passkeys import Copied, Refused
from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.records import ReplayMark
from tests.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Authenticator,
)
from tests.passkeys.conftest import BROWSER, reason
from tests.site import ISSUER


@pytest.fixture
def step(passkeys, prove):
    """Return a function that proves a device of an account, and tells why not."""

    def attempt(account_id, device, options=None, **lies):
        sent = device.get(options or passkeys.step_options(account_id, BROWSER), **lies)
        try:
            return prove(account_id, sent, BROWSER)
        except Refused as refused:
            return refused.reason

    return attempt


def test_a_passkey_alone_signs_in_and_its_use_is_kept(
    passkeys, clock, alice, add, device, sign_in
):
    add(alice, device)
    clock.pass_by(1000)
    assert sign_in(device) == alice
    [passkey] = passkeys.of(alice)
    assert (passkey.last_used_at, passkey.sign_count) == (clock(), 1)


def test_a_sign_in_names_nobody_and_demands_that_the_user_is_verified(passkeys):
    options = passkeys.sign_in_options(BROWSER)
    assert options["userVerification"] == "required"
    assert options["allowCredentials"] == []
    assert options["rpId"] == "id.example"


def test_options_for_a_sign_in_store_nothing(passkeys, storage):
    passkeys.sign_in_options(BROWSER)
    assert storage.find(ReplayMark).items == ()


def test_a_passkey_signs_in_to_no_other_account(alice, bob, add, device, sign_in):
    add(alice, device)
    assert sign_in(device, handle=bob.encode()) == "unknown"
    # One with the same id, made by somebody who has seen it, opens only their own account.
    thief = Authenticator(ISSUER)
    add(bob, thief, credential_id=device.passkeys[0].credential_id)
    assert sign_in(thief) == bob
    assert sign_in(thief, handle=alice.encode()) == "unproven"
    assert sign_in(device) == alice


def test_a_response_signs_in_once(passkeys, alice, add, device):
    add(alice, device)
    sent = device.get(passkeys.sign_in_options(BROWSER))
    assert passkeys.sign_in(sent, BROWSER).account_id == alice
    for _ in range(2):
        assert reason(lambda: passkeys.sign_in(sent, BROWSER)) == "used"
    assert passkeys.of(alice)[0].copied_at is None


def test_a_response_of_a_device_that_does_not_count_signs_in_once(passkeys, alice, add):
    device = Authenticator(ISSUER, step=0)
    add(alice, device)
    sent = device.get(passkeys.sign_in_options(BROWSER))
    assert passkeys.sign_in(sent, BROWSER).account_id == alice
    assert reason(lambda: passkeys.sign_in(sent, BROWSER)) == "used"
    assert passkeys.of(alice)[0].copied_at is None


def test_a_response_proves_a_factor_once(passkeys, prove, alice, add, device):
    add(alice, device)
    sent = device.get(passkeys.step_options(alice, BROWSER))
    assert prove(alice, sent, BROWSER)
    assert reason(lambda: prove(alice, sent, BROWSER)) == "used"
    assert passkeys.of(alice)[0].copied_at is None


def test_of_two_sign_ins_at_once_one_wins(passkeys, alice, add):
    device = Authenticator(ISSUER, step=0)
    add(alice, device)
    sent = device.get(passkeys.sign_in_options(BROWSER))

    def attempt(_):
        try:
            return passkeys.sign_in(sent, BROWSER).name
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(attempt, range(8))) == ["alice"] + ["used"] * 7


def test_a_challenge_is_bound_to_its_browser_purpose_and_time(
    passkeys, clock, alice, add, device, step
):
    add(alice, device)
    sent = device.get(passkeys.sign_in_options(BROWSER))
    assert reason(lambda: passkeys.sign_in(sent, "another")) == "expired"
    assert step(alice, device, passkeys.sign_in_options(BROWSER)) == "expired"
    for_step = device.get(passkeys.step_options(alice, BROWSER))
    assert reason(lambda: passkeys.sign_in(for_step, BROWSER)) == "expired"
    clock.pass_by(LIFETIME)
    assert reason(lambda: passkeys.sign_in(sent, BROWSER)) == "expired"


def test_a_removed_passkey_or_a_disabled_account_signs_nobody_in(
    remove, people, alice, bob, add, device, sign_in
):
    key, theirs = add(alice, device).key, Authenticator(ISSUER)
    add(bob, theirs)
    remove(key)
    people.disable(bob)
    assert sign_in(device) == "unknown"
    assert sign_in(theirs) == "unknown"


def test_a_passkey_that_a_reset_has_missed_signs_nobody_in(
    people, passkeys, alice, add, device, sign_in
):
    add(alice, device)
    people.reset_factors(alice, ())
    assert len(passkeys.of(alice)) == 1
    assert sign_in(device) == "unknown"


def test_the_session_begins_in_the_epoch_that_was_read(passkeys, people, alice, add, device):
    add(alice, device)
    people.change_password(alice, "staple battery horse")
    sent = device.get(passkeys.sign_in_options(BROWSER))
    assert passkeys.sign_in(sent, BROWSER).epoch == 1


@pytest.mark.parametrize("count", [0, 4, 5])
def test_a_sign_count_that_does_not_grow_ends_the_passkey(
    passkeys, clock, alice, add, device, sign_in, step, count
):
    add(alice, device)
    assert sign_in(device, count=5) == alice
    with pytest.raises(Copied) as copied:
        passkeys.sign_in(device.get(passkeys.sign_in_options(BROWSER), count=count), BROWSER)
    assert copied.value.first
    assert copied.value.passkey.name == "Laptop"
    [passkey] = passkeys.of(alice)
    assert (passkey.copied_at, passkey.sign_count) == (clock(), 5)
    with pytest.raises(Copied) as copied:  # of two there is no telling which is the owner's
        passkeys.sign_in(device.get(passkeys.sign_in_options(BROWSER), count=9), BROWSER)
    assert not copied.value.first
    assert passkeys.step_options(alice, BROWSER)["allowCredentials"] == []


def test_a_synced_passkey_that_counts_nothing_is_no_copy(alice, add, sign_in):
    synced = Authenticator(ISSUER, step=0, flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP)
    add(alice, synced)
    assert [sign_in(synced), sign_in(synced)] == [alice, alice]


def test_whether_a_passkey_is_backed_up_may_change(passkeys, alice, add, sign_in):
    device = Authenticator(ISSUER, flags=PRESENT | VERIFIED | ELIGIBLE)
    add(alice, device)
    assert sign_in(device, flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP) == alice
    assert passkeys.of(alice)[0].backed_up


def test_as_a_further_factor_a_touch_is_enough(passkeys, alice, add, step):
    device = Authenticator(ISSUER, flags=PRESENT)
    added = add(alice, device)
    options = passkeys.step_options(alice, BROWSER)
    assert options["userVerification"] == "preferred"
    assert [one["id"] for one in options["allowCredentials"]] == [added.credential_id]
    assert step(alice, device) is True
    assert step(alice, device, handle=None) is True


def test_a_further_factor_is_one_of_the_same_account(passkeys, alice, bob, add, device, step):
    add(alice, device)
    theirs = Authenticator(ISSUER)
    add(bob, theirs)
    options = dict(passkeys.step_options(alice, BROWSER), allowCredentials=[])
    for handle in (None, bob.encode()):
        assert step(alice, theirs, options, handle=handle) == "unknown"
    assert step(alice, theirs, options, handle=alice.encode()) == "unknown"
    assert step(alice, device, passkeys.step_options(bob, BROWSER) | {"allowCredentials": []}) in (
        "expired",
    )

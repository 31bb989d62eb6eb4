"""Adding passkeys to an account, and what no account gets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.passkeys import Refused
from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.passkeys.keeping import LIMIT
from tests.authenticator import (
    BACKED_UP,
    EDDSA,
    ELIGIBLE,
    ES256,
    PRESENT,
    RS256,
    VERIFIED,
    Authenticator,
    decoded,
)
from tests.passkeys.conftest import BROWSER, reason
from tests.site import ISSUER


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_of_every_algorithm_is_added_and_signs_in(passkeys, alice, add, algorithm):
    device = Authenticator(ISSUER, algorithm=algorithm)
    added = add(alice, device)
    assert passkeys.of(alice) == [added]
    assert (added.name, added.transports) == ("Laptop", ("hybrid", "internal"))
    account = passkeys.sign_in(device.get(passkeys.sign_in_options(BROWSER)), BROWSER)
    assert account.account_id == alice


def test_the_options_ask_for_a_passkey_that_needs_no_user_name(
    creation, passkeys, alice, add, device
):
    first = add(alice, device)
    options = creation(alice)
    assert options["rp"] == {"id": "id.example", "name": "Photos"}
    assert decoded(options["user"]["id"]) == alice.encode()
    assert options["user"]["name"] == options["user"]["displayName"] == "alice"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert options["attestation"] == "none"
    [excluded] = options["excludeCredentials"]
    assert excluded["id"] == first.credential_id
    assert excluded["transports"] == ["hybrid", "internal"]
    assert len(decoded(options["challenge"])) > 64


def test_a_synced_passkey_is_known_as_one(alice, add):
    flags = PRESENT | VERIFIED | ELIGIBLE | BACKED_UP
    synced = add(alice, Authenticator(ISSUER, flags=flags))
    assert synced.backup_eligible
    assert synced.backed_up
    alone = add(alice, Authenticator(ISSUER))
    assert not alone.backup_eligible
    assert not alone.backed_up


def test_a_device_that_cannot_verify_its_user_may_be_a_second_factor(alice, add):
    assert add(alice, Authenticator(ISSUER, flags=PRESENT)).sign_count == 0


def test_a_response_is_accepted_once(remove, creation, passkeys, keep, alice, device):
    sent = device.create(creation(alice))
    keep(alice, sent, BROWSER, "Laptop")
    assert reason(lambda: keep(alice, sent, BROWSER, "Laptop")) == "used"
    remove(passkeys.of(alice)[0].key)
    assert reason(lambda: keep(alice, sent, BROWSER, "Laptop")) == "used"


def test_of_two_at_once_one_wins(creation, passkeys, keep, alice, device):
    sent = device.create(creation(alice))

    def attempt(_):
        try:
            return keep(alice, sent, BROWSER, "Laptop").name
        except Refused as refused:
            return refused.reason

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(attempt, range(8))) == ["Laptop"] + ["used"] * 7


def test_a_challenge_is_bound_to_its_account_browser_purpose_and_time(
    creation, passkeys, keep, clock, alice, bob, device
):
    sent = device.create(creation(alice))
    assert reason(lambda: keep(bob, sent, BROWSER, "Laptop")) == "expired"
    assert reason(lambda: keep(alice, sent, "another", "Laptop")) == "expired"
    for other in (passkeys.sign_in_options(BROWSER), passkeys.step_options(alice, BROWSER)):
        lie = {"client_data": {"challenge": other["challenge"]}}
        forged = device.create(creation(alice), **lie)
        assert reason(lambda sent=forged: keep(alice, sent, BROWSER, "x")) == "expired"
    clock.pass_by(LIFETIME)
    assert reason(lambda: keep(alice, sent, BROWSER, "Laptop")) == "expired"


def test_an_account_has_at_most_so_many(creation, passkeys, keep, alice, add, device):
    pending = device.create(creation(alice))
    for _ in range(LIMIT):
        add(alice, device)
    assert reason(lambda: creation(alice)) == "full"
    assert reason(lambda: keep(alice, pending, BROWSER, "x")) == "full"
    assert len(passkeys.of(alice)) == LIMIT


def test_only_the_owner_renames(passkeys, alice, bob, add, device, remove):
    key = add(alice, device).key
    assert not passkeys.rename(bob, key, "stolen")
    assert [passkey.name for passkey in passkeys.of(alice)] == ["Laptop"]
    assert passkeys.rename(alice, key, "Phone")
    assert not passkeys.rename(alice, key, " \u200b ")
    assert [passkey.name for passkey in passkeys.of(alice)] == ["Phone"]
    remove(key)
    assert not passkeys.rename(alice, key, "gone")
    assert passkeys.of(alice) == []

"""The accounts of a confirmed e-mail address: found by records that stay in step with claims."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.accounts import confirmed_addresses
from oauthprov.records import Account, ConfirmedAddress
from oauthprov.storage.interface import Add, Remove, Replace
from tests.accounts.conftest import ADDRESS
from tests.site import PASSWORD

THREADS = 8


@pytest.fixture
def at(storage):
    """Return the names of the accounts with a confirmed address."""

    def names(address: str) -> list[str]:
        found = confirmed_addresses.accounts_at(storage, address)
        return sorted(account.name for account in found)

    return names


def records(storage):
    return sorted(stored.record.account_id for stored in storage.walk(ConfirmedAddress))


def test_an_account_is_found_by_its_address_once_that_is_confirmed(verifications, alice, at):
    token = verifications.begin(alice).token
    assert at(ADDRESS) == []
    verifications.finish(alice, token)
    assert at(ADDRESS) == ["alice"]


@pytest.mark.parametrize("spelling", [" Alice@Example.ORG ", "ａlice@example.org"])  # noqa: RUF001
def test_every_spelling_of_an_address_finds_it(verifications, alice, at, spelling):
    verifications.vouch(alice)
    assert at(spelling) == ["alice"]


def test_several_accounts_may_have_one_address(people, verifications, alice, at):
    bob = people.sign_up("bob", PASSWORD).account_id
    people.set_profile(bob, {"email": ADDRESS})
    for account_id in (alice, bob):
        verifications.vouch(account_id)
    assert at(ADDRESS) == ["alice", "bob"]


@pytest.mark.parametrize("email", ["alice@example.com", ""])
def test_a_changed_address_is_found_no_more(people, verifications, alice, at, storage, email):
    verifications.vouch(alice)
    people.set_profile(alice, {"email": email})
    assert (at(ADDRESS), at("alice@example.com"), records(storage)) == ([], [], [])


def test_a_profile_saved_with_the_same_address_stays_found(people, verifications, alice, at):
    verifications.vouch(alice)
    people.set_profile(alice, {"email": ADDRESS, "nickname": "Al"})
    assert at(ADDRESS) == ["alice"]


def test_a_profile_saved_without_the_address_leaves_it_as_it_is(people, verifications, alice, at):
    verifications.vouch(alice)
    people.set_profile(alice, {"nickname": "Al"})
    assert at(ADDRESS) == ["alice"]
    assert people.profile(alice)["name"] == "Alice"


def test_an_address_confirmed_twice_has_one_record(verifications, alice, at, storage):
    token = verifications.begin(alice).token
    verifications.vouch(alice)
    verifications.finish(alice, token)
    verifications.vouch(alice)
    assert (at(ADDRESS), records(storage)) == (["alice"], [alice])


def test_claims_and_records_stay_in_step_whoever_is_faster(
    people, verifications, alice, at, storage
):
    """Of a confirmation and a change at the same time each may win, wholly."""

    def confirm(_: int) -> None:
        verifications.vouch(alice)

    def change(number: int) -> None:
        address = ADDRESS if number % 2 else "alice@example.com"
        people.set_profile(alice, {"email": address})

    with ThreadPoolExecutor(THREADS) as threads:
        done = [threads.submit(change, number) for number in range(THREADS)]
        done += [threads.submit(confirm, number) for number in range(THREADS)]
        for one in done:
            one.result()
    claims = people.profile(alice)
    for address in (ADDRESS, "alice@example.com"):
        has_it = claims["email"] == address and claims["email_verified"]
        assert at(address) == (["alice"] if has_it else [])
    assert len(records(storage)) == claims["email_verified"]


def as_an_earlier_version(storage, clock):
    """Remove the records that an earlier version didn't write."""
    for stored in storage.walk(ConfirmedAddress):
        storage.commit(Remove(ConfirmedAddress, stored.record.key), now=clock())


def test_addresses_confirmed_before_are_entered_by_an_upgrade(
    people, verifications, alice, at, storage, clock
):
    verifications.vouch(alice)
    people.sign_up("bob", PASSWORD)
    as_an_earlier_version(storage, clock)
    assert at(ADDRESS) == []
    assert sum(confirmed_addresses.enter_all(storage, clock)) == 1
    assert (at(ADDRESS), records(storage)) == (["alice"], [alice])
    assert sum(confirmed_addresses.enter_all(storage, clock)) == 0


def test_a_profile_saved_during_the_upgrade_is_not_undone(
    people, verifications, alice, at, storage, clock
):
    verifications.vouch(alice)
    as_an_earlier_version(storage, clock)
    with ThreadPoolExecutor(2) as threads:
        saving = threads.submit(people.set_profile, alice, {"email": "alice@example.com"})
        threads.submit(lambda: list(confirmed_addresses.enter_all(storage, clock))).result()
        saving.result()
    assert people.profile(alice)["email"] == "alice@example.com"
    assert (at(ADDRESS), records(storage)) == ([], [])


def test_a_record_that_an_earlier_version_left_behind_finds_nobody(
    people, verifications, alice, at, storage, clock
):
    """A process of the version before changes the address and knows no such records."""
    verifications.vouch(alice)
    [record] = [stored.record for stored in storage.walk(ConfirmedAddress)]
    people.set_profile(alice, {"email": "alice@example.com"})
    storage.commit(Add(record), now=clock())
    assert at(ADDRESS) == []
    people.set_profile(alice, {"email": ADDRESS})
    verifications.vouch(alice)
    assert at(ADDRESS) == ["alice"]


def test_a_disabled_account_is_not_found(people, verifications, alice, at):
    verifications.vouch(alice)
    people.disable(alice)
    assert at(ADDRESS) == []


def test_more_accounts_than_one_mail_names_are_not_read(storage, clock, at):
    for number in range(confirmed_addresses.LIMIT + 5):
        account = Account(
            f"account{number}", f"bob{number}", 1, claims=f'{{"email": "{ADDRESS}"}}'
        )
        storage.commit(Add(account), now=clock())
        stored = storage.get(Account, account.account_id)
        confirmed = confirmed_addresses.confirm(account, clock())
        entered = confirmed_addresses.changes(storage, account, confirmed)
        storage.commit(Replace(confirmed, expecting=stored), *entered, now=clock())
    assert len(at(ADDRESS)) == confirmed_addresses.LIMIT

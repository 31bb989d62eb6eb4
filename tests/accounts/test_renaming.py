"""Renaming a built-in account: on every engine, at the same moment, and after a crash."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from oauthprov.accounts import NameTaken, Unacceptable, removal
from oauthprov.accounts.renaming import rename
from oauthprov.credentials import name_key
from oauthprov.records import Account, Login, Session
from oauthprov.storage.interface import Add, Conflict, Replace
from oauthprov.storage.testing import samples
from tests.site import PASSWORD


def names_of(storage, account_id):
    """The keys of the user names that lead to the account."""
    return {one.record.key for one in storage.walk(Login) if one.record.account_id == account_id}


def test_a_renamed_account_is_the_same_account(storage, people, clock, alice):
    session = replace(samples.fill(Session, "session"), account_id=alice, expires_at=clock() + 60)
    storage.commit(Add(session), now=clock())
    before = storage.get(Account, alice).record
    after = rename(storage, "alice", "Bob", clock() + 5)
    assert (after.account_id, after.name, after.epoch) == (alice, "Bob", before.epoch)
    assert people.by_name("alice") is None
    assert people.authenticate("bob", PASSWORD).account_id == alice
    assert storage.get(Session, session.key) is not None
    claims = people.claims(alice)
    assert claims["preferred_username"] == "Bob"
    assert claims["updated_at"] == clock() + 5
    assert claims["email"] == "alice@example.org"


def test_the_old_name_is_free_for_another_account(storage, people, clock, alice):
    rename(storage, "alice", "bob", clock())
    other = people.sign_up("alice", PASSWORD)
    assert other.account_id != alice
    assert people.by_name("alice").record == other


def test_another_spelling_of_the_same_name_is_stored(storage, people, clock, alice):
    assert rename(storage, "ALICE", "Alice", clock()).name == "Alice"
    assert people.by_name("alice").record.name == "Alice"
    assert names_of(storage, alice) == {name_key("alice")}


def test_a_name_of_another_account_is_taken(storage, people, clock, alice):
    people.sign_up("bob", PASSWORD)
    with pytest.raises(NameTaken, match="BOB"):
        rename(storage, "alice", "BOB", clock())
    assert people.by_name("alice").record.account_id == alice
    assert people.by_name("bob").record.name == "bob"


def test_an_unacceptable_name_and_an_unknown_one_are_refused(storage, clock, alice):
    for wrong in ("", "  ", "a\u202eb", "x" * 65):
        with pytest.raises(Unacceptable):
            rename(storage, "alice", wrong, clock())
    for unknown in ("bob", "", "x" * 5000):
        with pytest.raises(LookupError):
            rename(storage, unknown, "carol", clock())
    assert names_of(storage, alice) == {name_key("alice")}


def test_an_account_that_is_being_removed_keeps_its_name(storage, people, clock, alice):
    steps = removal.remove(storage, alice, clock())
    next(steps)
    with pytest.raises(LookupError):
        rename(storage, "alice", "bob", clock())
    for _ in steps:
        pass
    assert list(storage.walk(Login)) == []


@pytest.mark.parametrize("changed", [False, True])
def test_a_rename_that_a_crash_interrupted_is_completed_by_the_same_call(
    storage, people, clock, alice, changed
):
    # What a cluster has written after its first slot, and after its second.
    storage.commit(Add(Login(key=name_key("bob"), account_id=alice)), now=clock())
    if changed:
        stored = storage.get(Account, alice)
        storage.commit(Replace(replace(stored.record, name="bob"), expecting=stored), now=clock())
    for name in ("alice", "bob"):
        assert people.authenticate(name, PASSWORD).account_id == alice
    with pytest.raises(NameTaken):
        people.sign_up("bob", PASSWORD)
    assert rename(storage, "alice", "bob", clock()).name == "bob"
    assert names_of(storage, alice) == {name_key("bob")}
    assert people.authenticate("alice", PASSWORD) is None


def test_a_third_name_completes_an_interrupted_rename_too(storage, clock, alice):
    storage.commit(Add(Login(key=name_key("bob"), account_id=alice)), now=clock())
    assert rename(storage, "bob", "carol", clock()).name == "carol"
    assert names_of(storage, alice) == {name_key("carol")}


def race(*calls):
    """Run the calls at the same moment; return the result or the exception of each."""
    start, outcomes = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        start.wait()
        try:
            outcomes[number] = call()
        except Exception as wrong:
            outcomes[number] = wrong

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_renames_at_the_same_moment_one_wins(request, storage, people, clock, alice):
    wanted = [f"name {number}" for number in range(6)]
    outcomes = race(
        *(lambda name=name: rename(storage, "alice", name, clock()) for name in wanted)
    )
    winners = {one.name for one in outcomes if isinstance(one, Account)}
    assert {type(one) for one in outcomes} <= {Account, LookupError}
    # On a cluster the old name still leads to the account for a moment: another may come after.
    if request.node.callspec.params["storage"] != "redis_cluster":
        assert len(winners) == 1
    name = storage.get(Account, alice).record.name
    assert name in winners
    assert names_of(storage, alice) == {name_key(name)}


def test_a_rename_and_a_sign_up_never_get_the_same_name(storage, people, clock, alice):
    outcomes = race(
        lambda: rename(storage, "alice", "bob", clock()),
        *[lambda: people.sign_up("bob", PASSWORD)] * 3,
    )
    [winner] = [one for one in outcomes if isinstance(one, Account)]
    assert {type(one) for one in outcomes} == {Account, NameTaken}
    assert people.by_name("bob").record.account_id == winner.account_id
    assert len(names_of(storage, alice)) == 1


def test_other_changes_of_the_account_meanwhile_are_kept(storage, people, clock, alice):
    outcomes = race(
        lambda: rename(storage, "alice", "bob", clock()),
        lambda: people.set_developer(alice, True),
        lambda: people.set_group(alice, "staff", True),
    )
    assert not [one for one in outcomes if isinstance(one, (Conflict, LookupError))]
    account = people.by_name("bob").record
    assert (account.developer, account.groups) == (True, ("staff",))

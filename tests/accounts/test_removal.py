"""Accounts that their users delete: closed at once, taken back within the grace, or removed."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from oauthprov.accounts import NameTaken, removal
from oauthprov.events import AccountRemoved, PublishingStorage, Stream, working
from oauthprov.records import (
    KINDS,
    Account,
    AccountRemoval,
    AuthorizationCode,
    Consent,
    Grant,
    Login,
    RecoveryCodes,
    Session,
    Sweep,
    Totp,
)
from oauthprov.storage.interface import Add, Remove, StorageError, StorageFull
from oauthprov.storage.testing.samples import fill, unique
from tests.accounts.conftest import ADDRESS
from tests.site import PASSWORD

GRACE = 14 * 86_400


@pytest.fixture
def closed(people, clock, alice):
    people.close(alice, clock.now + GRACE)
    return alice


def purge(storage, clock) -> int:
    return sum(removal.remove_due(storage, clock.now))


def swept(storage):
    """Drop the sweep of the ending, as if it were done."""
    for stored in list(storage.walk(Sweep)):
        storage.commit(Remove(Sweep, stored.record.key), now=1)


def test_a_closed_account_gives_no_claims_and_keeps_its_name(storage, people, closed):
    assert people.get(closed).record.closed
    assert people.claims(closed) == {}
    with pytest.raises(NameTaken):
        people.sign_up("alice", PASSWORD)


def test_codes_go_before_grants_and_consents_last():
    kinds = removal.OF_AN_ACCOUNT
    assert kinds[:2] == (AuthorizationCode, Grant)
    assert kinds[-1] is Consent
    assert set(kinds) == {kind for kind in KINDS if "account_id" in kind.shape.indexes}


def test_the_account_stays_until_the_last_second_of_its_grace(storage, people, clock, closed):
    swept(storage)
    clock.pass_by(GRACE - 1)
    assert purge(storage, clock) == 0
    assert people.take_back(closed).remove_at is None
    assert list(storage.walk(AccountRemoval)) == []
    clock.pass_by(GRACE)
    assert purge(storage, clock) == 0
    assert people.authenticate("alice", PASSWORD).account_id == closed


def test_it_cannot_be_taken_back_once_the_grace_is_over(people, clock, closed):
    clock.pass_by(GRACE)
    with pytest.raises(LookupError):
        people.take_back(closed)


def test_a_disabled_account_is_not_taken_back_but_removed(storage, people, clock, closed):
    people.disable(closed)
    swept(storage)
    with pytest.raises(LookupError):
        people.take_back(closed)
    clock.pass_by(GRACE)
    assert purge(storage, clock) > 0
    assert people.get(closed) is None


def test_an_account_that_is_not_closed_cannot_be_taken_back(people, alice):
    with pytest.raises(LookupError):
        people.take_back(alice)


def test_the_first_of_two_requests_decides_when_it_is_removed(storage, people, clock, closed):
    clock.pass_by(60)
    people.close(closed, clock.now + GRACE)
    [stored] = storage.walk(AccountRemoval)
    assert stored.record.due_at == people.get(closed).record.remove_at == clock.now - 60 + GRACE


def test_nothing_of_the_account_is_left_in_storage(storage, people, verifications, clock, alice):
    verifications.vouch(alice)
    people.set_email(alice, "alice@example.com")
    verifications.vouch(alice)
    for kind in removal.OF_AN_ACCOUNT:
        for _ in range(3):
            made = fill(kind, unique(f"{alice}."))
            storage.commit(Add(replace(made, account_id=alice)), now=clock.now)
    for kind in (Totp, RecoveryCodes):
        storage.commit(Add(fill(kind, alice)), now=clock.now)
    people.close(alice, clock.now + GRACE)
    swept(storage)
    clock.pass_by(GRACE)
    assert purge(storage, clock) >= 3 * len(removal.OF_AN_ACCOUNT)
    left = {kind: list(storage.walk(kind)) for kind in KINDS}
    assert alice not in str(left)
    assert ADDRESS not in str(left)


def test_its_name_is_free_then_and_leads_to_another_account(storage, people, clock, closed):
    swept(storage)
    clock.pass_by(GRACE)
    purge(storage, clock)
    another = people.sign_up("alice", PASSWORD)
    assert another.account_id != closed


def test_a_removal_waits_until_the_clients_are_notified(storage, people, clock, closed):
    clock.pass_by(GRACE)
    assert purge(storage, clock) == 0
    assert people.get(closed) is not None
    swept(storage)
    assert purge(storage, clock) > 0


def test_a_removal_that_broke_off_is_finished_by_the_next(storage, people, clock, closed):
    for _ in range(3):
        session = replace(fill(Session, unique(), bare=True), account_id=closed)
        storage.commit(Add(session), now=clock.now)
    swept(storage)
    clock.pass_by(GRACE)
    steps = removal.remove_due(storage, clock.now)
    next(steps)
    steps.close()
    assert people.authenticate("alice", PASSWORD) is None
    purge(storage, clock)
    for kind in (Account, Login, Session, AccountRemoval):
        assert list(storage.walk(kind)) == []


def test_the_operator_removes_an_account_at_once(storage, people, clock, alice):
    assert sum(removal.remove(storage, alice, clock.now)) > 0
    assert people.get(alice) is None
    assert people.by_name("alice") is None
    assert sum(removal.remove(storage, alice, clock.now)) == 0


def sign_up(people) -> str | None:
    try:
        return people.sign_up("alice", PASSWORD).account_id
    except NameTaken:
        return None


@pytest.fixture
def before_the_name_is_free(storage, monkeypatch):
    """Call a function, once, between the decision of a removal to free the name and its commit."""
    waiting, commit = [], storage.commit

    def commit_after(*changes, now):
        frees = any(isinstance(one, Remove) and one.kind is Login for one in changes)
        if frees and waiting:
            waiting.pop()()
        commit(*changes, now=now)

    monkeypatch.setattr(storage, "commit", commit_after)
    return waiting.append


def test_a_second_removal_leaves_the_name_to_whoever_has_taken_it(
    storage, people, clock, alice, before_the_name_is_free
):
    signed_up = []

    def remove_and_sign_up():
        sum(removal.remove(storage, alice, clock.now))
        signed_up.append(sign_up(people))

    before_the_name_is_free(remove_and_sign_up)
    sum(removal.remove(storage, alice, clock.now))
    bob = signed_up[0] or sign_up(people)
    assert people.get(alice) is None
    assert people.by_name("alice").record.account_id == bob


def test_of_many_removals_at_once_none_takes_a_name_that_is_in_use(storage, people, clock, alice):
    start, signed_up = threading.Barrier(5), []

    def remove():
        start.wait()
        sum(removal.remove(storage, alice, clock.now))

    def take_the_name():
        start.wait()
        while not signed_up:
            signed_up.extend(filter(None, [sign_up(people)]))

    threads = [threading.Thread(target=work) for work in (*[remove] * 4, take_the_name)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert people.get(alice) is None
    assert people.by_name("alice").record.account_id == signed_up[0]


def test_a_removal_that_comes_late_tells_of_nothing(storage, people, clock, alice):
    session = replace(fill(Session, unique(), bare=True), account_id=alice)
    storage.commit(Add(session), now=clock.now)
    told, publishing = [], PublishingStorage(storage)
    late = removal.remove(publishing, alice, clock.now)
    next(late)
    with working(Stream(clock, told.append)):
        sum(removal.remove(publishing, alice, clock.now))
        sum(late)
    assert [type(event) for event in told] == [AccountRemoved]


def test_a_last_step_that_broke_off_is_repeated_when_its_turn_is_over(
    storage, people, clock, closed, before_the_name_is_free
):
    def break_off():
        raise StorageError("gone")

    swept(storage)
    clock.pass_by(GRACE)
    before_the_name_is_free(break_off)
    with pytest.raises(StorageError):
        purge(storage, clock)
    assert purge(storage, clock) == 0
    assert people.get(closed) is not None
    clock.pass_by(removal.TURN)
    assert purge(storage, clock) > 0
    assert [list(storage.walk(kind)) for kind in (Account, Login, AccountRemoval)] == [[]] * 3


def test_a_removal_goes_on_while_the_storage_has_no_room(
    storage, people, clock, alice, monkeypatch
):
    commit = storage.commit

    def refuse_additions(*changes, now):
        if any(isinstance(change, Add) for change in changes):
            raise StorageFull("full")
        commit(*changes, now=now)

    monkeypatch.setattr(storage, "commit", refuse_additions)
    assert sum(removal.remove(storage, alice, clock.now)) > 0
    assert [list(storage.walk(kind)) for kind in (Account, Login)] == [[], []]


def test_of_a_removal_and_taking_back_at_once_exactly_one_succeeds(storage, people, clock, closed):
    """Two servers whose clocks differ by a second: one still offers what the other removes."""
    swept(storage)
    due = clock.now + GRACE
    clock.pass_by(GRACE - 1)
    start, kept = threading.Barrier(2), []

    def take_back():
        start.wait()
        try:
            kept.append(people.take_back(closed))
        except LookupError:
            kept.append(None)

    def remove():
        start.wait()
        sum(removal.remove_due(storage, due))

    threads = [threading.Thread(target=work) for work in (take_back, remove)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if kept == [None]:
        assert [list(storage.walk(kind)) for kind in (Account, Login, AccountRemoval)] == [[]] * 3
    else:
        account = people.authenticate("alice", PASSWORD)
        assert (account, account.closed, account.claims) == (kept[0], False, kept[0].claims)
        assert list(storage.walk(AccountRemoval)) == []


def test_grants_are_removed_with_their_account(storage, people, clock, closed):
    grant = replace(fill(Grant, unique(), bare=True), account_id=closed)
    storage.commit(Add(grant), now=clock.now)
    swept(storage)
    clock.pass_by(GRACE)
    purge(storage, clock)
    assert list(storage.walk(Grant)) == []

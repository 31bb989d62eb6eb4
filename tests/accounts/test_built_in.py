"""The built-in accounts: names, passwords, and closing an account, on real storage."""

from __future__ import annotations

import threading

import pytest

from oauthprov.accounts import BuiltInAccounts, NameTaken, PasswordPolicy, Unacceptable
from oauthprov.credentials import PasswordHasher
from oauthprov.records import Account, Login, Session, Sweep
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add

NOW = 1_800_000_000
PASSWORD = "correct horse battery"


@pytest.fixture
def storage():
    made = open_storage("sqlite://")
    made.upgrade()
    yield made
    made.close()


def accounts(storage, *, time_cost: int = 1) -> BuiltInAccounts:
    return BuiltInAccounts.with_costs(
        storage, lambda: NOW, memory_kib=8, time_cost=time_cost, policy=PasswordPolicy()
    )


@pytest.fixture
def people(storage):
    return accounts(storage)


def test_a_name_is_shown_as_it_was_typed(people):
    made = people.sign_up("  Alice Ä ", PASSWORD)
    assert people.name_of(made.account_id) == "Alice Ä"
    assert people.by_name("alice ä").record == made
    assert people.name_of("nobody") is None
    assert people.by_name("nobody") is None


def test_an_account_id_fits_a_token_and_a_slot(people):
    account_id = people.sign_up("alice", PASSWORD).account_id
    assert account_id.isascii()
    assert "." not in account_id
    assert len(account_id) <= 200


def test_sixteen_sign_ups_for_one_name_make_one_account(storage, people):
    outcomes: list[str] = []
    start = threading.Barrier(16)

    def race():
        start.wait()
        try:
            outcomes.append(people.sign_up("alice", PASSWORD).account_id)
        except NameTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=race) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 16
    assert outcomes.count("taken") == 15
    assert [len(list(storage.walk(kind))) for kind in (Login, Account)] == [1, 1]


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "\u3000", "x" * 65, "ﬃ" * 22),
        *("a\x00b", "a\u200bb", "a\u202eb", "a\ud800b", "a\u034fb", "a\ufe0f", "a\U000e0101b"),
        *("\u3164", "a\u115fb", "a\u2800b", "a\u180bb"),
    ],
)
def test_unusable_user_names_are_refused(storage, people, name):
    with pytest.raises(Unacceptable) as refused:
        people.sign_up(name, PASSWORD)
    assert refused.value.field == "name"
    assert list(storage.walk(Login)) == []


@pytest.mark.parametrize("name", ["x" * 64, "a b", "李", "o'neil", "a.b@c.example"])
def test_usable_user_names_are_accepted(people, name):
    people.sign_up(name, PASSWORD)
    assert people.authenticate(name, PASSWORD).name == name


@pytest.mark.parametrize("twin", ["A  B", "a \u3000 b", " a\u1680b", "\uff41 b"])
def test_names_that_differ_in_blanks_or_width_alone_are_the_same(people, twin):
    people.sign_up("a b", PASSWORD)
    with pytest.raises(NameTaken):
        people.sign_up(twin, PASSWORD)
    assert people.authenticate(twin, PASSWORD).name == "a b"


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1025])
def test_unusable_passwords_are_refused(people, password):
    with pytest.raises(Unacceptable) as refused:
        people.sign_up("alice", password)
    assert refused.value.field == "password"


@pytest.mark.parametrize("guess", ["", "x", PASSWORD + " ", PASSWORD.upper(), "x" * 5000])
def test_only_the_password_authenticates(people, guess):
    people.sign_up("alice", PASSWORD)
    assert people.authenticate("alice", guess) is None
    assert people.authenticate("bob", PASSWORD) is None


def test_a_hash_of_old_costs_is_renewed_at_sign_in(storage, people):
    old = people.sign_up("alice", PASSWORD)
    dearer = accounts(storage, time_cost=2)
    assert dearer.authenticate("alice", PASSWORD) is not None
    renewed = people.get(old.account_id).record.password_hash
    assert renewed != old.password_hash
    assert not PasswordHasher(memory_kib=8, time_cost=2).needs_rehash(renewed)
    assert dearer.authenticate("alice", PASSWORD) is not None


def test_a_new_password_replaces_the_old_one(people):
    account_id = people.sign_up("alice", PASSWORD).account_id
    people.change_password(account_id, "another good one")
    assert people.authenticate("alice", PASSWORD) is None
    assert people.authenticate("alice", "another good one") is not None
    with pytest.raises(LookupError):
        people.change_password("nobody", "another good one")


def session(key: str, account_id: str) -> Session:
    return Session(key, account_id, NOW, NOW, NOW, NOW + 3600)


@pytest.mark.parametrize("end", ["change_password", "end_sessions", "disable"])
def test_ending_all_sessions_of_an_account_is_one_commit_of_two_changes(storage, people, end):
    alice = people.sign_up("alice", PASSWORD).account_id
    for number in range(150):
        storage.commit(Add(session(f"there{number}", alice)), now=NOW)
    more = ("another good one",) if end == "change_password" else ()
    ended = getattr(people, end)(alice, *more)
    assert ended.account == people.get(alice).record
    assert ended.account.epoch == 1
    assert [stored.record for stored in storage.walk(Sweep)] == [ended.sweep]
    assert (ended.sweep.account_id, ended.sweep.epoch) == (alice, 1)
    assert ended.sweep.everything == (end == "disable")


def test_a_disabled_account_cannot_sign_in(people):
    alice = people.sign_up("alice", PASSWORD).account_id
    assert people.disable(alice).account.disabled_at == NOW
    assert people.authenticate("alice", PASSWORD) is None


def test_the_developer_role_is_given_and_taken(people):
    account_id = people.sign_up("alice", PASSWORD).account_id
    people.set_developer(account_id, True)
    assert people.get(account_id).record.developer
    people.set_developer(account_id, False)
    assert not people.get(account_id).record.developer


def test_storage_holds_no_password(storage, people):
    people.sign_up("alice", PASSWORD)
    assert PASSWORD not in str([list(storage.walk(kind)) for kind in (Account, Login)])


def test_changes_at_the_same_time_all_arrive(storage, people):
    account_id = people.sign_up("alice", PASSWORD).account_id
    start = threading.Barrier(4)

    def change(work):
        start.wait()
        work()

    works = [
        lambda: people.set_developer(account_id, True),
        lambda: people.change_password(account_id, "another good one"),
        lambda: people.disable(account_id),
        lambda: people.set_developer(account_id, True),
    ]
    threads = [threading.Thread(target=change, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    account = people.get(account_id).record
    assert (account.developer, account.disabled_at) == (True, NOW)
    assert people.authenticate("alice", "another good one") is None
    assert PasswordHasher(memory_kib=8, time_cost=1).verify(
        account.password_hash, "another good one"
    )


def test_a_password_is_the_same_however_its_characters_were_composed(people):
    """Unicode NFC (RFC 8265 section 4.2): keyboards differ in the code points that they send."""
    composed = people.sign_up("alice", "une tasse de caf\u00e9 noir")
    assert people.authenticate("alice", "une tasse de cafe\u0301 noir") == composed
    assert people.authenticate("alice", "une tasse de cafe noir") is None

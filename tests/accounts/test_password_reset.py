"""Password resets by mail: what a token is bound to, and that it is used once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.accounts import BuiltInAccounts, HashingBusy, PasswordResets, Unacceptable, Unproven
from oauthprov.credentials import PasswordHasher
from oauthprov.records import PasswordReset, Sweep
from oauthprov.storage.interface import Contended
from tests.accounts.conftest import ADDRESS
from tests.site import PASSWORD

NEW_PASSWORD = "staple battery horse"
THREADS = 8
LIFETIME = 1800


@pytest.fixture
def resets(storage, people, clock):
    return PasswordResets(storage, people, clock, LIFETIME)


@pytest.fixture
def confirmed(alice, verifications):
    """The id of alice's account; its address is confirmed."""
    verifications.vouch(alice)
    return alice


def another(people, verifications, name="bob", email=ADDRESS):
    account_id = people.sign_up(name, PASSWORD).account_id
    people.set_profile(account_id, {"email": email})
    verifications.vouch(account_id)
    return account_id


def names(resets, entered):
    found = resets.accounts_of(entered)
    return {email: sorted(account.name for account in by) for email, by in found.items()}


def begin(resets, entered="alice"):
    """The token for the only account."""
    [(email, accounts)] = resets.accounts_of(entered).items()
    [(_, token)] = resets.begin(email, accounts).tokens
    return token


def is_refused(resets, token, password=NEW_PASSWORD):
    with pytest.raises(Unproven):
        resets.finish(token, password)
    return True


@pytest.mark.parametrize("entered", ["alice", " ALICE", ADDRESS, "Alice@EXAMPLE.org "])
def test_a_name_or_a_confirmed_address_leads_to_the_account(resets, confirmed, entered):
    assert names(resets, entered) == {ADDRESS: ["alice"]}


@pytest.mark.parametrize("entered", ["alice", ADDRESS, "nobody", "", "%", "\u202e", "x" * 5000])
def test_without_a_confirmed_address_nothing_is_mailed(resets, alice, entered):
    assert names(resets, entered) == {}


def test_an_address_of_several_accounts_leads_to_each(people, verifications, resets, confirmed):
    another(people, verifications)
    assert names(resets, ADDRESS) == {ADDRESS: ["alice", "bob"]}
    assert names(resets, "bob") == {ADDRESS: ["bob"]}


def test_spellings_of_an_address_get_a_mail_each(people, verifications, resets, confirmed):
    """They may be mailboxes of different people."""
    another(people, verifications, email="Alice@example.org")
    assert names(resets, ADDRESS) == {ADDRESS: ["alice"], "Alice@example.org": ["bob"]}


def test_a_look_alike_address_gets_no_mail_itself(resets, confirmed):
    """The mail goes to the confirmed spelling: another mailbox may have the one entered."""
    assert names(resets, "alice@ｅxample.org") == {ADDRESS: ["alice"]}  # noqa: RUF001


def test_a_user_named_like_an_address_keeps_no_mail_from_its_owner(
    people, verifications, resets, confirmed
):
    another(people, verifications, name=ADDRESS, email="bob@example.org")
    assert names(resets, ADDRESS) == {"bob@example.org": [ADDRESS], ADDRESS: ["alice"]}


def test_a_disabled_account_gets_no_mail_and_no_password(people, resets, confirmed):
    token = begin(resets)
    people.disable(confirmed)
    assert names(resets, "alice") == names(resets, ADDRESS) == {}
    assert is_refused(resets, token)


def test_a_token_sets_the_password_and_ends_the_sessions(people, resets, confirmed, storage):
    before = people.authenticate("alice", PASSWORD)
    ended = resets.finish(begin(resets), NEW_PASSWORD)
    assert people.authenticate("alice", PASSWORD) is None
    assert people.authenticate("alice", NEW_PASSWORD) == ended.account
    assert ended.account.epoch == before.epoch + 1
    assert [stored.record for stored in storage.walk(Sweep)] == [ended.sweep]


def test_a_token_works_once(resets, confirmed, storage, clock):
    token = begin(resets)
    resets.finish(token, NEW_PASSWORD)
    # The account's next epoch refuses it too; the record says for itself that it is used.
    assert [stored.state(clock()) for stored in storage.walk(PasswordReset)] == ["claimed"]
    assert is_refused(resets, token, PASSWORD)


def test_a_token_expires(resets, confirmed, clock):
    token = begin(resets)
    clock.pass_by(LIFETIME)
    assert is_refused(resets, token)


def test_an_earlier_token_works_until_one_is_used(resets, confirmed):
    """Otherwise a stranger could end the one that the owner is about to use."""
    earlier, unused, later = begin(resets), begin(resets), begin(resets)
    assert earlier != later
    resets.finish(earlier, NEW_PASSWORD)
    assert is_refused(resets, unused)
    assert is_refused(resets, later)


@pytest.mark.parametrize("ending", ["change_password", "end_sessions"])
def test_a_token_ends_with_the_sessions_of_the_account(people, resets, confirmed, ending):
    token = begin(resets)
    arguments = (NEW_PASSWORD,) if ending == "change_password" else ()
    getattr(people, ending)(confirmed, *arguments)
    assert is_refused(resets, token, "another battery horse")


@pytest.mark.parametrize("email", ["alice@example.com", ""])
def test_a_token_ends_with_the_address_it_was_mailed_to(
    people, verifications, resets, confirmed, email
):
    token = begin(resets)
    people.set_profile(confirmed, {"email": email})
    if email:
        verifications.vouch(confirmed)
    assert is_refused(resets, token)
    people.set_profile(confirmed, {"email": ADDRESS})
    assert is_refused(resets, token)


def test_a_token_of_one_account_resets_no_other(people, verifications, resets, confirmed):
    bob = another(people, verifications, email="bob@example.org")
    token = begin(resets)
    forged = f"{bob}.{token.partition('.')[2]}"
    assert is_refused(resets, forged)
    resets.finish(token, NEW_PASSWORD)
    assert people.authenticate("bob", PASSWORD) is not None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "\u202e.\u202e", "a" * 9999, "é.x", "\n"])
def test_a_malformed_token_is_refused(resets, confirmed, token):
    assert is_refused(resets, token)


def test_a_token_altered_in_one_character_is_refused(resets, confirmed):
    token = begin(resets)
    assert is_refused(resets, token[:-1] + ("A" if token[-1] != "A" else "B"))
    assert is_refused(resets, token[:-1])
    resets.finish(token, NEW_PASSWORD)


@pytest.mark.parametrize("password", ["short", "alice alice alice alice", "x" * 1025])
def test_a_refused_password_leaves_the_token_valid(people, resets, confirmed, password):
    token = begin(resets)
    with pytest.raises(Unacceptable):
        resets.finish(token, password)
    assert people.authenticate("alice", PASSWORD) is not None
    resets.finish(token, NEW_PASSWORD)


def finished(resets, token, password=NEW_PASSWORD):
    try:
        resets.finish(token, password)
    except (Unproven, HashingBusy, Contended):
        return False
    return True


def test_of_a_thousand_requests_with_one_token_one_succeeds(people, resets, confirmed):
    token = begin(resets)
    passwords = [f"staple battery horse {number}" for number in range(1000)]
    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(lambda password: finished(resets, token, password), passwords))
    assert done.count(True) == 1
    winner = passwords[done.index(True)]
    assert people.authenticate("alice", winner) is not None


def test_of_many_tokens_used_at_once_one_succeeds(storage, clock, people, resets, confirmed):
    """Over several processes too: each has its own hasher."""
    tokens = [begin(resets) for _ in range(2 * THREADS)]

    def finish(number):
        own = BuiltInAccounts(storage, PasswordHasher(memory_kib=8, time_cost=1), clock)
        return finished(PasswordResets(storage, own, clock, LIFETIME), tokens[number])

    with ThreadPoolExecutor(THREADS) as threads:
        done = list(threads.map(finish, range(len(tokens))))
    assert done.count(True) == 1


def test_a_token_and_a_change_of_the_address_at_once_leave_one_of_both(people, resets, confirmed):
    token = begin(resets)
    with ThreadPoolExecutor(2) as threads:
        using = threads.submit(finished, resets, token)
        threads.submit(people.set_profile, confirmed, {"email": "alice@example.com"}).result()
    # Whichever came first; what must not be is a used token without its password, or the reverse.
    assert (people.authenticate("alice", NEW_PASSWORD) is not None) == using.result()
    assert is_refused(resets, token, PASSWORD)


def test_a_confirmed_address_and_a_new_one_meanwhile(people, verifications, resets, confirmed):
    """A profile saved with the same address doesn't end a token."""
    token = begin(resets)
    people.set_profile(confirmed, {"email": ADDRESS, "nickname": "Al"})
    resets.finish(token, NEW_PASSWORD)


def test_storage_has_a_digest_alone(resets, confirmed, storage):
    token = begin(resets)
    [stored] = storage.walk(PasswordReset)
    assert token.partition(".")[2] not in repr(stored)
    [(email, accounts)] = resets.accounts_of("alice").items()
    mailed = resets.begin(email, accounts)
    assert mailed.tokens[0][1] not in repr(mailed)

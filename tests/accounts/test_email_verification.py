"""E-mail verification tokens under simultaneous requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauthprov.accounts import Unproven
from oauthprov.records import EmailVerification
from oauthprov.storage.interface import COMMIT_LIMIT, Add
from tests.accounts.conftest import ADDRESS
from tests.site import PASSWORD, Clock

THREADS = 8


def test_of_sixteen_requests_with_one_token_one_succeeds(verifications, alice, people):
    token = verifications.begin(alice).token

    def finish(_: int) -> bool:
        try:
            verifications.finish(alice, token)
        except Unproven:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as threads:
        assert sorted(threads.map(finish, range(2 * THREADS)))[-2:] == [False, True]
    assert people.profile(alice)["email_verified"] is True


def test_a_new_token_ends_any_number_of_earlier_ones(storage, verifications, alice):
    for number in range(COMMIT_LIMIT + 1):
        earlier = EmailVerification(f"earlier{number}", alice, ADDRESS, 1, Clock().now + 600)
        storage.commit(Add(earlier), now=Clock().now)
    token = verifications.begin(alice).token
    assert len(list(storage.walk(EmailVerification))) == 1
    verifications.finish(alice, token)


def test_a_profile_saved_during_the_confirmation_is_kept(verifications, alice, people):
    token = verifications.begin(alice).token

    def save(number: int) -> None:
        people.set_profile(alice, {"nickname": f"Al {number}", "email": ADDRESS})

    with ThreadPoolExecutor(THREADS) as threads:
        saved = [threads.submit(save, number) for number in range(THREADS)]
        threads.submit(verifications.finish, alice, token).result()
        for one in saved:
            one.result()
    profile = people.profile(alice)
    assert profile["email_verified"] is True
    assert profile["nickname"].startswith("Al ")


def test_an_operator_can_mark_an_address_as_verified(verifications, alice, people, clock):
    clock.pass_by(60)
    verifications.vouch(alice)
    profile = people.profile(alice)
    assert (profile["email_verified"], profile["updated_at"]) == (True, clock())
    assert verifications.begin(alice) is None


@pytest.mark.parametrize("who", ["bob", "nobody"])
def test_an_account_without_an_address_cannot_be_marked_as_verified(verifications, people, who):
    account_id = people.sign_up("bob", PASSWORD).account_id if who == "bob" else who
    with pytest.raises(Unproven):
        verifications.vouch(account_id)
    assert verifications.begin(account_id) is None

"""The second step of a sign-in: once, in time, and never past a new password."""

from __future__ import annotations

import threading

import pytest

from oauthprov.factors import Factors, Guessed, Proven, SignInOver, WrongProof
from oauthprov.factors.second_step import ATTEMPTS, LIFETIME
from oauthprov.records import Digest, PendingSignIn, RecoveryCodes, Totp
from tests.factors.conftest import SECRET
from tests.site import PASSWORD

BROWSER = Digest("a browser")


def finish(factors: Factors, secret: str, answer: str, name: str = "totp") -> Proven:
    return factors.second_step.finish(secret, name, answer, BROWSER)


def outcomes(*calls):
    """What each call returns or raises, all at the same time."""
    found = [None] * len(calls)
    together = threading.Barrier(len(calls))

    def run(number, call):
        together.wait()
        try:
            found[number] = call()
        except (SignInOver, WrongProof) as error:
            found[number] = type(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_a_code_of_the_app_finishes_a_sign_in(factors, alice):
    proven = finish(factors, alice.begin(), alice.code())
    assert proven.account.account_id == alice.account_id
    assert proven.amr == ("pwd", "otp", "mfa")


def test_a_recovery_code_finishes_a_sign_in(factors, alice):
    proven = finish(factors, alice.begin(), alice.codes[3], "recovery")
    assert proven.amr == ("pwd", "otp", "mfa")
    assert factors.recovery.left(alice.account_id) == 9


def test_an_account_without_factors_lacks_nothing(factors, people):
    account = people.sign_up("bob", PASSWORD)
    assert factors.second_step.lacking(account, ("pwd",)) is None
    assert factors.second_step.offered(account) == ()


def test_an_account_with_a_factor_lacks_it_until_several_were_proven(factors, alice):
    step = factors.second_step
    assert step.lacking(alice.account, ("pwd",)) == "factor"
    assert step.lacking(alice.account, ("pwd", "otp", "mfa")) is None
    assert [one.name for one in step.offered(alice.account)] == ["totp", "recovery"]


def test_an_account_that_must_have_a_factor_lacks_one(storage, people, clock):
    required = Factors.build(storage, SECRET, clock, is_required=lambda one: one.developer)
    developer = people.sign_up("alice", PASSWORD, developer=True)
    assert required.second_step.lacking(developer, ("pwd",)) == "factor_setup"
    assert required.second_step.lacking(people.sign_up("bob", PASSWORD), ("pwd",)) is None


@pytest.mark.parametrize("typed", ["{0}{1}", "{0} {1}", " {0}\t{1} "])
def test_blanks_in_a_code_do_not_matter(factors, alice, typed):
    code = alice.code()
    assert finish(factors, alice.begin(), typed.format(code[:3], code[3:]))


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_counts_for_a_step_before_and_after_its_own(factors, alice, clock, steps):
    clock.pass_by(30)
    assert finish(factors, alice.begin(), alice.code(steps))


@pytest.mark.parametrize("steps", [-2, 2])
def test_an_older_or_later_code_is_wrong(factors, alice, clock, steps):
    clock.pass_by(300)
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), alice.code(steps))


def test_a_code_works_once_in_its_window(factors, alice, clock):
    code = alice.code()
    finish(factors, alice.begin(), code)
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), code)
    clock.pass_by(30)
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), code)


def test_an_earlier_code_than_the_last_used_one_is_wrong(factors, alice, clock):
    clock.pass_by(30)
    finish(factors, alice.begin(), alice.code())
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), alice.code(-1))


def test_the_code_that_set_the_app_up_does_not_sign_in(factors, alice):
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), alice.code(-1))


def test_one_code_given_twice_at_once_signs_in_once(factors, alice):
    first, second, code = alice.begin(), alice.begin(), alice.code()
    found = outcomes(lambda: finish(factors, first, code), lambda: finish(factors, second, code))
    assert sorted(map(str, map(type, found))) == sorted(map(str, [Proven, type]))
    assert WrongProof in found


def test_a_recovery_code_works_once_however_it_is_spelled(factors, alice):
    code = alice.codes[0]
    finish(factors, alice.begin(), f" {code.replace('-', ' ').upper()} ", "recovery")
    with pytest.raises(WrongProof):
        finish(factors, alice.begin(), code, "recovery")


def test_one_recovery_code_given_twice_at_once_signs_in_once(factors, alice):
    first, second, code = alice.begin(), alice.begin(), alice.codes[0]
    found = outcomes(
        lambda: finish(factors, first, code, "recovery"),
        lambda: finish(factors, second, code, "recovery"),
    )
    assert found.count(WrongProof) == 1
    assert factors.recovery.left(alice.account_id) == 9


def test_two_recovery_codes_given_at_once_both_count(factors, alice):
    first, second = alice.begin(), alice.begin()
    found = outcomes(
        lambda: finish(factors, first, alice.codes[0], "recovery"),
        lambda: finish(factors, second, alice.codes[1], "recovery"),
    )
    assert [type(one) for one in found] == [Proven, Proven]
    assert factors.recovery.left(alice.account_id) == 8


def test_a_finished_sign_in_cannot_be_finished_again(factors, alice):
    secret = alice.begin()
    finish(factors, secret, alice.code())
    with pytest.raises(SignInOver):
        finish(factors, secret, alice.codes[0], "recovery")
    assert factors.recovery.left(alice.account_id) == 10


def test_one_sign_in_finished_twice_at_once_is_finished_once(factors, alice):
    secret = alice.begin()
    found = outcomes(
        lambda: finish(factors, secret, alice.codes[0], "recovery"),
        lambda: finish(factors, secret, alice.codes[1], "recovery"),
    )
    assert found.count(SignInOver) == 1
    assert factors.recovery.left(alice.account_id) == 9


def test_a_sign_in_waits_ten_minutes(factors, alice, clock):
    secret = alice.begin()
    clock.pass_by(LIFETIME - 1)
    assert factors.second_step.waiting(secret)
    clock.pass_by(1)
    assert factors.second_step.waiting(secret) is None
    with pytest.raises(SignInOver):
        finish(factors, secret, alice.code())


def test_five_wrong_answers_end_a_sign_in(factors, alice):
    secret = alice.begin()
    for _ in range(ATTEMPTS - 1):
        with pytest.raises(WrongProof):
            finish(factors, secret, "000000")
    with pytest.raises(Guessed):
        finish(factors, secret, "000000")
    with pytest.raises(SignInOver):
        finish(factors, secret, alice.code())
    assert finish(factors, alice.begin(), alice.code())


def test_guesses_given_at_once_are_counted_before_any_is_judged(factors, alice):
    secret = alice.begin()
    guesses = [lambda: finish(factors, secret, "000000")] * (ATTEMPTS + 3)
    found = outcomes(*guesses)
    assert [found.count(one) for one in (WrongProof, Guessed, SignInOver)] == [ATTEMPTS - 1, 1, 3]


def test_a_new_password_ends_sign_ins_that_wait(factors, alice, people):
    secret = alice.begin()
    people.change_password(alice.account_id, "staple of another horse")
    with pytest.raises(SignInOver):
        finish(factors, secret, alice.code())


def test_a_disabled_account_finishes_no_sign_in(factors, alice, people):
    secret = alice.begin()
    people.disable(alice.account_id)
    assert factors.second_step.waiting(secret) is None


def test_a_reset_ends_sign_ins_that_wait_and_removes_everything(factors, alice, people, storage):
    secret = alice.begin()
    people.reset_factors(alice.account_id, factors.removals(alice.account_id))
    with pytest.raises(SignInOver):
        finish(factors, secret, alice.code())
    assert alice.account.factors == ()
    assert list(storage.walk(Totp)) == list(storage.walk(RecoveryCodes)) == []


def test_a_factor_that_was_removed_meanwhile_finishes_nothing(factors, alice):
    secret = alice.begin()
    factors.enrolments.remove(alice.account_id, "totp", factors.totp.removals(alice.account_id))
    with pytest.raises(WrongProof):
        finish(factors, secret, alice.code())
    with pytest.raises(WrongProof):
        finish(factors, secret, alice.codes[0], "recovery")


def test_the_code_of_another_account_finishes_nothing(factors, alice, people, clock):
    bob = people.sign_up("bob", PASSWORD)
    secret = factors.second_step.begin(bob, ("pwd",))
    for name, answer in [("totp", alice.code()), ("recovery", alice.codes[0])]:
        with pytest.raises(WrongProof):
            finish(factors, secret, answer, name)


@pytest.mark.parametrize(
    "secret", ["", ".", "nobody.x", "x" * 5000, "alice.é", "a b.c", "a." + "b" * 43, "\x00.\x00"]
)
def test_a_secret_that_was_never_given_out_finishes_nothing(factors, secret):
    with pytest.raises(SignInOver):
        finish(factors, secret, "000000")


def test_the_secret_of_one_account_with_the_id_of_another_finishes_nothing(factors, alice, people):
    bob = people.sign_up("bob", PASSWORD)
    _, _, random = alice.begin().partition(".")
    with pytest.raises(SignInOver):
        finish(factors, f"{bob.account_id}.{random}", alice.code())


@pytest.mark.parametrize("name", ["totp", "recovery", "nothing"])
def test_answers_that_no_app_shows_are_wrong(factors, alice, name):
    longest = "1" * 100_000
    for answer in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", longest, "\x00", "-12345"]:
        with pytest.raises(WrongProof):
            finish(factors, alice.begin(), answer, name)


def test_storage_holds_neither_the_secret_of_the_app_nor_recovery_codes(factors, alice, storage):
    secret = alice.begin()
    [totp] = [stored.record for stored in storage.walk(Totp)]
    assert alice.secret not in repr(totp)
    [pending] = [stored.record for stored in storage.walk(PendingSignIn)]
    assert secret.partition(".")[2] not in repr(pending)


def test_an_app_still_counts_after_the_secret_of_the_server_changed(
    factors, alice, storage, clock
):
    new = "another secret of thirty-two and more characters"
    both = Factors.build(storage, (new, *SECRET), clock)
    finish(both, alice.begin(), alice.code())
    clock.pass_by(30)
    later = Factors.build(storage, (new,), clock)
    assert finish(later, alice.begin(), alice.code()), "the first use sealed it anew"


def test_apps_are_sealed_anew_for_people_who_have_not_signed_in_since(
    factors, alice, storage, clock
):
    new = "another secret of thirty-two and more characters"
    assert list(Factors.build(storage, (new,), clock).totp.reseal()) == [False]
    assert list(Factors.build(storage, (new, *SECRET), clock).totp.reseal()) == [True]
    assert finish(Factors.build(storage, (new,), clock), alice.begin(), alice.code())


def test_an_app_that_no_secret_opens_is_wrong_and_logged(alice, storage, clock, caplog):
    other = Factors.build(storage, ("another secret of thirty-two and more characters",), clock)
    with pytest.raises(WrongProof):
        finish(other, alice.begin(), alice.code())
    assert f"no secret of oauthprov.secret opens the app of account {alice.account_id}" in (
        caplog.text
    )


class TestProvingAgain:
    """A person who is signed in proves a factor for a client that asks for more."""

    def test_it_adds_to_what_the_session_has_proven(self, factors, alice):
        proven = factors.second_step.prove_again(
            alice.account_id, alice.account.epoch, ("pwd",), "totp", alice.code(), BROWSER
        )
        assert proven.amr == ("pwd", "otp", "mfa")

    def test_it_uses_the_code_up(self, factors, alice):
        code = alice.code()
        again = (alice.account_id, alice.account.epoch, ("pwd",), "totp", code, BROWSER)
        factors.second_step.prove_again(*again)
        with pytest.raises(WrongProof):
            factors.second_step.prove_again(*again)

    def test_it_is_refused_after_a_new_password(self, factors, alice, people):
        epoch = alice.account.epoch
        people.change_password(alice.account_id, "staple of another horse")
        with pytest.raises(SignInOver):
            factors.second_step.prove_again(
                alice.account_id, epoch, ("pwd",), "totp", alice.code(), BROWSER
            )

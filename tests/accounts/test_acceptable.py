"""The password policy (NIST SP 800-63B-4 section 3.1.1.2), at sign-up and at a change."""

from __future__ import annotations

import subprocess
import sys

import pytest

from oauthprov.accounts import BuiltInAccounts, PasswordPolicy, Unacceptable
from oauthprov.credentials import PASSWORD_LIMIT, PasswordHasher
from oauthprov.storage import open_storage
from tests.site import PASSWORD

SHORT = "A password needs 15 characters or more."
LONG = "A password has at most 1024 characters."
NAMED = "A password can't consist of your user name or the name of this site."
GUESSED = (
    "This password is easy to guess: it is a common one, or follows a pattern. "
    "Several unrelated words make a good password."
)


def refusal(password, name="alice", policy=None):
    """The error text for a password, None when it is acceptable."""
    try:
        (policy or PasswordPolicy(site="Photo Album")).check(password, name)
    except Unacceptable as refused:
        return refused.sentence
    return None


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "another good one",
        "through the looking glass",
        "   spaces count, too   ",
        "ünïcödé wörds gö hére",
        "пароль из нескольких слов",
        "四つの漢字と平仮名を混ぜた長い言葉",
        "🐴🔋🎠🧲🪁🎻🧭🪴🛶🥨🧶🪕🦔🎈🧂",
        "x7$kQ2!mZ9@pL4#vR8",
        "alice likes warm croissants",
        "responsibilities of squirrels",
    ],
)
def test_a_long_enough_password_is_accepted(password):
    assert refusal(password) is None


@pytest.mark.parametrize(
    "password", ["", "a", "short", "password", "12345678", "x7$kQ2!mZ9@pL4", "é" * 14]
)
def test_a_short_password_is_refused(password):
    assert refusal(password) == SHORT


def test_the_operator_may_ask_for_fewer_characters_but_common_ones_stay_refused():
    policy = PasswordPolicy(length=8)
    assert refusal("x7$kQ2!m", policy=policy) is None
    for password in ("password", "12345678", "Password1", "P@ssw0rd", "qwertyuiop", "iloveyou"):
        assert refusal(password, policy=policy) == GUESSED


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password12345678",
        "P@ssw0rd12345678",
        "123456789012345",
        "11111111111111111111",
        "aaaaaaaaaaaaaaaa",
        "               ",
        "qwertyuiopasdfgh",
        "abcdefghijklmnop",
        "iloveyou123456789",
        "a" * 1024,
        "abc" * 300,
    ],
)
def test_common_and_patterned_passwords_are_refused(password):
    assert refusal(password) == GUESSED


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice.wonderland@example.org", "alice.wonderland@example.org"),
        ("alice.wonderland@example.org", "ALICE.Wonderland@Example.org"),
        ("Alice Ä Wonderland", "alice  a\u0308 wonderland"),
        ("alice.wonderland@example.org", "alice.wonderland@example.org1"),
        ("alice", "AliceAliceAlice"),
        ("alice", "alice-alice-2026!"),
        ("alice", "12345 alice 67890"),
        ("alice", "Photo Album alice 1"),
        ("alice", "photoalbum-2026!!"),
        ("\uff41\uff4c\uff49\uff43\uff45", "alice1987654321!"),
    ],
)
def test_the_user_name_and_the_site_are_no_password(name, password):
    assert refusal(password, name) == NAMED


def test_a_user_name_that_is_short_or_has_no_letters_forbids_no_password():
    assert refusal(PASSWORD, "a") is None
    assert refusal(PASSWORD, "!!!") is None
    assert refusal(PASSWORD, policy=PasswordPolicy()) is None


def test_each_code_point_counts_as_one_character():
    """``é`` counts as one character even when typed as a letter and a combining accent."""
    policy = PasswordPolicy(length=16)
    assert refusal("cafe\u0301 au lait doux", policy=policy) is None
    typed = "cafe\u0301 au lait su"
    assert (len(typed), refusal(typed, policy=policy)) == (
        16,
        "A password needs 16 characters or more.",
    )


def test_a_too_long_password_is_refused_and_64_characters_are_fine():
    assert refusal("x" * (PASSWORD_LIMIT + 1)) == LONG
    assert refusal("a few words that don't repeat themselves, with sixty-four letters") is None


def test_any_string_is_accepted_or_refused_and_raises_nothing_else():
    for odd in ("\udcff" * 20, "\0" * 20, "\u200b" * 20, "\ud800 and some more words"):
        refusal(odd)


def test_the_library_is_loaded_when_a_password_is_chosen_and_not_before():
    script = (
        "import sys, oauthprov.web, oauthprov.accounts, oauthprov.cli\n"
        "from oauthprov.accounts import PasswordPolicy\n"
        "print('zxcvbn_rs_py' in sys.modules)\n"
        "PasswordPolicy().check('correct horse battery', 'alice')\n"
        "print('zxcvbn_rs_py' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True"]


def test_only_the_beginning_of_a_password_is_estimated():
    tail = "x7$kQ2!mZ9@pL4#vR8" * 50
    assert refusal("a" * 24 + tail) == refusal("a" * 24) == GUESSED
    assert refusal("a" * 16 + tail) is None


@pytest.fixture
def people():
    storage = open_storage("sqlite://")
    storage.upgrade()
    hasher = PasswordHasher(memory_kib=8, time_cost=1)
    yield BuiltInAccounts(storage, hasher, lambda: 1, PasswordPolicy(site="Photo Album"))
    storage.close()


def test_sign_up_and_change_follow_the_policy(people):
    for password in ("passwordpassword", "alice 1234567890", "photoalbum 2026 !"):
        with pytest.raises(Unacceptable):
            people.sign_up("alice", password)
    account = people.sign_up("alice", PASSWORD)
    for password in ("passwordpassword", "alice 1234567890", "photoalbum 2026 !"):
        with pytest.raises(Unacceptable):
            people.change_password(account.account_id, password)
    assert people.authenticate("alice", PASSWORD)


def test_a_password_from_before_the_policy_still_signs_in(people):
    """The policy applies to new passwords only, so it locks nobody out."""
    lenient = BuiltInAccounts(people._storage, people._hasher, lambda: 1, PasswordPolicy(length=8))
    lenient.sign_up("bob", "x7$kQ2!m")
    assert people.authenticate("bob", "x7$kQ2!m")

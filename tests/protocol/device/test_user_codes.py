"""User codes: few letters, easy to type, stored so that nobody finds them."""

from hypothesis import given
from hypothesis import strategies as st

from oauthprov.credentials import Keyring, digest
from oauthprov.protocol.device import user_codes
from oauthprov.protocol.device.user_codes import ALPHABET, LENGTH

NEW, OLD = "n" * 32, "o" * 32
codes = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def test_a_code_is_random_letters_of_the_alphabet():
    drawn = {user_codes.draw() for _ in range(200)}
    assert len(drawn) == 200
    assert {len(code) for code in drawn} == {LENGTH}
    assert set("".join(drawn)) == set(ALPHABET)


@given(codes)
def test_a_code_is_recognised_as_it_is_shown(code):
    assert user_codes.typed(user_codes.shown(code)) == code


@given(codes, st.text("-_. \t\u2013\u200f0189AEIOUYaeiouy", max_size=3))
def test_case_and_other_characters_count_for_nothing(code, between):
    assert user_codes.typed(between + between.join(code.lower()) + between) == code


@given(st.text(max_size=300))
def test_whatever_is_typed_is_a_code_or_none(text):
    found = user_codes.typed(text)
    assert found is None or (len(found) == LENGTH and set(found) <= set(ALPHABET))


def test_too_few_too_many_and_far_too_many_letters_are_no_code():
    for text in ("", "BCDF-GHJ", "BCDF-GHJK-L", "B C" * 1000, "\u00df" * 4):
        assert user_codes.typed(text) is None


def test_a_code_is_stored_under_a_mac_that_only_the_secret_makes():
    made = user_codes.key(Keyring([NEW]), "BCDFGHJK")
    assert made not in (digest("BCDFGHJK"), user_codes.key(Keyring([OLD]), "BCDFGHJK"))


def test_a_code_of_the_time_before_a_new_secret_is_found():
    before = user_codes.key(Keyring([OLD]), "BCDFGHJK")
    after = Keyring([NEW, OLD])
    assert user_codes.keys(after, "BCDFGHJK") == (user_codes.key(after, "BCDFGHJK"), before)

"""The groups of an account: what they may be called, and how many there may be."""

from __future__ import annotations

import pytest

from oauthprov.accounts.groups import LENGTH, LIMIT, WrongGroup, changed


def test_groups_are_sorted_and_each_is_there_once():
    assert changed(("b",), "a", True) == ("a", "b")
    assert changed(("a", "b"), "a", True) == ("a", "b")


def test_a_group_is_left_whatever_its_name():
    assert changed(("a", "b"), "a", False) == ("b",)
    assert changed(("a", "b"), "c", False) == ("a", "b")
    assert changed(("a", ","), ",", False) == ("a",)


@pytest.mark.parametrize("name", ["admins", "A", "ops/on call", "g:1", "x" * LENGTH, "a-b.c_d"])
def test_names_are_printable_ascii(name):
    assert changed((), name, True) == (name,)


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a,b", "x" * (LENGTH + 1), "a\nb", "a\n", "grün", "a\x7f"]
)
def test_other_names_are_refused(name):
    with pytest.raises(WrongGroup):
        changed((), name, True)


def test_the_number_of_groups_is_bounded():
    groups = tuple(sorted(f"g{n}" for n in range(LIMIT)))
    assert changed(groups, "g0", True) == groups
    with pytest.raises(WrongGroup):
        changed(groups, "another", True)


def test_the_claim_follows_the_groups_of_the_account(people, alice):
    assert people.claims(alice)["groups"] == []
    people.set_group(alice, "admins", True)
    people.set_group(alice, "staff", True)
    people.set_group(alice, "admins", False)
    assert people.claims(alice)["groups"] == ["staff"]

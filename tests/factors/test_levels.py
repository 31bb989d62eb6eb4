"""Methods (RFC 8176) and the levels that they give."""

from __future__ import annotations

import pytest

from oauthprov.factors import Factors, Levels
from oauthprov.factors.levels import joined
from tests.factors.conftest import SECRET


@pytest.mark.parametrize(
    ("parts", "amr"),
    [
        ([("pwd",)], ("pwd",)),
        ([("pwd",), ("otp",)], ("pwd", "otp", "mfa")),
        ([("pwd", "otp", "mfa"), ("otp",)], ("pwd", "otp", "mfa")),
        ([("pwd", "otp", "mfa"), ("pop", "user")], ("pwd", "otp", "pop", "user", "mfa")),
        ([("pop", "user")], ("pop", "user")),
        ([("pop", "user", "mfa")], ("pop", "user", "mfa")),
        ([("pwd",), ("pop",)], ("pwd", "pop", "mfa")),
        ([("otp",), ("pop",)], ("otp", "pop")),
        ([()], ()),
    ],
)
def test_something_known_and_something_possessed_make_several_factors(parts, amr):
    assert joined(*parts) == amr


@pytest.mark.parametrize(
    ("amr", "met"),
    [
        ((), ("1",)),
        (("pwd",), ("1",)),
        (("pop", "user"), ("1",)),
        (("pwd", "otp", "mfa"), ("mfa", "1")),
        (("pwd", "pop", "mfa"), ("phr", "mfa", "1")),
        (("pop", "user", "mfa"), ("phr", "mfa", "1")),
    ],
)
def test_a_level_satisfies_the_lower_ones(amr, met):
    assert Levels().met_by(amr) == met


def test_the_operator_names_the_levels():
    own = Levels("urn:example:bronze", "urn:example:silver", "urn:example:gold")
    assert own.met_by(("pwd", "otp", "mfa")) == ("urn:example:silver", "urn:example:bronze")


@pytest.mark.parametrize(("offered", "values"), [(("totp",), ("1", "mfa")), ((), ("1",))])
def test_only_levels_that_somebody_can_reach_are_offered(storage, clock, offered, values):
    assert Factors.build(storage, SECRET, clock, offered=offered).acr_values == values

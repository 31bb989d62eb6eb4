"""The identity that a host reports."""

import math
from enum import Enum

import pytest

from oauthprov.accounts import SignedIn


def test_a_numeric_account_id_is_refused_with_a_hint():
    hint = r"account_id must be a str, not int: return str\(user.id\)"
    with pytest.raises(TypeError, match=hint):
        SignedIn(7, "alice", auth_time=0)


class Level(Enum):
    HIGH = "high"


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_time": math.nan},
        {"auth_time": 1.5},
        {"auth_time": "0"},
        {"acr": Level.HIGH},
        {"amr": ["pwd"]},
        {"amr": (Level.HIGH,)},
        {"sid": 7},
        {"session_ends_at": math.inf},
    ],
)
def test_what_would_get_into_tokens_must_have_its_type(wrong):
    [name] = wrong
    with pytest.raises(TypeError, match=name):
        SignedIn(**{"account_id": "7", "name": "alice", "auth_time": 0} | wrong)

"""The identity that a host reports."""

import pytest

from oauthprov.accounts import SignedIn


def test_a_numeric_account_id_is_refused_with_a_hint():
    hint = r"account_id must be a str, not int: return str\(user.id\)"
    with pytest.raises(TypeError, match=hint):
        SignedIn(7, "alice", auth_time=0)

"""The identity that a host reports."""

import pytest

from oauthprov.accounts import SignedIn


def test_a_numeric_account_id_is_refused_with_a_hint():
    with pytest.raises(TypeError, match=r"account_id must be a str, not int: say str\(user.id\)"):
        SignedIn(7, "alice", auth_time=0)

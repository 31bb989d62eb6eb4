"""What a host says of who is signed in."""

import pytest

from oauthprov.accounts import SignedIn


def test_an_account_id_that_is_a_number_is_refused_with_what_to_write_instead():
    with pytest.raises(TypeError, match=r"account_id must be a str, not int: say str\(user.id\)"):
        SignedIn(7, "alice", auth_time=0)

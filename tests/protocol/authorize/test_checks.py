"""The table of checks: a row says for which requests its check runs, and nothing else does."""

from dataclasses import replace

import pytest

from oauthprov.protocol.authorize import checks
from tests.protocol.world import ALICE, Accounts, openid_world


@pytest.fixture(params=["with OpenID Connect", "without"])
def served(request, world):
    return openid_world() if request.param == "with OpenID Connect" else world


@pytest.mark.parametrize("seconds", ["0", "1", "100"])
def test_a_plain_request_has_a_max_age_too(served, seconds):
    """RFC 9470 section 4: with OpenID Connect or without."""

    def step():
        return served.authorize(scope="read", max_age=seconds).step

    served.now = ALICE.auth_time + 50
    assert step() == ("consent" if seconds == "100" else "reauthenticate")


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "9" * 16])
def test_a_plain_request_with_a_wrong_max_age_is_refused(served, value):
    answer = served.authorize(scope="read", max_age=value)
    assert dict(answer.params)["error"] == "invalid_request"


def test_a_plain_request_may_ask_for_a_level(served, monkeypatch):
    """RFC 9470 section 4: the token says which level was met."""
    monkeypatch.setattr(Accounts, "acr_values", ("1", "mfa"))
    weak, strong = replace(ALICE, acr="1"), replace(ALICE, acr="mfa")
    asked = {"scope": "read", "acr_values": "mfa"}
    assert served.authorize(person=weak, **asked).step == "reauthenticate"
    tokens = served.tokens(person=strong, **asked)
    described = served.introspect(tokens["access_token"]).body
    assert (described["acr"], described["auth_time"]) == ("mfa", ALICE.auth_time)
    served.now += 60
    renewed = served.refresh(tokens["refresh_token"]).body
    described = served.introspect(renewed["access_token"]).body
    assert (described["acr"], described["auth_time"]) == ("mfa", ALICE.auth_time)
    assert "acr" not in served.introspect(renewed["refresh_token"]).body


def test_a_level_that_this_server_lacks_is_ignored(served):
    assert served.authorize(scope="read", acr_values="urn:any").step == "consent"


def test_each_parameter_is_read_by_one_row():
    names = [name for row in checks.RULES for name in row.reads]
    assert len(names) == len(set(names))

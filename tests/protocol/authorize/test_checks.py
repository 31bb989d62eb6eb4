"""The table of checks: a row says for which requests its check runs, and nothing else does."""

from dataclasses import replace

import pytest

from oauthprov.protocol.authorize import checks
from tests.protocol.world import openid_world


@pytest.fixture(params=["with OpenID Connect", "without"])
def served(request, world):
    return openid_world() if request.param == "with OpenID Connect" else world


@pytest.mark.parametrize("name", ["max_age", "acr_values"])
def test_a_plain_request_has_the_parameter_once_its_row_says_so(served, monkeypatch, name):
    def step(value):
        return served.authorize(scope="read", max_age=value, acr_values="urn:any").step

    assert step("1") == step("not a number") == "consent"
    rows = [replace(row, openid=False) if row.reads == (name,) else row for row in checks.RULES]
    monkeypatch.setattr(checks, "RULES", tuple(rows))
    assert step("1") == ("reauthenticate" if name == "max_age" else "consent")


def test_each_parameter_is_read_by_one_row():
    names = [name for row in checks.RULES for name in row.reads]
    assert len(names) == len(set(names))

"""``oauthprov.dpop``: whether tokens are bound to keys."""

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from tests.protocol.world import INI


def made(**changes):
    return Settings.from_ini(INI | {f"oauthprov.{name}": value for name, value in changes.items()})


def test_binding_is_offered_without_nonces():
    assert (made().dpop, made().dpop_nonce) == ("offered", False)


@pytest.mark.parametrize("value", ["yes", "true", "Required"])
def test_any_other_value_stops_the_start(value):
    with pytest.raises(ConfigurationError, match=r"oauthprov\.dpop must be one of"):
        made(dpop=value)


def test_bound_tokens_alone_and_the_implicit_flow_contradict_each_other():
    both = {"dpop": "required", "openid.implicit": "true"}
    with pytest.raises(ConfigurationError) as problems:
        made(**both)
    assert "openid.implicit must be false, since oauthprov.dpop is required" in str(problems.value)
    assert made(**both | {"dpop": "offered"}).openid_implicit

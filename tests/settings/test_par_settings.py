"""The settings of pushed authorization requests."""

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from tests.protocol.world import INI


def settings(**given):
    return Settings.from_ini(INI | {f"oauthprov.{name}": value for name, value in given.items()})


def test_pushed_requests_are_offered_and_live_for_a_minute():
    made = settings()
    assert (made.par, made.par_lifetime) == ("offered", 60)


@pytest.mark.parametrize("lifetime", ["4", "601", "-1", "soon"])
def test_a_lifetime_is_of_5_to_600_seconds(lifetime):
    with pytest.raises(ConfigurationError, match=r"par_lifetime must be .* 600 and at least 5"):
        settings(par_lifetime=lifetime)
    assert settings(par_lifetime="5").par_lifetime == 5
    assert settings(par_lifetime="600").par_lifetime == 600


def test_another_word_than_off_offered_and_required_is_refused():
    with pytest.raises(ConfigurationError, match=r"oauthprov\.par "):
        settings(par="yes")

"""The settings of second factors."""

from __future__ import annotations

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from tests import site as sites


def settings(**more: str) -> Settings:
    given = {key.replace("__", "."): value for key, value in more.items()}
    return Settings.from_ini(sites.ini("sqlite://", development="true", **given))


def test_by_default_every_factor_may_be_set_up_and_admins_must():
    assert (settings().factors, settings().factors_required) == (("passkey", "totp"), ("admins",))


@pytest.mark.parametrize(
    ("value", "who"),
    [
        ("nobody", ()),
        ("everyone", ("everyone",)),
        ("developers", ("developers",)),
        ("developers admins", ("developers", "admins")),
    ],
)
def test_some_roles_may_need_a_factor_everyone_or_nobody(value, who):
    assert settings(factors__required=value).factors_required == who


@pytest.mark.parametrize("value", ["nobody admins", "everyone admins", "operators", "Admins"])
def test_other_roles_are_refused(value):
    with pytest.raises(ConfigurationError, match=r"factors\.required must be nobody, everyone"):
        settings(factors__required=value)


def test_none_offers_none_and_then_admins_need_none():
    assert settings(factors="none").factors == ()


@pytest.mark.parametrize("value", ["sms", "totp sms", "none totp", "TOTP"])
def test_other_factors_are_refused(value):
    with pytest.raises(ConfigurationError, match=r"factors must be none, or some of"):
        settings(factors=value)


def test_a_factor_that_nobody_can_set_up_cannot_be_required():
    with pytest.raises(ConfigurationError, match=r"factors\.required must be nobody"):
        settings(factors="none", factors__required="everyone")


@pytest.mark.parametrize("value", ["two words", "é", "a\tb"])
def test_an_acr_is_one_word(value):
    with pytest.raises(ConfigurationError, match=r"acr\.mfa must be one word"):
        settings(acr__mfa=value)


def test_levels_have_different_names():
    with pytest.raises(ConfigurationError, match="must differ"):
        settings(acr__mfa="phr")

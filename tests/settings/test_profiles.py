"""The FAPI 2.0 profiles: the defaults that they set, and the settings that contradict them."""

import pytest

from oauthprov.cli.settings import effective
from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from oauthprov.settings.protocol import profiles
from tests.certificates import Authority
from tests.protocol import certified
from tests.protocol.world import INI, NOTES, OPENID

BOTH = ("fapi2", "fapi2-message-signing")
both = pytest.mark.parametrize("profile", BOTH)


def ini(**given):
    return INI | {f"oauthprov.{name.replace('__', '.')}": text for name, text in given.items()}


def settings(**given):
    return Settings.from_ini(ini(**given))


def test_without_a_profile_everything_is_as_before():
    made = settings()
    assert (made.profile, made.fapi, made.message_signing) == ("none", False, False)
    assert (made.par, made.keys_algorithms) == ("offered", ("RS256",))
    assert "RS256" in made.client_algorithms


@both
def test_a_profile_changes_defaults(profile):
    made = settings(profile=profile)
    assert (made.par, made.keys_algorithms, made.code_lifetime) == ("required", ("PS256",), 60)
    assert made.client_algorithms == ("PS256", "ES256", "Ed25519", "EdDSA")
    assert made.message_signing is (profile == "fapi2-message-signing")


def test_an_empty_setting_gets_the_default_of_the_profile():
    assert settings(profile="fapi2", par="").par == "required"


def test_the_profile_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("PROFILE", "fapi2")
    assert settings(profile="env:PROFILE").par == "required"
    monkeypatch.delenv("PROFILE")
    with pytest.raises(ConfigurationError, match=r"oauthprov\.profile names .* PROFILE"):
        settings(profile="env:PROFILE")


def test_a_setting_that_goes_with_the_profile_stays_as_it_is_written():
    made = settings(
        profile="fapi2",
        par="required",
        par_lifetime="599",
        code_lifetime="30",
        keys__algorithms="Ed25519 ES256",
        resources=f"{NOTES} | notes | Notes | jwt ES256",
    )
    assert (made.par_lifetime, made.code_lifetime) == (599, 30)
    assert made.keys_algorithms == ("Ed25519", "ES256")


@both
@pytest.mark.parametrize(
    ("key", "text", "must"),
    [
        ("par", "off", "must be required"),
        ("par", "offered", "must be required"),
        ("par_lifetime", "600", "must be less than 600"),
        ("pkce", "public-only", "must be required"),
        ("openid.implicit", "true", "must be false"),
        ("device", "true", "must be false"),
        ("code_lifetime", "61", "must be at most 60"),
        ("keys.algorithms", "PS256 RS256", "must not include RS256"),
        ("keys.algorithms", "RS256", "must not include RS256"),
    ],
)
def test_a_setting_against_the_profile_stops_the_start_and_both_are_named(
    profile, key, text, must
):
    with pytest.raises(ConfigurationError) as refused:
        settings(profile=profile, **{key: text})
    sentence = f"oauthprov.{key} {must}, since oauthprov.profile is {profile}"
    assert list(refused.value.problems) == [sentence]


def test_without_certificates_proofs_of_a_key_must_be_accepted():
    with pytest.raises(ConfigurationError) as refused:
        settings(profile="fapi2", dpop="off")
    assert list(refused.value.problems) == [
        "oauthprov.dpop must not be off, since oauthprov.profile is fapi2 and "
        "oauthprov.mtls.format is off"
    ]


def test_with_certificates_they_may_be_off(tmp_path):
    mtls = certified.settings(Authority().file(tmp_path / "ca.pem"))
    names = {key.replace(".", "__"): value for key, value in mtls.items()}
    assert settings(profile="fapi2", dpop="off", **names).mtls


def test_every_rule_is_of_a_setting_and_its_default_goes_with_it():
    for name in BOTH:
        for rule in profiles.RULES:
            assert rule.allows(getattr(settings(profile=name), rule.field)), rule.key


def test_a_resource_whose_tokens_are_signed_with_a_weak_algorithm_is_refused():
    with pytest.raises(ConfigurationError) as refused:
        settings(profile="fapi2", resources=f"{NOTES} | notes | Notes | jwt RS256")
    assert (
        "oauthprov.resources must not name RS256, since oauthprov.profile is fapi2"
        in refused.value.problems
    )


def test_openid_connect_needs_rs256_but_under_a_profile():
    with pytest.raises(ConfigurationError, match="must include RS256"):
        settings(scopes=OPENID, default_scopes="", resources="", keys__algorithms="ES256")
    made = settings(scopes=OPENID, default_scopes="", resources="", profile="fapi2")
    assert made.openid


@pytest.mark.parametrize("alg", ["PS256", "ES256", "Ed25519", "EdDSA"])
def test_a_server_without_openid_connect_may_sign_with_any_algorithm_alone(alg):
    assert settings(keys__algorithms=alg).keys_algorithms == (alg,)


def test_the_command_says_which_values_come_from_the_profile():
    rows = {row["key"]: row for row in effective(ini(profile="fapi2", code_lifetime="30"))}
    assert rows["oauthprov.par"]["source"] == "profile"
    assert rows["oauthprov.par"]["value"] == "required"
    assert rows["oauthprov.keys.algorithms"]["value"] == "PS256"
    assert rows["oauthprov.code_lifetime"]["source"] == "ini"
    assert rows["oauthprov.pkce"]["source"] == "default"


def test_another_name_is_refused():
    with pytest.raises(ConfigurationError, match=r"oauthprov\.profile must be one of none, fapi2"):
        settings(profile="fapi1")

"""The settings of keys and of fetching."""

import pytest

from oauthprov.credentials import replay_key
from oauthprov.errors import ConfigurationError
from oauthprov.settings import Settings
from tests.certificates import Authority
from tests.protocol.certified import settings as mtls_settings
from tests.site import SCOPES, ini


def read(**given):
    return Settings.from_ini(
        ini("sqlite://") | {f"oauthprov.{k.replace('__', '.')}": v for k, v in given.items()}
    )


@pytest.mark.parametrize("value", ["RS256", "ES256 RS256", "RS256 PS256 ES256 Ed25519 EdDSA"])
def test_algorithms_keep_their_order(value):
    assert read(keys__algorithms=value).keys_algorithms == tuple(value.split())


def test_the_defaults_sign_with_rs256_and_fetch_nothing_internal():
    settings = read()
    assert settings.keys_algorithms == ("RS256",)
    assert (settings.keys_publish_ahead, settings.keys_rotate_every) == (86400, 0)
    assert (settings.fetch_allow.networks, settings.fetch_allow.places) == ((), frozenset())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"keys__algorithms": "RS256 HS256"}, "keys.algorithms names an algorithm other than"),
        ({"keys__algorithms": "RS256 none"}, "keys.algorithms names an algorithm other than"),
        (
            {"resources": "https://a.example | profile:read | A | jwt ES256"},
            "keys.algorithms must include ES256, for https://a.example",
        ),
        ({"keys__publish_ahead": "599"}, "keys.publish_ahead must be 600 or more"),
        ({"keys__publish_ahead": "-1"}, "keys.publish_ahead must be a whole number of seconds"),
        ({"keys__rotate_every": "86400"}, "keys.rotate_every must be more than"),
        (
            {"fetch__allow": "app.example"},
            "fetch.allow has an entry that is neither host:port nor a network",
        ),
        ({"fetch__ca_file": "/no/such.pem"}, "fetch.ca_file must name a file of certificates"),
    ],
)
def test_invalid_key_settings_are_refused(given, sentence):
    with pytest.raises(ConfigurationError) as refused:
        read(**given)
    assert [problem for problem in refused.value.problems if sentence in problem]
    assert len(refused.value.problems) == 1


def test_replay_keys_of_different_namespaces_differ():
    keys = {replay_key(*parts) for parts in [("a", "b c"), ("a b", "c"), ("a", "c"), ("b", "c")]}
    assert len(keys) == 4
    assert replay_key("a", "b") == replay_key("a", "b")


def test_a_resource_names_the_kind_of_its_access_tokens():
    lines = ("a | x | A", "b | x | B | jwt", "c | x | C | jwt  ES256")
    given = "\n".join(f"https://{line.replace(' x ', ' profile:read ')}" for line in lines)
    settings = read(resources=given, keys__algorithms="RS256 ES256")
    kinds = [(resource.jwt, resource.alg) for resource in settings.resources]
    assert kinds == [(False, ""), (True, ""), (True, "ES256")]
    assert settings.jwt_resources.keys() == {"https://b", "https://c"}
    assert settings.jwt_access_token_lifetime == 300


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("bound", (False, "", True)),
        ("jwt bound", (True, "", True)),
        ("bound jwt ES256", (True, "ES256", True)),
        ("jwt ES256  bound", (True, "ES256", True)),
    ],
)
def test_a_resource_may_accept_bound_tokens_only(cell, kind):
    given = f"https://a | profile:read | A\nhttps://b | profile:read | B | {cell}"
    settings = read(resources=given, keys__algorithms="RS256 ES256")
    [a, b] = settings.resources
    assert (b.jwt, b.alg, b.bound) == kind
    assert not a.bound
    assert settings.bound_resources == {"https://b"}


@pytest.mark.parametrize("cell", ["bound ES512", "ES256 jwt", "bound ES256", "x"])
def test_a_fourth_part_that_says_something_else_is_refused(cell):
    with pytest.raises(ConfigurationError, match="fourth part"):
        read(resources=f"https://b | profile:read | B | {cell}")


@pytest.mark.parametrize(
    "more", [{"dpop": "off"}, {"openid__implicit": "true", "scopes": f"openid | x\n{SCOPES}"}]
)
def test_a_resource_cannot_demand_what_another_setting_forbids(more):
    with pytest.raises(ConfigurationError) as refused:
        read(resources="https://b | profile:read | B | bound", **more)
    [problem] = refused.value.problems
    assert "https://b" in problem
    assert "bound" in problem


def test_a_resource_that_demands_bound_tokens_needs_one_of_both_bindings(tmp_path):
    mtls = mtls_settings(Authority().file(tmp_path / "ca.pem"))
    more = {name.replace(".", "__"): value for name, value in mtls.items()}
    settings = read(resources="https://b | profile:read | B | bound", dpop="off", **more)
    assert settings.bound_resources == {"https://b"}

"""Where the settings of the demo come from, and what is refused."""

import pytest
from pyramid.exceptions import ConfigurationError

from oauthprov.demo.settings import Settings

SECTION = {"demo.client_id": "section", "demo.client_secret": "section secret"}


def client(settings: Settings) -> tuple[str | None, str | None]:
    return settings.client_id, settings.client_secret


def test_defaults_are_those_of_development():
    settings = Settings.read({}, {}, {})
    assert settings.issuer == "http://127.0.0.1:5000"
    assert settings.redirect_uri == "http://localhost:8000/callback"
    assert settings.resource == "http://127.0.0.1:5000/api/me"
    assert settings.console == "http://127.0.0.1:5000/clients"
    assert client(settings) == (None, None)


@pytest.mark.parametrize(
    ("command_line", "environ", "expected"),
    [
        ({}, {}, ("section", "section secret")),
        (
            {},
            {"CLIENT_ID": "environment", "CLIENT_SECRET": "env secret"},
            ("environment", "env secret"),
        ),
        (
            {"client_id": "command", "client_secret": "command secret"},
            {"CLIENT_ID": "environment", "CLIENT_SECRET": "env secret"},
            ("command", "command secret"),
        ),
        # The secret may stay out of the list of processes.
        ({"client_id": "command"}, {"CLIENT_SECRET": "env secret"}, ("command", "env secret")),
        # The section's secret belongs to the section's client.
        ({"client_id": "public"}, {}, ("public", None)),
        ({}, {"CLIENT_ID": "public"}, ("public", None)),
        # A rotated secret for the same client.
        ({}, {"CLIENT_SECRET": "env secret"}, ("section", "env secret")),
        # make passes empty values.
        (
            {"client_id": " ", "client_secret": ""},
            {"CLIENT_ID": ""},
            ("section", "section secret"),
        ),
    ],
)
def test_the_command_line_overrides_the_environment_and_that_the_section(
    command_line, environ, expected
):
    assert client(Settings.read(command_line, environ, SECTION)) == expected


def test_the_command_line_overrides_the_rest_of_the_section():
    section = {"demo.issuer": "http://127.0.0.1:5000", "demo.scope": "profile"}
    settings = Settings.read({"issuer": "http://127.0.0.1:5001", "scope": "a  b"}, {}, section)
    assert (settings.issuer, settings.scope) == ("http://127.0.0.1:5001", "a b")
    assert settings.resource == "http://127.0.0.1:5001/api/me"


def test_all_problems_are_listed_at_once():
    section = {
        "demo.issuer": "http://provider.example",
        "demo.base_url": "https://demo.example/?x=1",
        "demo.resource": "ftp://127.0.0.1/",
        "demo.scope": 'a "b"',
        "demo.client_id": "schlüssel",
        "demo.isuer": "x",
    }
    with pytest.raises(ConfigurationError) as caught:
        Settings.read({}, {}, section)
    for name in ("issuer", "base_url", "resource", "scope", "client_id", "demo.isuer"):
        assert name in str(caught.value)


@pytest.mark.parametrize("issuer", ["http://[::1", "http://127.0.0.1:99999", "https://", "/x"])
def test_an_issuer_that_is_no_url_is_refused(issuer):
    with pytest.raises(ConfigurationError, match="issuer"):
        Settings.read({}, {}, {"demo.issuer": issuer})


def test_the_secret_is_not_in_the_repr():
    assert "section secret" not in repr(Settings.read({}, {}, SECTION))

"""Settings that would weaken the server stop its start, and say which and why."""

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.settings import Settings
from tests import site as sites


def problems(**changes: str) -> list[str]:
    """What is wrong with otherwise good settings."""
    try:
        Settings.from_ini(sites.ini("sqlite://", **changes))
    except ConfigurationError as wrong:
        return list(wrong.problems)
    return []


def test_valid_settings_have_no_problem():
    assert problems() == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("code_lifetime", "601"),  # OAuth 2.1 section 4.1.2: ten minutes at most
        ("refresh_token_grace", "61"),
        ("client_cache", "61"),
        ("password.length", "7"),
        ("access_token_lifetime", "9" * 30),
        ("access_token_lifetime", "-1"),
        ("secret", "short"),
        ("secret", "x" * 64),
        ("secret", "0123456789abcdefghijklmnopqrstuvwxyz short"),
        ("issuer", "http://id.example"),
        ("issuer", "http://127.0.0.1:5000"),
        ("issuer", "https://user:word@id.example"),
        ("issuer", "https://id.example/?x=y"),
        ("issuer", "https://id.example#x"),
        ("issuer", "https://id.example/"),
        (
            "resources",
            "https://a.example | profile:read | A\nhttps://A.example/ | profile:read | B",
        ),
        ("resources", "https://a.example | profile:read | A | opaque"),
        ("resources", "https://a.example | profile:read | A | jwt HS256"),
        ("resources", "https://a.example | profile:read | A | jwt none"),
        ("resources", "https://a.example | profile:read | A | jwt | B"),
        ("jwt_access_token_lifetime", "86401"),
        ("signup", "anybody"),
        ("pkce", "off"),
        ("registration", "everyone"),
        ("registration.scopes", "profile:read printers:read"),
        ("registration.schemes", "cursor javascript"),
        ("registration.schemes", "https"),
        ("registration.schemes", "data"),
        ("registration.schemes", "Cursor"),
        ("registration.schemes", "cursor:"),
        ("registration.schemes", "cursor://callback"),
        ("registration.limit_address", "many"),
        ("registration.limit_network", "many"),
        ("registration.limit_total", "0"),
        ("registration.unused_lifetime", "172799"),
    ],
)
def test_settings_that_weaken_the_server_stop_its_start(key, value):
    found = problems(**{key: value})
    assert any(
        problem.startswith((f"oauthprov.{key} ", f"oauthprov.{key}: ")) for problem in found
    ), found


def test_repr_shows_no_secret():
    urls = {"limits.url": "redis://:hush@host"}
    settings = Settings.from_ini(sites.ini("postgresql+psycopg://me:hush@host/db", **urls))
    assert sites.ISSUER in repr(settings)
    assert "hush" not in repr(settings)
    assert settings.secret[0] not in repr(settings)


def test_http_is_for_development_on_this_computer_alone():
    local = "http://127.0.0.1:5000"
    resources = f"{local}/api | profile:read | Yours"
    assert problems(development="true", issuer=local, resources=resources) == []
    assert problems(development="true", issuer="http://id.example") != []


def test_a_scope_reads_unless_its_third_part_says_more():
    written = "photos:read | See photos\nphotos:write | Add | write\nphotos:all | Delete | delete"
    settings = Settings.from_ini(
        sites.ini("sqlite://", scopes=written, default_scopes="photos:read", resources="")
    )
    weights = {scope.name: scope.weight for scope in settings.scopes}
    assert weights == {"photos:read": "read", "photos:write": "write", "photos:all": "delete"}


@pytest.mark.parametrize("line", ["a | A | erase", "a | A | write | delete", "a | A |"])
def test_a_scope_with_an_unknown_weight_stops_the_start(line):
    assert any(line.split(" ")[0] in problem for problem in problems(scopes=line))
    assert any("oauthprov.scopes" in problem for problem in problems(scopes=line))

"""``oauthprov.mtls.*``: client certificates count with all five settings, or not at all."""

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from tests.certificates import Authority
from tests.protocol.world import INI

SECRET = "proxy-0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def whole(tmp_path):
    return {
        "mtls.format": "nginx",
        "mtls.header": "X-SSL-Client-Cert",
        "mtls.proxy_secret": SECRET,
        "mtls.ca_file": Authority().file(tmp_path / "ca.pem"),
        "mtls.base_url": "https://mtls.as.example",
    }


def made(given, **changes):
    return Settings.from_ini(
        INI | {f"oauthprov.{name}": value for name, value in (given | changes).items()}
    )


def problem(given, **changes):
    with pytest.raises(ConfigurationError) as stopped:
        made(given, **changes)
    return str(stopped.value)


def test_they_are_off_and_then_no_certificate_counts():
    settings = made({})
    assert (settings.mtls_format, settings.mtls) == ("off", False)


def test_all_five_turn_certificates_on(whole):
    settings = made(whole)
    assert settings.mtls
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("name", ["header", "proxy_secret", "ca_file", "base_url"])
def test_one_that_is_missing_stops_the_start_and_is_named_beside_the_format(whole, name):
    said = problem(whole, **{f"mtls.{name}": ""})
    assert f"oauthprov.mtls.{name} is required, since oauthprov.mtls.format is nginx" in said


@pytest.mark.parametrize("name", ["header", "proxy_secret", "ca_file", "base_url"])
def test_one_without_the_format_stops_the_start(whole, name):
    said = problem({f"mtls.{name}": whole[f"mtls.{name}"]})
    assert f"oauthprov.mtls.{name} is set, but oauthprov.mtls.format is off" in said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("format", "apache", "must be one of off, nginx, rfc9440, envoy"),
        ("header", "X_SSL_Client_Cert", "must be the name of a header"),
        ("header", "X-Cert\r\nX", "must be the name of a header"),
        ("header", "oauthprov-proxy-secret", "must be another header"),
        ("proxy_secret", "short", "needs 32 or more random characters"),
        ("proxy_secret", "a" * 40, "needs 32 or more random characters"),
        ("proxy_secret", INI["oauthprov.secret"], "must differ from oauthprov.secret"),
        ("ca_file", "/nowhere/ca.pem", "must name a file of certificates"),
        ("base_url", "http://mtls.as.example", "must be https"),
        ("base_url", "https://mtls.as.example/", "must not end in a slash"),
        ("base_url", "mtls.as.example", "must be an http or https URL"),
        ("base_url", "https://as.example", "must have another host or port than"),
        ("base_url", "https://as.example/mtls", "must have another host or port than"),
    ],
)
def test_a_wrong_value_stops_the_start(whole, name, value, said):
    assert said in problem(whole, **{f"mtls.{name}": value})

"""The settings of metrics."""

import importlib.util

import pytest

from oauthprov.failures import ConfigurationError
from oauthprov.settings import Settings
from oauthprov.settings import metrics as settings_of_metrics
from tests.site import ini

SECRET = "metrics-0123456789abcdefghijklmno"


def read(**more):
    return Settings.from_ini(ini("sqlite://", **more))


def problems(**more):
    with pytest.raises(ConfigurationError) as found:
        read(**more)
    return str(found.value)


def test_nothing_is_counted_by_default():
    assert not read().metrics


def test_a_secret_or_an_address_switches_metrics_on():
    assert read(**{"metrics.secret": SECRET}).metrics
    listening = read(**{"metrics.listen": "[::1]:9464"})
    assert listening.metrics
    assert listening.metrics_listen == ("::1", 9464)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("short", "needs 32 or more random characters"),
        ("x" * 40, "needs 32 or more random characters"),
        (f"{SECRET} {SECRET}", "without blanks"),
        (SECRET + "ü", "printable ASCII"),
        ("0123456789abcdefghijklmnopqrstuvwxyz", "must differ from oauthprov.secret"),
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(secret, why):
    said = problems(**{"metrics.secret": secret})
    assert why in said
    assert secret not in said


@pytest.mark.parametrize("address", ["9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "a b"])
def test_an_address_has_a_host_and_a_port(address):
    assert "oauthprov.metrics.listen must be host:port" in problems(**{"metrics.listen": address})


def test_without_the_extra_the_problem_names_it(monkeypatch):
    monkeypatch.setattr(settings_of_metrics, "find_spec", lambda name: None)
    said = problems(**{"metrics.secret": SECRET})
    assert "needs the extra: pip install 'oauthprov[metrics]'" in said
    assert importlib.util.find_spec("prometheus_client") is not None
    assert not read().metrics

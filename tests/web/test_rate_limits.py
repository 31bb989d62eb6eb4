"""The limits of clients that register themselves."""

import logging

import pytest

from oauthprov.settings import Settings
from oauthprov.web.rate_limits import Attempts
from tests import site as sites


@pytest.fixture
def attempts():
    """Limits as the server comes with them."""
    settings = sites.ini("sqlite://")
    for limit in ("address", "network"):
        del settings[f"oauthprov.registration.limit_{limit}"]
    return Attempts(Settings.from_ini(settings))


def limited(**limits):
    more = {f"registration.limit_{name}": rate for name, rate in limits.items()}
    return Attempts(Settings.from_ini(sites.ini("sqlite://", **more)))


def register(attempts, address):
    """Try to register a client; tell whether it is let in."""
    return not attempts.register(address) and not attempts.registered()


@pytest.mark.parametrize("network", ["2001:db8:1:{:x}::1", "198.51.100.{}"])
def test_one_network_cannot_close_registration(attempts, network):
    tries = [network.format(host) for host in range(1, 52) for _ in range(20)]
    assert sum(register(attempts, address) for address in tries) == 60
    assert register(attempts, "2001:db8:2::1")
    assert register(attempts, "203.0.113.1")


def test_many_networks_close_registration_for_an_hour_and_not_a_day(attempts):
    """What the hour refuses doesn't use up the day."""
    tries = [f"2001:db8:{site:x}::1" for site in range(1, 102) for _ in range(20)]
    assert sum(register(attempts, address) for address in tries) == 200
    assert 0 < attempts.registered() <= 3600


def test_requests_refused_to_an_address_do_not_count_for_its_network():
    attempts = limited(address="1 per hour", network="2 per hour")
    assert [register(attempts, "2001:db8::1") for _ in range(5)] == [True] + [False] * 4
    assert register(attempts, "2001:db8:0:1::1")
    assert not register(attempts, "2001:db8:0:2::1")


def test_the_log_reports_once_that_the_total_limit_is_reached(caplog):
    attempts = limited(total="1 per hour")
    with caplog.at_level(logging.WARNING):
        assert [register(attempts, "2001:db8::1") for _ in range(5)] == [True] + [False] * 4
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "oauthprov.registration.limit_total is reached" in record.getMessage()


def test_a_request_refused_by_a_shorter_limit_does_not_count_for_a_longer_one():
    attempts = limited(total="3 per 2 hours, 1 per 15 minutes")
    assert [attempts.registered() > 0 for _ in range(5)] == [False] + [True] * 4
    assert attempts.registered() <= 900

"""Hosts whose documents describe no client here, by the operator's decision."""

import pytest

from oauthprov.protocol.clients.documents.hosts import Hosts, WrongHost
from oauthprov.records import Client
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add

INSIDE, OUTSIDE = "shop.evil.example", "evil.example"
APP = f"https://{INSIDE}/client.json"


class Operator:
    """Someone who disables and enables hosts; ``now`` is the time."""

    def __init__(self):
        self.now = 1_000_000
        self.storage = open_storage("sqlite://")
        self.storage.upgrade()
        self.hosts = Hosts(self.storage, lambda: self.now, lambda client_id: None)
        client = Client(APP, "Shop", "web", self.now, fetched_at=self.now)
        self.storage.commit(Add(client), now=self.now)

    def later(self, verb, host, seconds=10):
        self.now += seconds
        return getattr(self.hosts, verb)(host)

    @property
    def works(self):
        return self.storage.get(Client, APP).record.disabled_at is None


@pytest.fixture
def operator():
    made = Operator()
    yield made
    made.storage.close()


@pytest.mark.parametrize("seconds", [0, 10])
@pytest.mark.parametrize("pair", [(INSIDE, OUTSIDE), (OUTSIDE, INSIDE)])
def test_a_client_stays_disabled_while_another_of_its_hosts_is(operator, pair, seconds):
    first, second = pair
    assert operator.later("disable", first, seconds) == 1
    assert operator.later("disable", second, seconds) == 0
    assert operator.later("enable", first, seconds) == 0
    assert not operator.works
    assert operator.later("enable", second, seconds) == 1
    assert operator.works


def test_a_client_that_was_disabled_by_itself_stays_so(operator):
    operator.hosts._switch(APP, None, operator.now)
    operator.later("disable", INSIDE)
    operator.later("disable", OUTSIDE)
    assert operator.later("enable", INSIDE) == 0
    assert operator.later("enable", OUTSIDE) == 0
    assert not operator.works


@pytest.mark.parametrize("host", ["2001:db8:0::1", "::ffff:192.0.2.1", "192.0.2.01", "2.1", "1"])
def test_an_address_that_no_client_id_has_can_t_be_disabled(operator, host):
    with pytest.raises(WrongHost):
        operator.hosts.disable(host)


@pytest.mark.parametrize("host", ["2001:db8::1", "192.0.2.1", "localhost", "evil.example"])
def test_a_name_and_an_address_in_its_usual_form_can_be_disabled(operator, host):
    operator.hosts.disable(host)
    assert [one.host for one in operator.hosts.every()] == [host]

"""Hosts whose documents describe no client here, by the operator's decision."""

import pytest

from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.documents import hosts
from oauthprov.protocol.clients.documents.hosts import Hosts, WrongHost
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.records import Client, DisabledHost
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from tests.counting import Counting
from tests.protocol.world import INI

INSIDE, OUTSIDE = "shop.evil.example", "evil.example"
APP = f"https://{INSIDE}/client.json"


class Operator:
    """Someone who disables and enables hosts; ``now`` is the time."""

    def __init__(self):
        self.now = 1_000_000
        self.storage = Counting(open_storage("sqlite://"))
        self.storage.upgrade()
        self.settings = Settings.from_ini(INI | {"oauthprov.client_documents": "*"})
        self.clients = self.another_process()
        self.hosts = Hosts(self.storage, lambda: self.now, self.clients.evict_host)
        self.describe(APP)

    def another_process(self):
        return Clients(self.storage, lambda: self.now, self.settings)

    def describe(self, client_id):
        client = Client(client_id, "Shop", "web", self.now, fetched_at=self.now)
        self.storage.commit(Add(client), now=self.now)

    def later(self, verb, host, seconds=10):
        self.now += seconds
        return getattr(self.hosts, verb)(host)

    @property
    def works(self):
        """Whether the client may be used, here and in a process that hasn't read it yet."""
        here, there = self.clients.get(APP), self.another_process().get(APP)
        assert here == there
        return here is not None

    @property
    def disabled(self):
        return [stored.record for stored in self.storage.walk(DisabledHost)]


@pytest.fixture
def operator():
    made = Operator()
    yield made
    made.storage.close()


@pytest.mark.parametrize("seconds", [0, 10])
@pytest.mark.parametrize("pair", [(INSIDE, OUTSIDE), (OUTSIDE, INSIDE)])
def test_a_client_stays_disabled_while_another_of_its_hosts_is(operator, pair, seconds):
    first, second = pair
    assert operator.works
    operator.later("disable", first, seconds)
    assert not operator.works
    operator.later("disable", second, seconds)
    operator.later("enable", first, seconds)
    assert not operator.works
    operator.later("enable", second, seconds)
    assert operator.works


def test_a_client_that_was_disabled_by_itself_stays_so(operator):
    registrar = Registrar(operator.settings, operator.storage, lambda: operator.now)
    registrar.set_disabled(APP, True)
    operator.later("disable", INSIDE)
    operator.later("disable", OUTSIDE)
    operator.later("enable", INSIDE)
    operator.later("enable", OUTSIDE)
    assert not operator.works
    assert operator.storage.get(Client, APP).record.disabled_at == 1_000_000


def test_a_host_is_disabled_and_enabled_by_one_commit_however_many_clients_are_there(operator):
    for number in range(150):
        operator.describe(f"https://{INSIDE}/{number}.json")
    before = [stored.record for stored in operator.storage.walk(Client)]
    for verb in ("disable", "enable"):
        assert operator.storage.trips(lambda: operator.later(verb, OUTSIDE)) == (1, 1)  # noqa: B023
    assert [stored.record for stored in operator.storage.walk(Client)] == before


def test_a_host_that_is_disabled_twice_is_disabled_since_the_first_time(operator):
    first = operator.later("disable", INSIDE)
    assert operator.later("disable", INSIDE) == first
    assert operator.disabled == [first]


def test_two_operators_who_disable_a_host_at_once_disable_it_once(operator):
    rival = DisabledHost(INSIDE, operator.now - 1)
    operator.storage.meanwhile.append(
        lambda: operator.storage.inner.commit(Add(rival), now=rival.disabled_at)
    )
    assert operator.hosts.disable(INSIDE) == rival
    assert operator.disabled == [rival]


def test_a_host_that_isn_t_disabled_can_t_be_enabled(operator):
    operator.hosts.disable(OUTSIDE)
    with pytest.raises(LookupError):
        operator.hosts.enable(INSIDE)


@pytest.mark.parametrize(
    "url",
    [
        "https://devil.example/client.json",
        "https://evil.example.org/client.json",
        "https://example/evil.example",
        "https://shop-evil.example/evil.example",
        "https://evil.example:8443/client.json",
    ],
)
def test_only_hosts_below_a_disabled_one_are_disabled_with_it(operator, url):
    operator.describe(url)
    operator.clients.get(url)
    operator.hosts.disable(OUTSIDE)
    there = url.startswith(f"https://{OUTSIDE}:")
    assert (operator.clients.get(url) is None) is there
    assert (url in hosts.disabling(operator.storage, [url])) is there


def test_what_disables_clients_is_told_by_one_read_and_the_nearest_host_first(operator):
    ids = [
        APP,
        f"https://{OUTSIDE}/a",
        f"https://{INSIDE}/b",
        "https://app.example/",
        "registered",
    ]
    outside = operator.hosts.disable(OUTSIDE)
    inside = operator.later("disable", INSIDE)
    found = []

    def look(client_ids):
        found.append(hosts.disabling(operator.storage, client_ids))

    assert operator.storage.trips(lambda: look(ids)) == (1, 0)
    assert operator.storage.trips(lambda: look(["other", "."])) == (0, 0)
    assert found == [{ids[0]: inside, ids[1]: outside, ids[2]: inside}, {}]


def test_the_log_names_the_host_and_since_when(operator):
    operator.hosts.disable(OUTSIDE)
    assert operator.clients.get(APP) is None
    said = "its host evil.example is disabled since 1970-01-12 13:46:40Z"
    assert operator.clients.why_unusable(APP) == said
    assert hosts.explained(operator.disabled[0]) == said


@pytest.mark.parametrize("host", ["2001:db8:0::1", "::ffff:192.0.2.1", "192.0.2.01", "2.1", "1"])
def test_an_address_that_no_client_id_has_can_t_be_disabled(operator, host):
    with pytest.raises(WrongHost):
        operator.hosts.disable(host)


@pytest.mark.parametrize("host", ["2001:db8::1", "192.0.2.1", "localhost", "evil.example"])
def test_a_name_and_an_address_in_its_usual_form_can_be_disabled(operator, host):
    operator.hosts.disable(host)
    assert [one.host for one in operator.disabled] == [host]

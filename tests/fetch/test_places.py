"""Places for requests that wait for clients' servers, with a timer that tests move."""

import threading
from contextlib import ExitStack

import pytest

from oauthprov.errors import FetchBusy
from oauthprov.fetch.places import (
    DESCRIBED_SHARE,
    MEMORY,
    PLACES,
    SHARE,
    SLOW,
    SLOW_FOR,
    Places,
)


class Waiting(Places):
    """Places, and those who hold one until the test ends."""

    def __init__(self):
        self.now = 0.0
        super().__init__(lambda: self.now)
        self.held = ExitStack()

    def hold(self, client_id, host, count=1):
        for _ in range(count):
            self.held.enter_context(self.place(client_id, host, 0))

    def wait(self, client_id, host, seconds):
        with self.place(client_id, host, 0):
            self.now += seconds

    def refused(self, client_id, host):
        with pytest.raises(FetchBusy) as refused, self.place(client_id, host, 0):
            pass
        return str(refused.value)


@pytest.fixture
def places():
    made = Waiting()
    with made.held:
        yield made


def test_one_client_leaves_room_for_others(places):
    for number in range(SHARE):
        places.hold("greedy", f"{number}.example")
    assert "the share of client greedy is taken" in places.refused("greedy", "more.example")
    places.hold("honest", "app.example")


def test_one_host_leaves_room_for_others(places):
    for number in range(SHARE):
        places.hold(f"client {number}", "slow.example")
    assert "the share of host slow.example is taken" in places.refused("more", "slow.example")
    places.hold("honest", "app.example")


def test_clients_that_nobody_registered_leave_room_for_others(places):
    """Anybody has any number of them, at any number of hosts, and a new one isn't slow yet."""
    for number in range(DESCRIBED_SHARE):
        places.hold(f"https://{number}.example/", f"{number}.example")
    refused = places.refused("https://more.example/", "more.example")
    assert "the share of clients that are described by a document is taken" in refused
    for number in range(PLACES - DESCRIBED_SHARE):
        places.hold(f"client {number}", f"keys{number}.example")


def test_no_more_fetches_run_than_there_are_places(places):
    for number in range(PLACES):
        places.hold(f"client {number}", f"{number}.example")
    assert "every place is taken" in places.refused("more", "more.example")


def test_clients_with_slow_servers_share_one_place(places):
    """An attacker with many clients on many hosts ends up with one place."""
    for number in range(PLACES):
        places.wait(f"slow {number}", f"{number}.example", SLOW)
    places.hold("slow 0", "0.example")
    assert "shared by clients with a slow server" in places.refused("slow 1", "1.example")
    for number in range(PLACES - 1):
        places.hold(f"honest {number}", f"honest{number}.example")


def test_a_client_with_a_slow_server_does_not_mark_the_host_as_slow_for_others(places):
    places.wait("greedy", "app.example", SLOW)
    places.hold("greedy", "slow.example")
    places.hold("honest", "app.example")


@pytest.mark.parametrize("recovers", ["by time", "by an answer"])
def test_a_slow_client_recovers(places, recovers):
    for client_id in ("slow", "other"):
        places.wait(client_id, "slow.example", SLOW)
    if recovers == "by time":
        places.now += SLOW_FOR
    else:
        places.wait("slow", "slow.example", SLOW / 2)
    places.hold("other", "other.example")
    places.hold("slow", "slow.example")


def test_a_place_is_free_again_after_success_or_failure(places):
    for _ in range(3 * PLACES):
        places.wait("app", "app.example", 0)
    with pytest.raises(ZeroDivisionError), places.place("app", "app.example", 0):
        _ = 1 / 0
    places.hold("app", "app.example", SHARE)
    places.held.close()
    assert not places._taken


def test_a_waiting_fetch_gets_the_place_that_becomes_free(places):
    places.hold("app", "app.example", SHARE)
    got = threading.Event()

    def wait():
        with places.place("app", "app.example", 60):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    places.held.close()
    assert got.wait(60)
    thread.join(60)


def test_the_memory_of_slow_clients_is_bounded(places):
    for number in range(MEMORY + 5):
        places.wait(f"slow {number}", "slow.example", SLOW)
    assert len(places._slow_until) == MEMORY

"""A Redis Cluster with a full node: the audit's entries have slots of their own."""

from __future__ import annotations

from contextlib import contextmanager, suppress

import pytest
import redis

from oauthprov.events import PublishingStorage, Recorder, Scope, SignedIn, Stream, on_commit
from oauthprov.events.trail import of_request
from oauthprov.records import ReplayMark
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, StorageFull
from tests import site as sites
from tests.events import NOW
from tests.servers import empty, fresh


@pytest.fixture
def site(redis_cluster_url):
    empty(redis_cluster_url)
    made = sites.standalone(sites.ini(redis_cluster_url, development="true"))
    yield made
    made.close()


@pytest.fixture
def full(redis_cluster_url):
    """Fills one of the three nodes."""
    plain = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(plain) as client:
        nodes = sorted(client.get_primaries(), key=lambda node: node.name)

        @contextmanager
        def fill(number):
            client.config_set("maxmemory", "1", target_nodes=[nodes[number]])
            try:
                yield
            finally:
                client.config_set("maxmemory", "0", target_nodes=[nodes[number]])

        yield fill


@pytest.mark.parametrize("number", range(3))
def test_no_code_is_used_up_by_an_exchange_that_fails(site, full, number):
    alice, app = site.browser().sign_up("alice"), site.app()
    codes = [alice.connect(app)["code"] for _ in range(20)]
    with full(number):
        first = {code: app.exchange(code).status_int for code in codes}
    again = {code: app.exchange(code).status_int for code in codes if first[code] != 200}
    assert set(first.values()) <= {200, 503}
    assert set(again.values()) <= {200}


@pytest.mark.parametrize("number", range(3))
def test_an_event_is_told_exactly_if_it_has_happened(redis_cluster_url, full, number, caplog):
    storage, told = open_storage(fresh(redis_cluster_url)), []
    recorder = Recorder(storage, lambda: NOW, 30)
    stream, publishing = Stream(lambda: NOW, told.append, recorder), PublishingStorage(storage)
    marks = [f"m{one}" for one in range(50)]
    happened = []
    with full(number):
        for mark in marks:
            with Scope(stream, f"r{mark}"), suppress(StorageFull):
                on_commit(SignedIn(account_id=mark))
                publishing.commit(Add(ReplayMark(mark, NOW + 60)), now=NOW)
                happened.append(mark)
        recorder.join(60)
    assert happened
    assert [event.account_id for event in told] == happened
    assert [mark for mark in marks if storage.get(ReplayMark, mark)] == happened
    assert "entries of the audit are lost" in caplog.text
    storage.close()


def test_an_entry_is_stored_before_the_response(redis_cluster_url):
    storage = open_storage(fresh(redis_cluster_url))
    stream = Stream(lambda: NOW, recorder=Recorder(storage, lambda: NOW, 30))
    with Scope(stream, "r1"):
        on_commit(SignedIn(account_id="a"))
        PublishingStorage(storage).commit(Add(ReplayMark("m", NOW + 60)), now=NOW)
    [entry] = of_request(storage, "r1")
    assert (entry.event, entry.account_id) == ("sign_in.succeeded", "a")
    storage.close()

"""Counting: closed lists, forks, and processes that share a directory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from oauthprov.events import Event, SignInFailed
from oauthprov.metrics import catalog
from oauthprov.metrics.labels import STATUSES, status_class
from oauthprov.metrics.meters import WAITING, Meters
from oauthprov.metrics.storage import VERBS, MeteredStorage
from oauthprov.records import ReplayMark
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Conflict, StorageError
from tests.servers.run import free_port


def of(meters, metric):
    """The numbers of a metric by its labels."""
    return dict(next(series for found, series in meters.totals() if found is metric))


@pytest.fixture
def meters():
    return Meters()


def test_whatever_is_unknown_is_other(meters):
    for number in range(1000):
        word = f"w{number}"
        meters.request("token", word, 400, word, word, 0.1)
        meters.event(SignInFailed(how=word))
    assert of(meters, catalog.REQUESTS) == {("token", "other", "4xx", "other", "other"): (1000,)}
    assert of(meters, catalog.SIGN_IN_FAILURES) == {("other",): (1000,)}


def test_words_of_strangers_are_not_kept(meters):
    for number in range(1000):
        word = f"w{number}"
        meters.request("token", "POST", 400, "invalid_request", word, 0.1)
        meters.request("token", word, 405, "", "", 0.1)
    meters.request("token", "POST", 400, "invalid_request", "", 0.1)
    kept = {word for request in (*meters._known, *meters._requests) for word in request}
    assert kept <= {"token", "POST", "4xx", 400, "invalid_request", "", "other"}


def test_an_event_of_a_host_is_other(meters):
    class Mine(Event):
        name = "mine.happened"

    meters.event(Mine())
    assert of(meters, catalog.EVENTS) == {("other",): (1,)}


@pytest.mark.parametrize(("status", "known"), [(200, "2xx"), (503, "5xx"), (0, "other")])
def test_statuses_are_counted_by_class(status, known):
    assert status_class(status) == known
    assert {status_class(number) for number in range(1000)} == set(STATUSES)


def test_an_error_that_did_not_end_the_request_is_none(meters):
    meters.request("authorize", "GET", 200, "invalid_token", "", 0.1)
    assert set(of(meters, catalog.REQUESTS)) == {("authorize", "GET", "2xx", "", "")}


def test_a_duration_is_in_the_first_bucket_that_holds_it(meters):
    bounds = catalog.REQUEST_DURATION.bounds
    for seconds in (0.0, bounds[0], bounds[-1], bounds[-1] + 1):
        meters.request("token", "POST", 200, "", "", seconds)
    total, *counts = of(meters, catalog.REQUEST_DURATION)[("token",)]
    assert total == pytest.approx(bounds[0] + 2 * bounds[-1] + 1)
    assert (counts[0], counts[-2], counts[-1], sum(counts)) == (2, 1, 1, 4)


def test_threads_lose_no_count(meters):
    change = meters.gauge(catalog.PASSWORDS)

    def work():
        for _ in range(WAITING):
            meters.request("token", "POST", 200, "", "", 0.1)
            change(1)
            change(-1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [(count,)] = of(meters, catalog.REQUESTS).values()
    assert count == 8 * WAITING
    assert of(meters, catalog.PASSWORDS) == {(): (0,)}


def test_what_waits_to_be_counted_is_bounded(meters):
    for _ in range(WAITING * 3):
        meters.request("token", "POST", 200, "", "", 0.1)
        assert sum(map(len, meters._requests.values())) < WAITING


def test_calls_of_the_storage_are_counted_and_a_conflict_is_no_failure(meters):
    inner = open_storage("sqlite://", {})
    inner.upgrade()
    storage = MeteredStorage(inner, meters)
    mark = ReplayMark("m", 2_000_000_000)
    storage.commit(Add(mark), now=1)
    with pytest.raises(Conflict):
        storage.commit(Add(mark), now=1)
    assert storage.get(ReplayMark, "m").record == mark
    storage.get_many([(ReplayMark, "m")])
    assert [one.record for one in storage.walk(ReplayMark)] == [mark]
    storage.purge(now=1)
    storage.ping()
    storage.health()
    counted = {verb: sum(counts) for (verb,), (_, *counts) in trips(meters)}
    many = dict.fromkeys(VERBS, 1) | {"commit": 2, "ping": 2}
    assert counted == many
    assert of(meters, catalog.STORAGE_FAILURES) == {(verb,): (0,) for verb in VERBS}
    storage.close()


def trips(meters):
    return of(meters, catalog.STORAGE_DURATION).items()


def test_failures_of_the_storage_are_counted(meters):
    storage = MeteredStorage(open_storage(f"redis://127.0.0.1:{free_port()}/0", {}), meters)
    for work in (lambda: storage.get(ReplayMark, "m"), storage.ping):
        with pytest.raises(StorageError):
            work()
    failed = {verb for (verb,), many in of(meters, catalog.STORAGE_FAILURES).items() if any(many)}
    assert failed == {"get", "ping"}
    assert {verb for (verb,), _ in trips(meters)} == {"get", "ping"}
    storage.close()


FORK = """
import os, sys
from oauthprov.metrics import catalog
from oauthprov.metrics.meters import Meters
meters = Meters()
meters.request("token", "POST", 200, "", "", 0.1)
meters.totals()
meters.request("token", "POST", 200, "", "", 0.1)
child = os.fork()
if child == 0:
    meters.request("token", "POST", 200, "", "", 0.1)
counted = dict(dict(meters.totals())[catalog.REQUESTS])
[number] = counted[("token", "POST", "2xx", "", "")]
if child == 0:
    os._exit(int(number))
print(number, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def run(script, **environment):
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_forked_process_counts_nothing_of_its_parent():
    assert run(FORK) == ["2", "1"]


SHARED = """
from pathlib import Path
import os
from oauthprov.metrics import catalog
from oauthprov.metrics.exposition import Exposition
from oauthprov.metrics.meters import Meters
from prometheus_client import Counter
Counter("of_the_host", "Something else.").inc()
apps = [Meters(), Meters()]
shown = [Exposition(app, lambda: [(catalog.BUILD, ("1",), 1)], lambda: 1) for app in apps]
for _ in range(3):
    for app in apps:
        app.request("token", "POST", 200, "", "", 0.1)
        app.gauge(catalog.PASSWORDS)(1)
for one in shown * 2:
    text, kind = one.text("")
lines = text.decode().splitlines()
print(*sorted(line.split()[-1] for line in lines if line.startswith((
    "oauthprov_requests_total{", "oauthprov_passwords_hashing ", "oauthprov_build_info{",
    "oauthprov_request_duration_seconds_count", "of_the_host",
))))
"""


def test_apps_that_share_a_directory_are_added(tmp_path):
    assert run(SHARED, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) == ["1.0", "6.0", "6.0", "6.0"]


def test_without_metrics_prometheus_client_is_not_loaded():
    script = "import sys, oauthprov.web.site; print('prometheus_client' in sys.modules)"
    assert run(script) == ["False"]

"""Documents cached and renewed at limited intervals, from a real TLS server."""

import threading
from contextlib import suppress
from itertools import pairwise

import pytest

from oauthprov.errors import FetchBusy, FetchError
from oauthprov.fetch import Documents
from oauthprov.fetch.documents import ENTRIES, PATIENCE, PATIENCE_LIMIT, STALE
from oauthprov.fetch.places import SHARE
from tests.fetch.conftest import TYPES
from tests.fetch.server import JSON, answer


class Kept:
    """Documents over the test server, with a clock."""

    def __init__(self, place):
        self.now = 1_000_000
        self.place, self.server = place, place.server
        self.documents = Documents(
            place.fetcher(), lambda: self.now, media_types=TYPES, limit=1000
        )

    def says(self, text, *headers):
        self.server.reply = answer(text.encode(), JSON, *headers)

    def fails(self):
        self.server.reply = answer(b"", JSON, status="500 x")

    def get(self):
        return self.documents.get(self.place.url).decode()

    def renew(self):
        return self.documents.renew(self.place.url).decode()

    @property
    def fetches(self):
        return self.server.connections


@pytest.fixture
def kept(place):
    made = Kept(place)
    made.says('"one"')
    return made


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("X: y", 300),
        ("Cache-Control: max-age=600", 600),
        ("Cache-Control: max-age=999999", 3600),
        ("Cache-Control: max-age=1", 60),
        ("Cache-Control: no-store", 60),
    ],
)
def test_a_document_is_kept_for_a_bounded_time(kept, header, seconds):
    kept.says('"one"', header)
    kept.get()
    kept.says('"two"')
    kept.now += seconds - 1
    assert (kept.get(), kept.fetches) == ('"one"', 1)
    kept.now += 1
    assert (kept.get(), kept.fetches) == ('"two"', 2)


def test_a_document_is_renewed_every_30_seconds_at_most(kept):
    assert kept.renew() == '"one"'
    kept.says('"two"')
    for _ in range(PATIENCE):
        assert (kept.renew(), kept.fetches) == ('"one"', 1)
        kept.now += 1
    assert (kept.renew(), kept.fetches) == ('"two"', 2)
    assert (kept.renew(), kept.fetches) == ('"two"', 2)


def test_failures_are_backed_off(kept):
    kept.fails()
    tries = []
    for second in range(4000):
        before = kept.fetches
        with pytest.raises(FetchError):
            kept.get()
        if kept.fetches > before:
            tries.append(second)
        kept.now += 1
    pauses = [after - before for before, after in pairwise(tries)]
    assert (
        pauses
        == [30, 60, 120, 240, 480, PATIENCE_LIMIT, PATIENCE_LIMIT, PATIENCE_LIMIT][: len(pauses)]
    )
    assert len(pauses) >= 6
    kept.says('"two"')
    kept.now += PATIENCE_LIMIT
    assert kept.get() == '"two"'


def test_an_older_document_serves_while_no_newer_can_be_had(kept):
    kept.get()
    kept.fails()
    kept.now += STALE - 1
    assert kept.get() == '"one"'
    kept.now += 1
    with pytest.raises(FetchError):
        kept.get()


def test_simultaneous_requests_for_a_document_share_one_fetch(kept):
    gate, answers = threading.Event(), []

    def slow(connection):
        gate.wait(60)
        connection.sendall(answer(b'"one"', JSON))

    kept.server.reply = slow
    threads = [threading.Thread(target=lambda: answers.append(kept.get())) for _ in range(SHARE)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(60)
    assert answers == ['"one"'] * SHARE
    assert kept.fetches == 1


def test_a_request_with_an_older_document_does_not_wait_for_the_renewal(kept):
    kept.get()
    kept.now += 3600
    gate, asked = threading.Event(), threading.Event()

    def slow(connection):
        asked.set()
        gate.wait(60)
        connection.sendall(answer(b'"two"', JSON))

    kept.server.reply = slow
    first = threading.Thread(target=kept.get)
    first.start()
    assert asked.wait(60)
    assert kept.get() == '"one"'
    gate.set()
    first.join(60)
    assert kept.get() == '"two"'


def test_slow_servers_hold_up_a_limited_number_of_threads(kept):
    """RFC 9101 section 10.4.1: a request_uri is no way to stop a server, thread by thread."""
    kept.get()
    kept.now += 3600
    gate = threading.Event()
    kept.server.reply = lambda connection: gate.wait(60)

    def held_up(owner):
        with suppress(FetchError):
            kept.documents.get(kept.place.url, owner)

    threads = [threading.Thread(target=held_up, args=(str(n),)) for n in range(SHARE)]
    for thread in threads:
        thread.start()
    kept.server.wait(1 + SHARE)
    with pytest.raises(FetchBusy):
        kept.documents.get(kept.place.url, "one more")
    assert kept.get() == '"one"'
    assert kept.fetches == 1 + SHARE
    gate.set()
    for thread in threads:
        thread.join(60)


def test_a_limited_number_of_documents_is_kept(kept):
    kept.get()
    for number in range(ENTRIES):
        with pytest.raises(FetchError):
            kept.documents.get(f"http://{number}.example/")
    assert len(kept.documents._entries) == ENTRIES
    assert (kept.get(), kept.fetches) == ('"one"', 2)


def test_a_clock_that_goes_back_doesnt_keep_a_document_forever(kept):
    kept.get()
    kept.says('"two"')
    kept.now -= 100_000
    assert kept.get() == '"two"'

"""Reading the audit: the newest first, in pages, by account or client, and by request."""

from __future__ import annotations

import pytest

from oauthprov.events import Recorder, Scope, SignInFailed, Stream, publish, trail
from oauthprov.storage import open_storage
from tests.engines import engines
from tests.events import NOW
from tests.servers import fresh

DAY = 86_400
ENGINES = ["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"]


@pytest.fixture(params=engines(ENGINES, "sqlite", "redis"))
def storage(request):
    engine = request.param
    url = "sqlite://" if engine == "sqlite" else fresh(request.getfixturevalue(f"{engine}_url"))
    made = open_storage(url, {})
    yield made
    made.close()


@pytest.fixture
def happens(storage):
    """Publish a failed sign-in of an account at a time, in a request of its own."""
    made = [10**9]

    def happen(account_id, at, times=1):
        made[0] -= 1
        recorder = Recorder(storage, lambda: NOW, 30)
        with Scope(Stream(lambda: at, recorder=recorder), f"r{made[0]}"):
            for _ in range(times):
                publish(SignInFailed(account_id=account_id))
        recorder.join(20)

    return happen


def walked(storage, limit, **more):
    """The accounts of every page, page by page."""
    pages, after = [], None
    while True:
        page = trail.page(storage, NOW, 30, after=after, limit=limit, **more)
        pages.append([one.record.account_id for one in page.items])
        after = page.next
        if after is None:
            return pages


def test_all_entries_come_day_by_day_with_the_newest_first(storage, happens):
    happens("old", NOW - 29 * DAY)
    happens("older", NOW - 5 * DAY)
    for name in ("first", "second", "third"):
        happens(name, NOW)
    flat = [name for page in walked(storage, 2) for name in page]
    assert flat == ["third", "second", "first", "older", "old"]
    assert [one.account_id for one in trail.newest(storage, NOW, 30)] == flat


def test_entries_about_one_account_are_found_without_the_others(storage, happens):
    happens("alice", NOW - DAY)
    happens("bob", NOW, times=5)
    happens("alice", NOW)
    assert walked(storage, 1, about="alice") == [["alice"], ["alice"]]
    assert [one.at for one in trail.newest(storage, NOW, 30, "alice")] == [NOW, NOW - DAY]


def test_what_happened_in_a_request_is_found_in_its_order(storage, happens):
    happens("alice", NOW, times=3)
    found = trail.of_request(storage, "r999999999")
    assert [one.key for one in found] == [f"r999999999.99999{n}" for n in (8, 7, 6)]
    assert trail.of_request(storage, "nothing") == []
    assert trail.of_request(storage, "\n") == []


def test_what_has_expired_is_not_shown_before_it_is_purged(storage, happens):
    happens("alice", NOW - 30 * DAY + 10)
    assert len(trail.of_request(storage, "r999999999", NOW)) == 1
    later = NOW + 10
    assert trail.of_request(storage, "r999999999", later) == []
    assert trail.page(storage, later, 40).items == ()
    assert trail.page(storage, later, 40, about="alice").items == ()
    assert [*trail.newest(storage, later, 40)] == []


def test_a_request_in_which_much_happened_is_told_up_to_a_limit(storage, happens):
    happens("alice", NOW, times=trail.READ + 5)
    assert len(trail.of_request(storage, "r999999999")) == trail.READ + 5
    happens("bob", NOW, times=trail.OF_A_REQUEST + 5)
    assert len(trail.of_request(storage, "r999999998")) == trail.OF_A_REQUEST


@pytest.mark.parametrize("cursor", ["x", " ", "2027-01-15 nonsense", "1999-01-01 "])
def test_a_cursor_that_was_made_up_is_refused(storage, happens, cursor):
    happens("alice", NOW)
    with pytest.raises(ValueError, match="cursor"):
        trail.page(storage, NOW, 30, after=cursor)


def test_an_empty_audit_is_an_empty_page(storage):
    assert walked(storage, 10) == [[]]
    assert [*trail.newest(storage, NOW, 400)] == []
    assert walked(storage, 10, about="alice") == [[]]

"""Events: published when they have happened, stored with the commit that makes them happen."""

from __future__ import annotations

import json
import logging
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from threading import Event as EventOfThreads
from threading import Thread

import pytest
from hypothesis import given
from hypothesis.strategies import text

from oauthprov import logs
from oauthprov.events import (
    KINDS,
    AccountCreated,
    AuthorizationGranted,
    ClientDocumentFetched,
    DeviceAuthorizationRequested,
    Event,
    MailNotSent,
    Origin,
    PasswordResetRequested,
    PublishingStorage,
    Reason,
    Recorder,
    RequestNoted,
    RequestRefused,
    Scope,
    SignedIn,
    SignInFailed,
    Stream,
    TokensIssued,
    in_background,
    on_commit,
    publish,
    working,
)
from oauthprov.events.entry import entry_of
from oauthprov.events.recorder import LOSSES_EVERY, PER_DAY, PER_SECOND, WAITING_LIMIT
from oauthprov.records import AuditEntry, Login, ReplayMark, is_key
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Conflict, Remove, StorageError, StorageFull
from tests.events import NOW

COMMON = ("account_id", "client_id", "grant_id")


class Trail:
    """A stream, its subscriber, and the storage with its audit."""

    def __init__(self, storage, keep=30):
        self.now = NOW
        self.told = []
        self.storage = storage
        self.recorder = Recorder(storage, lambda: self.now, keep)
        self.stream = Stream(lambda: self.now, self.told.append, self.recorder)
        self.publishing = PublishingStorage(storage)

    def scope(self, request_id="r1", **more):
        return Scope(self.stream, request_id, **more)

    def commit(self, *changes):
        self.publishing.commit(*changes, now=self.now)

    def entries(self):
        self.recorder.join(60)
        return [stored.record for stored in self.storage.walk(AuditEntry)]


@pytest.fixture
def trail():
    storage = open_storage("sqlite://", {})
    storage.upgrade()
    yield Trail(storage)
    storage.close()


def mark(name="m"):
    return ReplayMark(name, NOW + 60)


def test_an_event_is_stored_by_the_commit_that_makes_it_happen(trail):
    with trail.scope(address="192.0.2.1", actor="operator"):
        on_commit(SignedIn(account_id="a", amr=("pwd", "otp")))
        assert trail.told == []
        trail.commit(Add(mark()))
    [event] = trail.told
    assert (event.account_id, event.amr, event.origin.at) == ("a", ("pwd", "otp"), NOW)
    [entry] = trail.entries()
    assert entry == AuditEntry(
        key="r1.999998",
        event="sign_in.succeeded",
        at=NOW,
        day="2027-01-15",
        expires_at=NOW + 30 * 86_400,
        details='{"amr":"pwd otp"}',
        about="a",
        account_id="a",
        address="192.0.2.1",
        actor="operator",
    )


def test_a_commit_that_fails_publishes_nothing_then_or_later(trail):
    trail.storage.commit(Add(mark()), now=NOW)
    with trail.scope():
        on_commit(AccountCreated(account_id="a"))
        with pytest.raises(Conflict):
            trail.commit(Add(mark()))
        trail.commit(Add(mark("other")))
    assert trail.told == []
    assert trail.entries() == []


def test_an_event_without_a_commit_is_stored_soon(trail):
    with trail.scope():
        publish(SignInFailed(account_id="a"))
        publish(SignInFailed(account_id="b"))
    assert [event.account_id for event in trail.told] == ["a", "b"]
    assert [entry.key for entry in trail.entries()] == ["r1.999997", "r1.999998"]


def test_events_of_a_request_have_numbers_of_their_own(trail):
    with trail.scope():
        publish(SignInFailed(account_id="a"))
        on_commit(SignedIn(account_id="a"))
        on_commit(AccountCreated(account_id="a"))
        trail.commit(Add(mark()))
    assert [entry.key for entry in trail.entries()] == ["r1.999996", "r1.999997", "r1.999998"]


def test_later_requests_come_first(trail):
    for name in ("first", "second", "third"):
        with working(trail.stream):
            publish(SignInFailed(account_id=name))
    assert [entry.account_id for entry in trail.entries()] == ["third", "second", "first"]


def test_request_ids_sort_by_time_and_never_repeat():
    made = [logs.new_request_id() for _ in range(20_000)]
    assert len(set(made)) == len(made)
    assert all(len(one) == 24 for one in made)
    times = [one[:14] for one in made]
    assert times == sorted(times, reverse=True)


def test_outside_a_request_an_event_is_only_logged(trail, caplog):
    caplog.set_level(logging.INFO, "oauthprov.events")
    publish(SignInFailed(account_id="a"))
    on_commit(SignedIn(account_id="a"))
    trail.commit(Add(mark()))
    assert [record.getMessage() for record in caplog.records] == [
        "a sign-in failed account_id=a how=password"
    ]
    assert trail.entries() == []


def test_work_of_a_request_in_another_thread_shares_its_origin_and_nothing_else(trail):
    with trail.scope("r1", address="192.0.2.1", actor="operator"):
        works = [in_background(partial(happen, trail, name)) for name in ("b", "c")]
        on_commit(SignedIn(account_id="a"))
        threads = [Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert {event.account_id for event in trail.told} == {"b", "c"}
        trail.commit(Add(mark("a")))
    origins = {replace(event.origin, at=0) for event in trail.told}
    assert origins == {Origin(0, "r1", "192.0.2.1", "operator")}
    keys = [f"r1.{number}" for number in range(999_994, 999_999)]
    assert [entry.key for entry in trail.entries()] == keys


def happen(trail, name):
    on_commit(AccountCreated(account_id=name))
    trail.commit(Add(mark(name)))
    publish(SignedIn(account_id=name))


def test_work_without_a_request_stays_as_it_is():
    assert in_background(happen) is happen


def test_a_subscriber_that_fails_changes_nothing(trail, caplog):
    def fails(event):
        raise ZeroDivisionError

    stream = Stream(lambda: NOW, fails, trail.recorder)
    with Scope(stream, "r1"):
        on_commit(SignedIn(account_id="a"))
        trail.commit(Add(mark()))
    assert trail.storage.get(ReplayMark, "m") is not None
    assert len(trail.entries()) == 1
    [line] = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert line.getMessage().startswith("a subscriber of sign_in.succeeded failed")


def test_without_an_audit_events_are_still_published(trail):
    stream = Stream(lambda: NOW, trail.told.append)
    with Scope(stream, "r1"):
        on_commit(SignedIn(account_id="a"))
        trail.commit(Add(mark()))
        publish(SignInFailed(account_id="a"))
    assert len(trail.told) == 2
    assert trail.entries() == []


def test_too_many_events_without_a_commit_are_left_out_and_counted(trail, caplog):
    """Whoever sends a flood of bad requests fills neither memory nor storage."""
    with trail.scope():
        for _ in range(WAITING_LIMIT + 500):
            publish(SignInFailed(account_id="a"))
    assert len(trail.told) == WAITING_LIMIT + 500
    assert len(trail.entries()) == WAITING_LIMIT
    assert "500 events aren't in the audit: too many came\n" in caplog.text
    trail.now += 2
    with trail.scope("r0"):
        for _ in range(100):
            publish(SignInFailed(account_id="a"))
    assert len(trail.entries()) == WAITING_LIMIT + 2 * PER_SECOND


def test_a_flood_of_bad_requests_hides_no_failed_sign_in(trail):
    with trail.scope():
        for _ in range(WAITING_LIMIT + 500):
            publish(RequestRefused(error="invalid_client"))
        publish(SignInFailed(account_id="a"))
    assert [entry.event for entry in trail.entries()].count("sign_in.failed") == 1


class Keys:
    """A storage that keeps the keys of entries, and answers while it may."""

    atomic = True
    get = get_many = None

    def __init__(self):
        self.keys = []
        self.answers = EventOfThreads()
        self.answers.set()

    def commit(self, *changes, now):
        assert self.answers.wait(60)
        self.keys += [change.record.key for change in changes]


REFILLED = WAITING_LIMIT // PER_SECOND
"""Seconds after which as many entries as may wait are stored again, unless it is for the day."""


def flood(trail, times, each=WAITING_LIMIT + 500, seconds=REFILLED):
    """Publish ``each`` events at a time; return how many were stored."""
    before = len(trail.storage.keys)
    for _ in range(times):
        trail.now += seconds
        with trail.scope(f"r{trail.now}"):
            for _ in range(each):
                publish(RequestRefused())
        trail.recorder.join(60)
    return len(trail.storage.keys) - before


def test_a_flood_that_lasts_stores_so_many_entries_a_day():
    trail = Trail(Keys())
    times = 2 * PER_DAY // WAITING_LIMIT
    passed = (times - 1) * REFILLED
    assert flood(trail, times) == PER_DAY + passed * PER_DAY // 86_400
    assert PER_DAY - 2 <= flood(trail, 86_400 // REFILLED) <= PER_DAY + 2


def test_after_a_day_without_a_flood_there_is_room_again():
    trail = Trail(Keys())
    flood(trail, 2 * PER_DAY // WAITING_LIMIT)
    trail.now += 86_400
    times = PER_DAY // WAITING_LIMIT
    assert flood(trail, times, each=WAITING_LIMIT) == times * WAITING_LIMIT


def test_a_busy_server_keeps_every_refusal_of_a_day():
    """One of ten requests a second is refused, for a while, and one of fifty on average."""
    trail = Trail(Keys())
    assert flood(trail, 6 * 60, each=60, seconds=60) == 6 * 3600
    assert flood(trail, 18 * 60, each=12, seconds=60) == 18 * 720


def test_a_flood_that_lasts_writes_one_line_a_minute(caplog):
    trail = Trail(Keys())
    flood(trail, 10 * LOSSES_EVERY, each=2 * PER_SECOND, seconds=1)
    flood(trail, 1, each=1, seconds=LOSSES_EVERY)
    numbers = [int(one.getMessage().split()[0]) for one in caplog.records]
    assert all("aren't in the audit: too many came" in one.msg for one in caplog.records)
    published = 10 * LOSSES_EVERY * 2 * PER_SECOND + 1
    assert 5 <= len(numbers) <= 10
    assert sum(numbers) == published - len(trail.storage.keys)


def test_no_flood_of_strangers_hides_what_a_known_user_or_an_admin_does():
    """The storage doesn't answer at first, so that everything that may wait does."""
    kinds = (RequestRefused, RequestNoted, SignInFailed, MailNotSent, PasswordResetRequested)
    trail = Trail(Keys())
    trail.storage.answers.clear()
    for number in range(WAITING_LIMIT):
        trail.now += 1
        with trail.scope(f"s{number}"):
            for kind in kinds:
                for _ in range(2 * PER_SECOND):
                    publish(kind())
    with trail.scope("user") as scope:
        scope.is_known = True
        publish(SignInFailed(account_id="a", how="step_up"))
        in_background(lambda: publish(MailNotSent(account_id="a")))()
    with trail.scope("admin", actor="the-admin"):
        publish(RequestRefused(error="invalid_request"))
    trail.storage.answers.set()
    trail.recorder.join(60)
    assert [key.partition(".")[0] for key in trail.storage.keys][-3:] == ["user", "user", "admin"]


def test_no_flood_of_a_known_user_hides_what_an_admin_does(trail):
    with trail.scope() as scope:
        scope.is_known = True
        for _ in range(WAITING_LIMIT + 1):
            publish(RequestRefused(error="invalid_request"))
    with trail.scope("admin", actor="the-admin"):
        publish(RequestRefused(error="invalid_request"))
    assert [entry.actor for entry in trail.entries()].count("the-admin") == 1


class Full:
    """A storage that takes nothing new."""

    atomic = True

    def __init__(self, inner):
        self.get, self.get_many, self.asked = inner.get, inner.get_many, []

    def _commit(self, changes, now):
        self.asked.append(changes)
        if any(isinstance(change, Add) for change in changes):
            raise StorageFull("full")


def test_on_a_full_storage_what_only_ends_something_works_without_its_entry(trail, caplog):
    full = Full(trail.storage)
    with trail.scope():
        on_commit(SignedIn(account_id="a"))
        PublishingStorage(full).commit(Remove(Login, "a"), now=NOW)
    assert full.asked[1] == (Remove(Login, "a"),)
    assert len(trail.told) == 1
    assert "1 entries of the audit are lost: the storage is full" in caplog.text


def test_on_a_full_storage_what_adds_something_fails(trail):
    with trail.scope():
        on_commit(SignedIn(account_id="a"))
        with pytest.raises(StorageFull):
            PublishingStorage(Full(trail.storage)).commit(Add(mark()), now=NOW)
    assert trail.told == []


class Down:
    """A storage that doesn't answer."""

    def commit(self, *changes, now):
        raise StorageError("down")


class Flaky(Down):
    """The same, if it is ``down``."""

    def __init__(self, inner):
        self.inner, self.down = inner, True

    def commit(self, *changes, now):
        (super() if self.down else self.inner).commit(*changes, now=now)


def test_an_outage_writes_one_line_a_minute_about_lost_entries(trail, caplog):
    recorder = Recorder(Down(), lambda: trail.now, 30)
    stream = Stream(lambda: trail.now)
    for seconds in (0, 1, 59, 60, 61):
        trail.now = NOW + seconds
        with Scope(stream, f"r{seconds}") as scope:
            recorder.put(scope, SignInFailed(account_id="a"))
        recorder.join(60)
    assert [record.getMessage() for record in caplog.records] == [
        "1 entries of the audit are lost: down",
        "3 entries of the audit are lost: down",
    ]


def test_entries_lost_within_a_minute_are_logged_once_the_storage_is_back(trail, caplog):
    recorder = Recorder(storage := Flaky(trail.storage), lambda: trail.now, 30)
    stream = Stream(lambda: trail.now)
    for seconds, storage.down in ((0, True), (1, True), (2, True), (30, False), (60, False)):
        trail.now = NOW + seconds
        with Scope(stream, f"r{seconds}") as scope:
            recorder.put(scope, SignInFailed(account_id="a"))
        recorder.join(60)
    assert [record.getMessage() for record in caplog.records] == [
        "1 entries of the audit are lost: down",
        "2 entries of the audit are lost: down",
    ]
    assert len(trail.entries()) == 2


def test_entries_that_the_storage_does_not_take_are_lost_and_logged(trail, caplog):
    recorder = Recorder(Down(), lambda: NOW, 30)
    with Scope(Stream(lambda: NOW), "r1") as scope:
        recorder.put(scope, SignInFailed(account_id="a"))
    recorder.join(60)
    assert "1 entries of the audit are lost: down" in caplog.text


SENT = ["\n", "a\nb", "\x00\x1b[2J", "\u202egnp", "\ud800", "x" * 1_000_000, "", "\u65e5\u672c"]


@pytest.mark.parametrize("sent", SENT)
def test_what_strangers_send_is_stored_and_bounded(trail, sent):
    with trail.scope():
        publish(RequestRefused(client_id=sent, error="invalid_client", compared=repr(sent)))
    [entry] = trail.entries()
    assert len(entry.details) < 10_000
    assert entry.details.isascii()
    assert entry.details.isprintable()
    known = json.loads(entry.details)
    assert known["error"] == "invalid_client"


@given(sent=text(), compared=text(max_size=600))
def test_an_entry_of_any_text_is_bounded_ascii_that_can_be_read_again(sent, compared):
    event = RequestRefused(client_id=sent, error="invalid_client", compared=compared)
    entry = entry_of(event, 1, 30)
    assert entry.details.isascii()
    assert entry.details.isprintable()
    assert len(entry.details) < 20_000
    known = json.loads(entry.details)
    assert known.get("compared", "")[:400] == compared[:400]
    assert sent in ("", entry.client_id) or known["client_id"][:400] == sent[:400]
    assert entry.about is None or is_key(entry.about)


@pytest.mark.parametrize("sent", ["192.0.2.1\x00", "\x1b[2J", "\u00e9", "x" * 200_000])
def test_an_address_that_can_t_be_one_is_left_out_everywhere(trail, caplog, sent):
    caplog.set_level(logging.INFO, "oauthprov.events")
    with trail.scope(address=sent):
        publish(SignInFailed(account_id="a"))
    assert [entry.address for entry in trail.entries()] == [""]
    assert [event.origin.address for event in trail.told] == [""]
    [line] = [one for one in caplog.records if one.name == "oauthprov.events"]
    assert not hasattr(line, "address")
    assert len(line.getMessage()) < 1000


def test_a_value_that_is_no_client_id_is_not_listed_as_one(trail):
    with trail.scope():
        publish(RequestRefused(client_id="a b\n", reason=Reason.CLIENT_UNKNOWN, error="x"))
    [entry] = trail.entries()
    assert entry.about is None
    assert entry.client_id is None
    assert json.loads(entry.details)["client_id"] == "a b\n"
    assert json.loads(entry.details)["reason"] == "client_unknown"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_name_and_words_of_its_own(kind):
    assert kind.name
    assert kind.words
    assert [one.name for one in KINDS].count(kind.name) == 1
    assert kind.__doc__


@pytest.mark.parametrize(
    "routine",
    [
        TokensIssued(how="refresh_token"),
        AuthorizationGranted(how="remembered"),
        DeviceAuthorizationRequested(),
        ClientDocumentFetched(how="same"),
        RequestRefused(error="slow_down", reason=Reason.CODE_REPLAYED),
    ],
)
def test_routine_events_are_lines_of_debugging(routine):
    assert routine.is_routine
    assert routine.severity == logging.DEBUG


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_event_holds_is_in_its_log_line(kind):
    described = {"description"}  # part of the sentence
    own = {field.name for field in fields(kind)} - {"origin"} - described
    assert own <= set(logs.FIELDS)


def test_subscribers_of_the_base_class_get_all():
    assert all(issubclass(kind, Event) for kind in KINDS)


def test_the_page_on_events_describes_every_kind():
    page = (Path(__file__).parents[2] / "docs/events.md").read_text("utf-8")
    for kind in KINDS:
        own = [f.name for f in fields(kind) if f.name not in ("origin", *COMMON)]
        members = ", ".join(f"`{name}`" for name in own) or "-"
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{kind.name}` |")]
        assert row.split(" | ")[1] == f"`{kind.__name__}`"
        assert row.endswith(f"| {members} |")

"""The page on which people see the events of their own account."""

from __future__ import annotations

from dataclasses import fields

import pytest

from oauthprov.accounts.telling import _ELSEWHERE, _WORDS
from oauthprov.events import KINDS
from oauthprov.records import Account
from oauthprov.web.audit.words import CHANGES, SENTENCES
from tests import site as sites
from tests.servers import fresh


@pytest.fixture(params=["sqlite", "redis"])
def site(request):
    url = "sqlite://" if request.param == "sqlite" else fresh(request.getfixturevalue("redis_url"))
    made = sites.standalone(sites.ini(url, development="true"))
    yield made
    made.close()


def test_people_see_what_has_happened_to_their_account_and_nothing_of_others(site):
    alice, bob = site.browser().sign_up("alice"), site.browser().sign_up("bob")
    app = site.app(name="Album")
    alice.connect(app)
    page = alice.get("/account").click("See what has happened to your account")
    said = [heading.text.strip() for heading in page.html.select("ul.entries h2")]
    assert said == [
        "An app was given access: Album",
        "Signed in",
        "The account was created",
    ]
    assert "Album" not in bob.get("/account/events").text


def test_an_event_says_where_it_came_from_and_who_acted(site):
    alice = site.browser().sign_up("alice")
    failed = site.browser().get("/login").form
    failed["name"], failed["password"] = "alice", "wrong"
    failed.submit(extra_environ={"REMOTE_ADDR": "203.0.113.9"}, expect_errors=True)
    site.wsgi.registry["oauthprov"].events.recorder.join(60)
    page = alice.get("/account/events")
    [entry] = [one for one in page.html.select("ul.entries li") if "sign-in failed" in one.text]
    assert "203.0.113.9" in entry.text


def test_the_page_costs_two_reads_more_than_the_session(site):
    alice = site.browser().sign_up("alice")
    alice.connect(site.app())
    assert site.storage.trips(lambda: alice.get("/account/events")) == (3, 0)


def test_it_is_paged(site):
    alice = site.browser().sign_up("alice")
    for _ in range(60):
        alice = site.browser().sign_in("alice")
    first = alice.get("/account/events")
    second = first
    while second.html.find("a", string="Earlier events"):
        second = second.click("Earlier events")
    assert len(first.html.select("ul.entries li")) == 50
    assert second.html.select("ul.entries li")[-1].text.strip().startswith("The account was")


@pytest.mark.parametrize("cursor", ["x", "%F0%9F%94%91"])
def test_a_made_up_cursor_is_not_found(site, cursor):
    alice = site.browser().sign_up("alice")
    assert alice.get(f"/account/events?after={cursor}").status_int == 404


def test_without_an_audit_there_is_no_page():
    made = sites.standalone(sites.ini("sqlite://", **{"audit.keep": "0"}))
    alice = made.browser().sign_up("alice")
    assert alice.get("/account/events").status_int == 404
    assert "/account/events" not in alice.get("/account").text
    made.close()


def test_every_kind_of_event_has_a_sentence():
    assert {kind.name for kind in KINDS} == SENTENCES.keys()


def test_it_says_what_has_changed_of_the_account(site):
    alice = site.browser().sign_up("alice")
    form = alice.get("/account/password").form
    form["current"], form["password"] = sites.PASSWORD, "another long password"
    assert form.submit().status_int == 303
    page = alice.get("/account/events")
    [entry] = [one for one in page.html.select("ul.entries > li") if "changed" in one.text]
    changes = [change.text for change in entry.select("ul.changes li")]
    assert changes == ["Password", "All sessions were ended"]


def test_each_field_of_an_account_that_an_event_names_has_words():
    named = {field.name for field in fields(Account)} - {"account_id", "created_at", *_ELSEWHERE}
    words = {_WORDS.get(name, name) for name in named}
    assert words | {"enabled", "email", "email_verified", "profile"} == CHANGES.keys()

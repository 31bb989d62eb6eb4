"""Finding accounts, one page at a time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from oauthprov.accounts import EmailVerifications
from oauthprov.protocol.admin import listing
from oauthprov.records import Account
from oauthprov.storage.interface import Add
from tests.web.admin.conftest import id_of

ADDRESS = "bob@example.org"


def names(page) -> list[str]:
    return [heading.text for heading in page.select("ul.entries h2 a bdi")]


def search(browser, text: str) -> list[str]:
    form = browser.get("/admin/people").form
    form["q"] = text
    return names(form.submit().html)


@pytest.fixture
def address(site, bob_id):
    """Bob's address, once it is confirmed."""
    site.wsgi.registry["oauthprov"].people.set_email(bob_id, ADDRESS)
    return EmailVerifications(site.storage, site.clock, 3600).vouch(bob_id)


def test_an_account_is_found_by_its_user_name_in_any_spelling(alice, bob):
    assert search(alice, "bob") == search(alice, " BOB ") == ["bob"]
    assert search(alice, "bo") == []


def test_an_account_is_found_by_its_id(alice, bob_id):
    assert search(alice, bob_id) == ["bob"]


def test_an_account_is_found_by_its_confirmed_address(site, alice, bob_id):
    site.wsgi.registry["oauthprov"].people.set_email(bob_id, ADDRESS)
    assert search(alice, ADDRESS) == []
    EmailVerifications(site.storage, site.clock, 3600).vouch(bob_id)
    assert search(alice, ADDRESS) == search(alice, "BOB@example.org") == ["bob"]


@pytest.mark.usefixtures("address")
def test_an_account_that_is_disabled_is_found_too(site, alice, bob_id):
    site.wsgi.registry["oauthprov"].people.disable(bob_id)
    for text in ("bob", bob_id, ADDRESS):
        assert search(alice, text) == ["bob"]
    assert "disabled" in alice.get("/admin/people?q=bob").text


@pytest.mark.usefixtures("address")
def test_an_account_that_several_ways_lead_to_is_listed_once(site, alice):
    site.storage.commit(
        *_named(site, "twin", id_of(site, "bob") + "2", claims={"email": ADDRESS}), now=1
    )
    assert search(alice, ADDRESS) == ["bob"]


def _named(site, name, account_id, claims):
    stored = site.storage.get(Account, id_of(site, "bob")).record
    made = replace(stored, account_id=account_id, name=name, claims=json.dumps(claims))
    return (Add(made),)


def test_the_list_is_paged_and_shows_every_account_once(site, alice, monkeypatch):
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    monkeypatch.setattr(listing.page_of, "__kwdefaults__", {"size": 2})
    for number in range(4):
        site.wsgi.registry["oauthprov"].people.sign_up(f"bob {number}", "correct horse battery")
    page, seen = alice.get("/admin/people"), []
    while True:
        assert len(names(page.html)) <= 2
        seen += names(page.html)
        if not page.html.find("a", string="More accounts"):
            break
        page = page.click("More accounts")
    assert sorted(seen) == ["alice", *(f"bob {number}" for number in range(4))]

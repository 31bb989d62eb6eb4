"""Downloading one's data: a file, behind a form and a recent sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from bench import filling
from oauthprov import deadline
from oauthprov.records import Grant
from oauthprov.storage.interface import StorageError
from oauthprov.web.signed_in import RECENT
from tests.site import ISSUER


def test_the_data_comes_as_a_file_that_no_page_can_read(site, alice):
    alice.connect(site.app(name="Printer"))
    sent = alice.get("/account/export").form.submit()
    assert sent.content_type == "application/json"
    assert sent.headers["Content-Disposition"] == 'attachment; filename="account.json"'
    assert sent.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in sent.headers
    assert sent.json["account"]["name"] == "alice"
    assert [one["client_name"] for one in sent.json["consents"]] == ["Printer"]
    assert len(sent.json["sessions"]) == 1


def test_the_file_of_one_user_holds_nothing_of_another(site, alice):
    bob = site.browser().sign_up("bob")
    bob.connect(site.app(name="Printer"))
    sent = alice.get("/account/export").form.submit()
    assert sent.json["consents"] == []
    assert "bob" not in sent.text


def test_without_the_csrf_token_or_a_recent_sign_in_there_is_no_file(site, alice):
    refused = alice.page.post(site.url("/account/export"), {"csrf_token": "x"}, expect_errors=True)
    assert refused.status_int == 403
    form = alice.get("/account/export").form
    site.clock.pass_by(RECENT)
    assert form.submit().location == f"{ISSUER}/login?page=export"


def test_a_long_file_is_whole_and_has_its_length(site, alice):
    now = site.clock()
    filling.fill(site.storage, filling.apps(range(2500), now, alice.account_id()), now)
    sent = alice.get("/account/export").form.submit()
    assert sent.content_length == len(sent.body) > 1_000_000
    assert len(sent.json["consents"]) == len(sent.json["grants"]) == 2500


def test_a_storage_that_fails_halfway_gives_an_error_page(site, alice, monkeypatch):
    form = alice.get("/account/export").form
    find = type(site.storage).find

    def failing(self, kind, **given):
        if kind is Grant:
            raise StorageError("gone")
        return find(self, kind, **given)

    monkeypatch.setattr(type(site.storage), "find", failing)
    sent = form.submit(expect_errors=True)
    assert (sent.status_int, sent.content_type) == (503, "text/html")
    assert "Content-Disposition" not in sent.headers


@dataclass
class Slow:
    """Stands for the module ``time``: each read of the storage takes three seconds."""

    now: float = 1000.0

    def monotonic(self) -> float:
        self.now += 1.5
        return self.now


def test_a_long_document_may_take_longer_than_other_requests(site, alice, monkeypatch):
    """Each page has the time of a request; a storage that doesn't answer still ends it."""
    now = site.clock()
    filling.fill(site.storage, filling.apps(range(350), now, alice.account_id()), now)
    form = alice.get("/account/export").form
    monkeypatch.setattr(deadline, "time", Slow())
    sent = form.submit()
    assert len(sent.json["grants"]) == 350

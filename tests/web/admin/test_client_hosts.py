"""Clients that a document describes: found by their URLs, disabled one by one or by their host."""

from __future__ import annotations

import pytest

from oauthprov.protocol.clients.documents import urls
from oauthprov.records import AuditEntry, Client, DisabledHost
from oauthprov.storage.interface import Add
from tests.web.admin.conftest import forge, press

HOSTS = "/admin/client-hosts"
URL = "https://app.example/client.json"
BELOW = "https://sub.app.example/client.json"
OTHER = "https://other.example/client.json"


@pytest.fixture
def described(site):
    """Three clients with documents, at a host, below it, and at another one."""
    for number, url in enumerate((URL, BELOW, OTHER)):
        at = 1000 if url == BELOW else None
        made = Client(url, f"App {number}", "browser", 1, disabled_at=at, fetched_at=1)
        site.storage.commit(Add(made), now=1)


def enabled(site) -> set[str]:
    found = (stored.record for stored in site.storage.walk(Client))
    return {client.client_id for client in found if client.disabled_at is None}


def disable(alice, host):
    return forge(alice, HOSTS, action="disable", host=host)


def test_a_client_is_found_by_its_url(alice, described):
    form = alice.get("/admin/clients").form
    form["q"] = URL
    page = alice.follow(form.submit())
    assert page.html.h1.text == "App 0"
    assert "the document at its client ID describes it" in page.text
    assert "first_party" not in [button.get("value") for button in page.html.find_all("button")]
    assert "App 0" in alice.get("/admin/clients").text


def test_it_is_disabled_marked_and_removed_on_its_page(site, alice, described):
    there = f"/admin/clients/{urls.in_path(URL)}"
    for action, field in (("verify", "verified"), ("disable", "disabled_at")):
        assert press(alice.get(there), action).status_int == 303
        assert getattr(site.storage.get(Client, URL).record, field)
    page = alice.get(f"{there}/remove")
    page.form["name"] = "App 0"
    assert page.form.submit().status_int == 303
    assert alice.get(there).status_int == 404


def test_nothing_makes_it_first_party(site, alice, described):
    there = f"/admin/clients/{urls.in_path(URL)}"
    edition = alice.get(there).forms[0]["edition"].value
    sent = forge(alice, there, action="first_party", edition=edition)
    assert sent.status_int == 422
    assert not site.storage.get(Client, URL).record.first_party


def test_a_host_is_disabled_with_all_below_it_and_enabled_again(site, alice, described):
    page = alice.follow(disable(alice, " App.example "))
    assert page.html.h2.text == "app.example"
    assert enabled(site) == {OTHER}
    assert site.storage.get(Client, BELOW).record.disabled_at == 1000
    page = alice.follow(press(page, "enable"))
    assert "There are none." in page.text
    assert enabled(site) == {URL, OTHER}  # the operator had disabled the other one before


def test_a_host_that_is_disabled_twice_is_enabled_once(site, alice, described):
    disable(alice, "app.example")
    site.clock.pass_by(10)
    disable(alice, "app.example")
    assert len(list(site.storage.walk(DisabledHost))) == 1
    press(alice.get(HOSTS), "enable")
    assert URL in enabled(site)


@pytest.mark.parametrize(
    "host", ["", "https://app.example", "app.example.", "bücher.example", "*"]
)
def test_what_is_no_host_is_refused(site, alice, host):
    assert disable(alice, host).status_int == 422
    assert list(site.storage.walk(DisabledHost)) == []


def test_what_is_done_to_hosts_is_in_the_audit(site, alice, described):
    disable(alice, "app.example")
    press(alice.get(HOSTS), "enable")
    found = [stored.record for stored in site.storage.walk(AuditEntry)]
    events = [entry.event for entry in found if entry.actor is not None]
    assert events.count("client_host.changed") == 2
    assert events.count("client.changed") == 2

"""Clients that a document describes: found by their URLs, disabled one by one or by their host."""

from __future__ import annotations

import pytest

from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.clients.documents import urls
from oauthprov.records import AuditEntry, Client, DisabledHost
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add
from tests import site as sites
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
    """The clients that requests may come from, as a process sees them that has read none yet."""
    settings = Settings.from_ini(sites.ini("sqlite://", client_documents="*"))
    return set(Clients(site.storage, site.clock, settings).get_many([URL, BELOW, OTHER]))


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


def test_a_host_is_enabled_by_its_name(site, alice, described):
    disable(alice, "app.example")
    page = alice.get(HOSTS)
    assert press(page, "enable", 1, host="App.Example").status_int == 303
    assert enabled(site) == {URL, OTHER}
    assert press(page, "enable", 1, host="app.example").status_int == 404


def test_a_host_that_is_disabled_twice_is_enabled_once(site, alice, described):
    disable(alice, "app.example")
    site.clock.pass_by(10)
    disable(alice, "app.example")
    assert len(list(site.storage.walk(DisabledHost))) == 1
    press(alice.get(HOSTS), "enable")
    assert URL in enabled(site)


def states(page) -> dict[str, list[str]]:
    """The marks of each client of the list."""
    return {
        entry.code.text: [mark.text for mark in entry.find_all("span", class_="unsure")]
        for entry in page.html.select("ul.entries > li")
    }


def test_the_list_says_whose_host_is_disabled(alice, described):
    disable(alice, "app.example")
    assert states(alice.get("/admin/clients")) == {
        URL: ["host disabled"],
        BELOW: ["disabled", "host disabled"],
        OTHER: [],
    }
    press(alice.get(HOSTS), "enable")
    assert states(alice.get("/admin/clients")) == {URL: [], BELOW: ["disabled"], OTHER: []}


def test_the_page_of_a_client_names_the_host_that_disables_it(alice, described):
    there = f"/admin/clients/{urls.in_path(BELOW)}"
    [alone] = alice.get(there).html.find_all(class_="alert")
    assert alone.text == "This client is disabled. Its requests are refused."
    disable(alice, "app.example")
    page = alice.get(there)
    alerts = [alert.text for alert in page.html.find_all(class_="alert")]
    assert alerts[0] == alone.text
    assert alerts[1].startswith("Its requests are refused: the host app.example is disabled since")
    assert page.click("app.example", href=HOSTS).html.h1.text == "Disabled hosts"
    assert alice.get(f"/admin/clients/{urls.in_path(OTHER)}").html.find(class_="alert") is None


def test_a_client_at_a_disabled_host_can_be_disabled_and_enabled_by_itself(site, alice, described):
    disable(alice, "app.example")
    there = f"/admin/clients/{urls.in_path(URL)}"
    press(alice.get(there), "disable")
    page = alice.follow(press(alice.get(there), "enable"))
    assert "The client is enabled, but its host isn't" in page.html.find(class_="notice").text
    press(alice.get(there), "disable")
    press(alice.get(HOSTS), "enable")
    assert enabled(site) == {OTHER}
    page = alice.follow(press(alice.get(there), "enable"))
    assert page.html.find(class_="notice").text == "The client is enabled."
    assert enabled(site) == {URL, OTHER}


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
    assert events == ["client_host.changed"] * 2

"""Finding clients, what the operator decides about them, and who uses them."""

from __future__ import annotations

import pytest

from oauthprov.records import Client, Consent
from tests.web.admin.conftest import forge, press
from tests.web.admin.test_people import names


@pytest.fixture
def app(site):
    return site.app()


@pytest.fixture
def there(app):
    return f"/admin/clients/{app.client.client_id}"


def stored(site, app) -> Client:
    return site.storage.get(Client, app.client.client_id).record


def test_a_client_is_found_by_its_id(alice, app):
    form = alice.get("/admin/clients").form
    form["q"] = f" {app.client.client_id} "
    assert alice.follow(form.submit()).html.h1.text == "Printer"
    form["q"] = "Printer"
    assert "No client has this client ID" in form.submit().text


def test_the_clients_of_an_owner_are_listed(site, alice, app, bob_id):
    site.app(owner=bob_id, name="Album")
    assert names(alice.get(f"/admin/clients?owner={bob_id}").html) == ["Album"]
    assert sorted(names(alice.get("/admin/clients").html)) == ["Album", "Printer"]
    assert names(alice.get("/admin/clients?owner=nobody").html) == []


@pytest.mark.parametrize(
    ("on", "off", "field"),
    [("verify", "unverify", "verified"), ("first_party", "third_party", "first_party")],
)
def test_a_mark_is_set_and_taken(site, alice, app, there, on, off, field):
    for action, value in ((on, True), (off, False)):
        assert press(alice.get(there), action).status_int == 303
        assert getattr(stored(site, app), field) is value


def test_a_disabled_client_is_refused_until_it_is_enabled(site, alice, bob, app, there):
    tokens = app.tokens(bob)
    shown = alice.follow(press(alice.get(there), "disable"))
    assert "This client is disabled" in shown.text
    refused = app.refresh(tokens["refresh_token"])
    assert refused.json["error"] == "invalid_client"
    press(shown, "enable")
    assert app.refresh(tokens["refresh_token"]).status_int == 200


def test_the_accounts_that_allowed_it_are_listed_and_one_loses_it(site, alice, bob, app, there):
    tokens = app.tokens(bob)
    page = alice.get(there)
    users = page.html.find("section", {"aria-labelledby": "users"})
    assert [user.text for user in users.select("h3 bdi")] == ["bob"]
    assert page.click("bob", index=0).html.h1.bdi.text == "bob"
    shown = alice.follow(press(page, "withdraw"))
    assert "No account" in shown.html.find("section", {"aria-labelledby": "users"}).text
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_a_client_is_not_told_as_user_of_another(site, alice, bob, app):
    app.tokens(bob)
    other = site.app(name="Album")
    there = f"/admin/clients/{other.client.client_id}"
    assert "No account" in alice.get(there).text
    [consent] = site.storage.find(Consent, client_id=app.client.client_id).items
    sent = forge(alice, there, action="withdraw", account=consent.record.account_id)
    assert sent.status_int == 404


def test_a_client_is_removed_once_its_name_is_typed(site, alice, bob, app, there):
    tokens = app.tokens(bob)
    page = alice.get(there).click("Remove", href="remove")
    page.form["name"] = "Scanner"
    again = page.form.submit(expect_errors=True)
    assert again.status_int == 422
    again.form["name"] = "Printer"
    shown = alice.follow(again.form.submit())
    assert "The client was removed" in shown.text
    assert "Printer" not in shown.text
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_client"
    assert alice.get(there).status_int == 404


def test_a_machine_has_no_users_and_is_not_first_party(site, alice):
    machine = site.app("machine", redirect_uris=())
    page = alice.get(f"/admin/clients/{machine.client.client_id}")
    assert not page.html.find("section", {"aria-labelledby": "users"})
    assert not page.html.find("button", value="first_party")


def test_no_secret_is_on_the_page(site, alice, app, there):
    page = alice.get(there).text
    assert app.secret not in page
    assert stored(site, app).secrets[0] not in page

"""The consent page: its content, its protection, and its redirects."""

from __future__ import annotations

from dataclasses import replace

from oauthprov.records import Consent, Interaction
from oauthprov.storage.interface import Replace
from tests import site as sites
from tests.site import CALLBACK, ISSUER, PASSWORD, PHOTOS, arrived

ON = "on 15 January 2027"
"""The day of the clock that tests hold."""


def pressed(page, decision="allow"):
    """What Allow or Cancel on a consent page leads to, whatever the status."""
    return page.forms[0].submit("decision", value=decision, expect_errors=True)


def words(element) -> str:
    return " ".join(element.text.split())


def test_the_page_names_app_scopes_account_and_destination(site, alice):
    app = site.app(name="Printer", homepage_uri="https://printer.example/")
    page = alice.authorize(app, scope="photos:read photos:write", resource=PHOTOS).html
    assert words(page.h1) == "Printer asks for access"
    assert "to your account alice" in words(page.main)
    assert [words(li) for li in page.select("ul.asked li")] == [
        "See photos",
        "Add photos",
        "Your photos",
    ]
    assert "You will be sent to app.example" in words(page.main)
    [homepage] = page.find_all("a", href="https://printer.example/")
    assert words(homepage).startswith("printer.example")
    assert page.title.text.startswith("Allow Printer?")


def test_what_changes_or_deletes_is_marked_and_comes_last():
    declared = (
        "photos:delete | Delete photos | delete\nphotos:write | Add photos | write\n"
        "photos:read | See photos | read"
    )
    settings = sites.ini("sqlite://", scopes=declared, default_scopes="", resources="")
    site = sites.standalone(settings)
    alice = site.browser().sign_up("alice")
    app = site.app(scopes=("photos:delete", "photos:write", "photos:read"))
    page = alice.authorize(app, scope="photos:delete photos:write photos:read")
    asked = page.html.select("ul.asked li")
    assert [words(li) for li in asked] == [
        "See photos",
        "Add photos Changes data",
        "Delete photos Deletes data",
    ]
    assert [bool(li.svg) for li in asked] == [False, True, True]
    pressed(page)
    listed = alice.get("/account").html.select("ul.asked li")
    assert [words(li) for li in listed] == [words(li) for li in asked]
    site.close()


def test_cancel_comes_first_and_neither_button_is_preselected(site, alice):
    page = alice.authorize(site.app()).html
    buttons = page.select(".actions button")
    assert [button["value"] for button in buttons] == ["cancel", "allow"]
    assert not page.select("[autofocus]")


def test_the_page_carries_an_id_and_none_of_the_parameters(site, alice):
    page = alice.authorize(site.app(), state="the-state")
    names = {field["name"] for field in page.html.form.find_all("input")}
    assert names == {"csrf_token", "interaction"}
    assert "the-state" not in page.text


def test_allow_leads_back_with_a_code_once(site, alice):
    page = alice.authorize(site.app())
    first = pressed(page)
    assert first.status_int == 303
    assert first.location.startswith(CALLBACK + "?")
    assert {"code", "iss", "state"} <= arrived(first).keys()
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cache-Control"] == "no-store"
    again = pressed(page)
    assert again.status_int == 400
    assert "Location" not in again.headers


def test_cancel_returns_access_denied_and_remembers_nothing(site, alice):
    page = alice.authorize(site.app())
    assert arrived(pressed(page, "cancel"))["error"] == "access_denied"
    assert list(site.storage.walk(Consent)) == []
    assert pressed(page).status_int == 400


def test_a_second_request_asks_for_the_new_scopes_alone(site, alice):
    app = site.app()
    alice.connect(app)
    assert "code" in arrived(alice.authorize(app))
    page = alice.authorize(app, scope="profile:read photos:write").html
    marked = {words(li).removesuffix(" new"): "new" in words(li) for li in page.select("li")}
    assert (marked["See your name"], marked["Add photos"]) == (False, True)
    assert words(page.find(id="before")) == f"You allowed this app the following before, {ON}:"
    assert [words(li) for li in page.select("[aria-labelledby=before] li")] == ["See your name"]


def test_earlier_consent_is_a_whole_sentence_where_no_list_follows(site, alice):
    app = site.app()
    alice.connect(app)
    other = alice.authorize(app, scope="photos:read").html
    assert f"You allowed this app other things before, {ON}." in words(other.main)
    assert not other.select("[aria-labelledby=before]")


def test_earlier_consent_is_a_whole_sentence_where_nothing_is_new(site, alice):
    app = site.app("native", redirect_uris=("com.example.app:/callback",))
    alice.connect(app)
    same = alice.authorize(app).html
    assert f"You allowed this app before, {ON}." in words(same.main)
    assert not same.select("[aria-labelledby=before]")


def test_a_decision_is_allow_or_cancel(site, alice):
    page = alice.authorize(site.app())
    fields = {name: page.forms[0][name].value for name in ("csrf_token", "interaction")}
    for decision in ({}, {"decision": ""}, {"decision": "yes"}, {"decision": "ALLOW"}):
        sent = alice.page.post(site.url("/consent"), fields | decision, expect_errors=True)
        assert sent.status_int == 400
    assert arrived(pressed(page))["code"]


def test_another_browser_can_neither_see_nor_answer_the_consent_page(site, alice):
    page = alice.authorize(site.app())
    interaction = page.forms[0]["interaction"].value
    bob = site.browser().sign_up("bob")
    assert bob.get(f"/consent?interaction={interaction}").status_int == 400
    token = bob.get("/logout").form["csrf_token"].value
    fields = {"interaction": interaction, "decision": "allow", "csrf_token": token}
    sent = bob.page.post(site.url("/consent"), fields, expect_errors=True)
    assert sent.status_int == 400
    assert "Location" not in sent.headers
    assert arrived(pressed(page))["code"]


def test_without_an_interaction_there_is_an_error_page(site, alice):
    for query in ("", "?interaction=", "?interaction=nothing", "?interaction=a&interaction=b"):
        assert alice.get("/consent" + query).status_int == 400


def test_an_expired_interaction_is_an_error_page(site, alice):
    page = alice.authorize(site.app())
    site.clock.pass_by(1800)
    assert (
        alice.get(f"/consent?interaction={page.forms[0]['interaction'].value}").status_int == 400
    )
    assert pressed(page).status_int == 400


def test_a_person_signed_out_meanwhile_signs_in_and_is_asked_again(site, alice):
    page = alice.authorize(site.app())
    site.wsgi.registry["oauthprov"].people.end_sessions(alice.account_id())
    sent = pressed(page)
    assert sent.location.startswith(f"{ISSUER}/login?interaction=")
    login = alice.get(sent.location)
    login.form["name"], login.form["password"] = "alice", PASSWORD
    assert "asks for access" in alice.follow(login.form.submit()).text


def test_another_account_can_take_over_the_request(site, alice):
    site.browser().sign_up("bob")
    page = alice.authorize(site.app(name="Printer"))
    login = page.click("Use another account").click("Use another account")
    assert "Printer" in login.html.find(class_="lead").text
    login.form["name"], login.form["password"] = "bob", PASSWORD
    consent = alice.follow(login.form.submit())
    assert "to your account bob" in words(consent.html.main)
    assert arrived(pressed(consent))["code"]
    [stored] = site.storage.walk(Consent)
    assert (
        stored.record.account_id
        == site.wsgi.registry["oauthprov"].people.by_name("bob").record.account_id
    )


def test_a_client_s_name_is_text_and_never_markup(site, alice):
    app = site.app(name="<b>Bank</b>")
    assert "<b>Bank" not in alice.authorize(app).text
    alice.connect(app)
    assert "<b>Bank" not in alice.get("/account").text


def test_a_homepage_is_linked_over_https_alone(site, alice):
    app = site.app(homepage_uri="http://printer.example/")
    assert "printer.example" not in alice.authorize(app).text


def test_the_stored_request_is_bound_to_the_browser_s_cookie(site, alice):
    alice.authorize(site.app())
    [stored] = site.storage.walk(Interaction)
    assert stored.record.browser is not None
    assert alice.page.cookies["__Host-oauthprov_bid"] not in str(stored.record)


def test_a_decision_that_loses_every_race_can_be_repeated(site, alice):
    app = site.app()
    page = alice.authorize(app)
    alice.connect(app)
    storage = site.storage.inner

    def allow_elsewhere():
        [stored] = storage.find(Consent).items
        changed = replace(stored.record, updated_at=stored.record.updated_at + 1)
        storage.commit(Replace(changed, expecting=stored), now=site.clock())

    site.storage.meanwhile = [allow_elsewhere] * 3
    response = pressed(page)
    assert response.status_int == 503
    assert int(response.headers["Retry-After"]) > 0
    assert pressed(page).location.startswith(CALLBACK + "?code=")

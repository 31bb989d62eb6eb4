"""The audit on the admin pages: all events, those about an id, and those of a request."""

from __future__ import annotations

import pytest

from tests.site import Browser
from tests.web.admin.conftest import id_of


def recorded(site) -> None:
    """Wait until events without a commit are stored."""
    site.wsgi.registry["oauthprov"].events.recorder.join(60)


@pytest.fixture
def app(site, bob):
    """A client that bob has allowed, and whose code exchange is refused afterwards."""
    made = site.app()
    bob.connect(made)
    return made


def test_the_newest_events_come_first_with_who_and_where(site, alice, bob, bob_id):
    page = alice.get("/admin/audit")
    names = [code.text for code in page.html.select("ul.entries h2 code")]
    assert names[:2] == ["sign_in.succeeded", "account.created"]
    assert f"/admin/people/{bob_id}" in page.text


def test_events_about_an_account_are_those_of_it_alone(site, alice, bob, bob_id):
    page = alice.get(f"/admin/audit?about={bob_id}")
    assert page.html.select_one("#about")["value"] == bob_id
    names = {code.text for code in page.html.select("ul.entries h2 code")}
    assert names == {"sign_in.succeeded", "account.created"}
    assert id_of(site, "alice") not in page.text


def test_a_refused_request_is_explained_by_its_id(site, alice, app):
    answer = app.exchange("opc_unknown.code")
    recorded(site)
    page = alice.get(f"/admin/audit?request={answer.headers['X-Request-Id']}")
    assert "No such authorization code is stored." in page.text
    assert "invalid_grant" in page.text
    assert f"/admin/clients/{app.client.client_id}" in page.text


def test_the_refusals_of_a_client_are_listed_on_its_page_s_link(site, alice, app):
    app.exchange("opc_unknown.code")
    recorded(site)
    link = alice.get(f"/admin/clients/{app.client.client_id}").click("What has happened to this")
    assert "request.refused" in link.text


def test_what_an_admin_does_names_the_admin(site, alice, bob_id):
    page = alice.get(f"/admin/people/{bob_id}")
    form = next(form for form in page.forms.values() if "action" in form.fields)
    form.submit("action", value="disable")
    shown = alice.get(f"/admin/audit?about={bob_id}")
    [changed] = [
        one for one in shown.html.select("ul.entries li") if "account.changed" in one.text
    ]
    assert id_of(site, "alice") in changed.text
    assert "disabled" in changed.text


@pytest.mark.parametrize("query", ["request=nothing", "request=%F0%9F%94%91", "about=nobody"])
def test_what_isn_t_known_is_an_empty_list(alice, query):
    page = alice.get(f"/admin/audit?{query}")
    assert page.status_int == 200
    assert not page.html.select("ul.entries")


@pytest.mark.parametrize("cursor", ["x", "2027-01-15%20x", "%F0%9F%94%91", "1999-01-01%20"])
def test_a_made_up_cursor_is_not_found(alice, cursor):
    assert alice.get(f"/admin/audit?after={cursor}").status_int == 404


def test_pages_go_on_to_the_first_event(site, alice, bob):
    for _ in range(60):
        site.post("/oauth/token", {"grant_type": "authorization_code", "code": "x"})
    recorded(site)
    seen, page = [], alice.get("/admin/audit")
    while True:
        seen += [code.text for code in page.html.select("ul.entries h2 code")]
        if not page.html.find("a", string="Earlier events"):
            break
        page = page.click("Earlier events")
    assert seen.count("request.refused") == 60
    assert "account.created" in seen


def test_who_has_no_role_sees_nothing(site, bob, alice):
    for browser in (bob, site.browser()):
        assert isinstance(browser, Browser)
        answer = browser.get("/admin/audit")
        assert answer.status_int in (302, 303, 403)
        assert "sign_in" not in answer.text


def test_what_a_stranger_sent_can_t_turn_the_text_around(site, alice):
    form = {"grant_type": "client_credentials", "client_id": "a\u202eb\nc", "client_secret": "x"}
    answer = site.post("/oauth/token", form)
    assert answer.json["error"] == "invalid_client"
    recorded(site)
    page = alice.get(f"/admin/audit?request={answer.headers['X-Request-Id']}")
    assert "a\\u202eb\\nc" in page.text
    assert "\u202e" not in page.text


def test_what_is_done_to_a_client_of_a_developer_is_listed_for_the_client(site, alice):
    site.browser().sign_up("carol")
    owner = id_of(site, "carol")
    client_id = site.app(owner=owner).client.client_id
    page = alice.get(f"/admin/clients/{client_id}")
    form = next(form for form in page.forms.values() if "action" in form.fields)
    form.submit("action", value="disable")
    listed = alice.get(f"/admin/audit?about={client_id}")
    assert "client.changed" in listed.text
    assert owner in listed.text

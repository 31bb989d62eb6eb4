"""The page that tries a client: whose it is, and the redirect URI that it adds."""

import pytest

from oauthprov.records import Client
from tests import site as sites
from tests.done import in_words


def path(app) -> str:
    return f"/clients/{app.client.client_id}/try"


def uris(site, app) -> tuple[str, ...]:
    return site.storage.get(Client, app.client.client_id).record.redirect_uris


def press(page, action):
    last = page.forms[max(number for number in page.forms if isinstance(number, int))]
    return last.submit("action", value=action, expect_errors=True)


def test_the_redirect_uri_is_added_and_removed_by_a_press_of_a_button(site, alice):
    app = site.app(owner=alice.account_id())
    page = alice.get(path(app))
    assert "try_it.js" not in page.text
    page = alice.follow(press(page, "add"))
    assert "The redirect URI was added." in page.text
    assert uris(site, app) == (sites.CALLBACK, site.url(path(app)))
    assert "try_it.js" in page.text
    page = alice.follow(press(page, "remove"))
    assert "The redirect URI was removed." in page.text
    assert uris(site, app) == (sites.CALLBACK,)


def test_adding_twice_adds_once(site, alice):
    app = site.app(owner=alice.account_id())
    first, second = alice.get(path(app)), alice.get(path(app))
    press(first, "add")
    assert press(second, "add").status_int == 409
    assert uris(site, app).count(site.url(path(app))) == 1


def test_a_form_without_a_token_adds_nothing(site, alice):
    app = site.app(owner=alice.account_id())
    fields = {"action": "add"}
    answer = alice.page.post(site.url(path(app)), fields, expect_errors=True)
    assert answer.status_int == 403
    assert uris(site, app) == (sites.CALLBACK,)


def test_only_the_owner_can_try_a_client(site, alice):
    app = site.app(owner=alice.account_id())
    bob = site.browser().sign_up("bob")
    token = bob.get("/clients/new/web").form["csrf_token"].value
    assert bob.get(path(app)).status_int == 404
    fields = {"csrf_token": token, "action": "add"}
    assert bob.page.post(site.url(path(app)), fields, expect_errors=True).status_int == 404
    assert site.browser().get(path(app)).status_int == 302
    assert uris(site, app) == (sites.CALLBACK,)


@pytest.mark.parametrize("kind", ["machine", "api"])
def test_a_client_that_nobody_signs_in_to_has_no_such_page(site, alice, kind):
    app = site.app(kind, owner=alice.account_id())
    assert alice.get(path(app)).status_int == 404
    assert "/try" not in alice.get(f"/clients/{app.client.client_id}").text


def test_the_only_redirect_uri_stays(site, alice):
    app = site.app(owner=alice.account_id())
    press(alice.get(path(app)), "add")
    site.registrar.edit(app.client.client_id, redirect_uris=(site.url(path(app)),))
    page = press(alice.get(path(app)), "remove")
    assert page.status_int == 422
    assert page.html.find(attrs={"role": "alert"})
    assert uris(site, app) == (site.url(path(app)),)


def test_a_marked_client_s_developer_is_warned_that_the_marks_end(site, alice):
    app = site.app(owner=alice.account_id())
    assert "ends the marks" not in alice.get(path(app)).text
    site.registrar.edit(app.client.client_id, verified=True)
    page = alice.get(path(app))
    assert "ends the marks" in page.text
    press(page, "add")
    assert not site.storage.get(Client, app.client.client_id).record.verified


def test_somebody_else_s_code_at_this_address_is_shown_to_nobody(site, alice):
    app = site.app(owner=alice.account_id())
    press(alice.get(path(app)), "add")
    bob = site.browser().sign_up("bob")
    arrived = bob.get(f"{path(app)}?code=stolen&state=x")
    assert arrived.status_int == 404
    assert "stolen" not in arrived.text


@pytest.mark.parametrize(
    "parameters", ["code=stolen&state=x&iss=y", "error=access_denied&state=x"]
)
def test_a_response_in_the_query_is_taken_out_of_the_url(site, alice, parameters):
    """Only a hand-made request with ``response_mode=query`` has its response there."""
    app = site.app(owner=alice.account_id())
    arrived = alice.get(f"{path(app)}?{parameters}")
    assert arrived.status_int == 302
    assert in_words(arrived.location) == f"{site.url(path(app))}?done=query"
    assert "stolen" not in arrived.text
    said = alice.follow(arrived).html.find(attrs={"role": "status"}).text
    assert "arrived in the query of the URL, and was thrown away" in said


def test_the_code_of_the_page_names_the_client_s_own_redirect_uri(site, alice):
    app = site.app(owner=alice.account_id())
    press(alice.get(path(app)), "add")
    site.registrar.edit(app.client.client_id, redirect_uris=(site.url(path(app)), sites.CALLBACK))
    page = alice.get(f"/clients/{app.client.client_id}").html
    code = page.find("summary", string="Authlib").find_next_sibling("pre").text
    assert sites.CALLBACK in code
    assert "/try" not in code

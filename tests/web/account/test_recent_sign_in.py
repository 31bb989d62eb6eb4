"""Pages that require a recent sign-in: a browser that was left signed in isn't enough."""

from __future__ import annotations

import pytest

from oauthprov.web.signed_in import ADMIN, PURPOSES, RECENT, recently_signed_in
from tests.site import ISSUER, PASSWORD
from tests.web.openid import openid_site

PAGES = {
    "passkeys": "/account/passkeys",
    "authenticator": "/account/authenticator",
    "delete": "/account/delete",
    "export": "/account/export",
    "new_email": "/account/email/new",
    "password": "/account/password",
    "recovery": "/account/recovery",
}


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


NEW = "six unrelated words of hers"


def words(element) -> str:
    return " ".join(element.text.split())


def enter(page, name="alice", password=PASSWORD):
    form = page.forms[0]
    form["name"], form["password"] = name, password
    return form.submit(expect_errors=True)


def test_every_page_that_requires_a_recent_sign_in_is_tried_here():
    # Only the forms of admin pages require one: tests/web/admin/test_guard.py tries them.
    assert PAGES.keys() == PURPOSES.keys() - {ADMIN}


@pytest.mark.parametrize("page", PAGES)
def test_such_a_page_is_shown_until_the_sign_in_is_too_old(site, alice, page):
    site.clock.pass_by(RECENT - 1)
    assert alice.get(PAGES[page]).status_int == 200
    site.clock.pass_by(1)
    sent = alice.get(PAGES[page])
    assert (sent.status_int, sent.location) == (302, f"{ISSUER}/login?page={page}")


@pytest.mark.parametrize("page", PAGES)
def test_after_the_new_sign_in_the_user_is_back_on_the_page(site, alice, page):
    site.clock.pass_by(RECENT)
    form = alice.follow(alice.get(PAGES[page]))
    assert words(form.html.h1) == "Sign in again"
    assert "You are signed in as alice." in words(form.html.find(id="why"))
    assert form.forms[0]["name"].value == "alice"
    wrong = enter(form, password="wrong")
    assert (wrong.status_int, words(wrong.html.h1)) == (401, "Sign in again")
    assert alice.get(PAGES[page]).status_int == 302
    there = alice.follow(enter(wrong))
    assert there.status_int == 200
    assert there.request.url.partition("?")[0] == site.url(PAGES[page])


def test_a_form_that_was_opened_in_time_and_sent_too_late_changes_nothing(site, alice):
    form = alice.get("/account/password").form
    form["current"], form["password"] = PASSWORD, NEW
    site.clock.pass_by(RECENT)
    assert form.submit().location == f"{ISSUER}/login?page=password"
    assert site.browser().sign_in("alice").get("/account").status_int == 200


def test_who_cancels_gets_to_the_account_page_and_not_into_a_circle(site, alice):
    site.clock.pass_by(RECENT)
    form = alice.follow(alice.get("/account/password")).forms["leave"]
    assert form.submit().location == f"{ISSUER}/account"


def test_another_account_that_signs_in_gets_the_page_for_itself(site, alice):
    site.browser().sign_up("bob")
    site.clock.pass_by(RECENT)
    there = alice.follow(enter(alice.follow(alice.get("/account/password")), "bob"))
    assert there.form["username"].value == "bob"


def test_a_visitor_without_a_session_signs_in_as_usual(site, alice):
    stranger = site.browser()
    form = stranger.follow(stranger.get("/account/password"))
    assert words(form.html.h1) == "Sign in"
    assert stranger.follow(enter(form)).status_int == 200


def test_a_page_without_a_text_for_the_sign_in_page_is_a_mistake():
    with pytest.raises(KeyError):
        recently_signed_in("nowhere")

"""Sessions that began before their account had a second factor: nobody has proven it there."""

from __future__ import annotations

import pytest

from oauthprov.records import Session, Totp
from tests.done import in_words
from tests.site import ISSUER, PASSWORD
from tests.web.account.test_recent_sign_in import PAGES
from tests.web.factors.conftest import answer, shown_code, weaken
from tests.web.factors.test_step_up import essential, said
from tests.web.openid import openid_site, relying_party


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return relying_party(site, first_party=True)


@pytest.mark.parametrize("page", PAGES)
def test_such_a_session_changes_nothing_about_how_its_user_signs_in(site, owner, page):
    browser = owner.sign_in()
    weaken(site)
    sent = browser.get(PAGES[page])
    assert (sent.status_int, sent.location) == (302, f"{ISSUER}/login?page={page}")
    _, second = owner.password(browser, f"?page={page}")
    assert second.request.path == "/login/factor"
    assert browser.follow(answer(second, owner.code())).request.path == PAGES[page]


def test_nor_does_a_form_that_was_opened_before(site, owner):
    browser = owner.sign_in()
    form = browser.get("/account/authenticator").forms[0]
    weaken(site)
    sent = form.submit()
    assert sent.location == f"{ISSUER}/login?page=authenticator"
    assert len(list(site.storage.walk(Totp))) == 1


def test_a_required_level_does_not_lead_to_another_factor_instead_of_the_one_there_is(
    site, owner, app
):
    browser = owner.sign_in()
    weaken(site)
    page = browser.authorize(app, scope="openid", claims=essential("phr"))
    assert page.request.path == "/login"
    interaction = page.request.params["interaction"]
    _, second = owner.password(browser, f"?interaction={interaction}")
    page = browser.follow(answer(second, owner.code()))
    assert page.request.path == "/login/factor/setup"


def set_up_later(site, browser):
    """Set an app up some minutes after the sign-in."""
    site.clock.pass_by(500)
    page = browser.get("/account/authenticator")
    assert answer(page, shown_code(site, page)).status_int == 200


def test_setting_a_factor_up_is_not_a_sign_in(site, app):
    bob, began = site.browser().sign_up("bob"), site.clock()
    set_up_later(site, bob)
    [session] = [
        stored.record
        for stored in site.storage.walk(Session)
        if stored.state(site.clock()) == "live"
    ]
    assert (session.auth_time, session.amr) == (began, ("pwd", "otp", "mfa"))
    assert said(site, app, bob.authorize(app, scope="openid"))["auth_time"] == began
    site.clock.pass_by(100)
    assert bob.get("/account/recovery").location == f"{ISSUER}/login?page=recovery"


def test_setting_a_factor_up_does_not_answer_a_request_for_a_sign_in(site, app):
    bob = site.browser().sign_up("bob")
    site.clock.pass_by(1)
    waiting = bob.authorize(app, scope="openid", prompt="login")
    set_up_later(site, bob)
    again = bob.get(waiting.request.url)
    assert (again.status_int, again.request.path) == (200, "/login")
    sent = bob.get("/oauth/authorize?interaction=" + waiting.request.params["interaction"])
    assert sent.location.startswith(f"{ISSUER}/login?")


def test_who_sets_one_up_for_a_client_that_asks_for_a_sign_in_signs_in_once(site, app):
    bob = site.browser().sign_up("bob")
    site.clock.pass_by(1)
    asked = {"prompt": "login", "claims": essential("mfa")}
    form = bob.authorize(app, scope="openid", **asked).forms[0]
    form["name"], form["password"] = "bob", PASSWORD
    page = bob.follow(form.submit())
    assert page.request.path == "/login/factor/setup"
    site.clock.pass_by(60)
    codes = answer(page, shown_code(site, page))
    sent = bob.follow(codes.click("I have kept them"))
    assert said(site, app, sent)["acr"] == "mfa"


def test_nor_is_a_new_password(site, app, owner):
    browser = owner.sign_in()
    waiting = browser.authorize(app, scope="openid", prompt="login")
    site.clock.pass_by(500)
    form = browser.get("/account/password").form
    form["current"], form["password"] = PASSWORD, "staple of another horse"
    assert in_words(form.submit().location) == f"{ISSUER}/account?done=password"
    again = browser.get(waiting.request.url)
    assert (again.status_int, again.request.path) == (200, "/login")
    site.clock.pass_by(100)
    assert browser.get("/account/recovery").location == f"{ISSUER}/login?page=recovery"


def test_who_was_chosen_for_a_request_and_sets_one_up_for_it_is_not_to_be_chosen_again(site, app):
    bob = site.browser().sign_up("bob")
    site.clock.pass_by(10)
    asked = {"prompt": "select_account", "claims": essential("mfa")}
    chooser = bob.authorize(app, scope="openid", **asked)
    page = bob.follow(chooser.forms[0].submit("choose"))
    assert page.request.path == "/login/factor/setup"
    codes = answer(page, shown_code(site, page))
    assert said(site, app, bob.follow(codes.click("I have kept them")))["acr"] == "mfa"

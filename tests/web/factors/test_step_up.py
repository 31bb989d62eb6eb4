"""A client asks for more than a password: OpenID Connect Core sections 3.1.2.1 and 5.5.1.1."""

from __future__ import annotations

import json

import pytest

from oauthprov.records import Session
from tests.site import ISSUER, PASSWORD, arrived
from tests.web.account.test_signing_in_again import claims_of
from tests.web.factors.conftest import answer, shown_code, weaken
from tests.web.openid import openid_site, relying_party


def essential(*values: str) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, "values": values}}})


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return relying_party(site, first_party=True)


@pytest.fixture
def weak(site, owner):
    """A browser in which alice signed in before she had a second factor."""
    browser = owner.sign_in()
    weaken(site)
    return browser


def said(site, app, response) -> dict:
    return claims_of(app.exchange(arrived(response)["code"]).json["id_token"])


@pytest.mark.parametrize(
    "asked", [{"acr_values": "mfa"}, {"acr_values": "phr mfa"}, {"claims": essential("mfa")}]
)
def test_a_signed_in_person_proves_the_factor_without_the_password(site, owner, app, weak, asked):
    page = weak.authorize(app, scope="openid", **asked)
    assert page.request.path == "/login/step-up"
    assert "the app asks for a second step" in page.html.find(id="who").text
    assert "Printer" in page
    claims = said(site, app, weak.follow(answer(page, owner.code())))
    assert claims["acr"] == "mfa"
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["auth_time"] == site.clock()


def test_the_session_goes_on_with_its_sid_and_a_new_secret(site, owner, app, weak):
    before = said(site, app, weak.authorize(app, scope="openid"))
    [old] = [stored.record for stored in site.storage.walk(Session)]
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    after = said(site, app, weak.follow(answer(page, owner.code())))
    assert after["sid"] == before["sid"]
    assert site.storage.get(Session, old.key).state(site.clock()) == "claimed"


def test_the_next_request_asks_for_nothing(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    weak.follow(answer(page, owner.code()))
    again = weak.authorize(app, scope="openid", claims=essential("mfa"))
    assert said(site, app, again)["acr"] == "mfa"


def test_a_recovery_code_steps_up_too(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", acr_values="mfa").click("Use a recovery code")
    assert said(site, app, weak.follow(answer(page, owner.codes[0])))["acr"] == "mfa"


def test_a_wrong_code_steps_nobody_up(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", claims=essential("mfa"))
    wrong = answer(page, "000000")
    assert wrong.status_int == 401
    [session] = [stored.record for stored in site.storage.walk(Session)]
    assert session.amr == ("pwd",)


def test_guesses_in_a_browser_that_was_left_signed_in_lock_nobody_out(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", claims=essential("mfa"))
    while page.status_int != 429:
        page = answer(page, "000000")
    owner.sign_in()


def test_a_code_that_stepped_up_does_not_sign_in(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    code = owner.code()
    weak.follow(answer(page, code))
    _, page = owner.password()
    assert answer(page, code).status_int == 401


def test_cancel_denies_the_request_and_keeps_the_session(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    assert arrived(page.forms["leave"].submit())["error"] == "access_denied"
    assert owner.name in weak.get("/account").text


@pytest.mark.parametrize("asked", [{"acr_values": "mfa"}, {"acr_values": "1"}, {}])
def test_prompt_none_never_asks_for_a_factor(site, owner, app, weak, asked):
    response = weak.authorize(app, scope="openid", prompt="none", **asked)
    assert said(site, app, response)["acr"] == "1"


def test_prompt_none_with_a_required_factor_needs_a_sign_in(site, owner, app, weak):
    response = weak.authorize(app, scope="openid", prompt="none", claims=essential("mfa"))
    assert arrived(response)["error"] == "login_required"


@pytest.mark.parametrize(
    ("asked", "acr"),
    [
        ({}, "mfa"),
        ({"acr_values": "1"}, "1"),
        ({"acr_values": "1 mfa"}, "mfa"),
        ({"claims": essential("1")}, "1"),
        ({"claims": essential("urn:other", "1")}, "1"),
        ({"acr_values": "urn:other"}, "mfa"),
        ({"claims": essential("1"), "acr_values": "mfa"}, "1"),
    ],
)
def test_a_higher_level_meets_a_lower_one_and_the_client_is_told_what_it_asked_for(
    site, owner, app, asked, acr
):
    browser = owner.sign_in()
    response = browser.authorize(app, scope="openid", **asked)
    assert said(site, app, response)["acr"] == acr


def test_a_level_that_nobody_can_reach_is_an_error_without_a_page(site, owner, app, weak):
    response = weak.authorize(app, scope="openid", claims=essential("urn:other"))
    assert arrived(response)["error"] == "unmet_authentication_requirements"


def test_prompt_login_asks_for_both_steps_again(site, owner, app):
    browser = owner.sign_in()
    page = browser.authorize(app, scope="openid", prompt="login", acr_values="mfa")
    assert page.request.path == "/login"
    form = page.forms[0]
    form["name"], form["password"] = owner.name, PASSWORD
    page = browser.follow(form.submit())
    assert page.request.path == "/login/factor"
    assert said(site, app, browser.follow(answer(page, owner.code())))["acr"] == "mfa"


def test_max_age_asks_for_both_steps_again(site, owner, app):
    browser = owner.sign_in()
    site.clock.pass_by(100)
    page = browser.authorize(app, scope="openid", max_age="60")
    assert page.request.path == "/login"


def test_an_old_link_to_the_page_asks_for_nothing(site, owner, app, weak):
    assert weak.get("/login/step-up").location == f"{ISSUER}/"
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    here = page.request.url
    weak.follow(answer(page, owner.code()))
    assert "/oauth/authorize?" in weak.get(here).location


def test_the_page_of_another_browser_asks_for_nothing(site, owner, app, weak):
    page = weak.authorize(app, scope="openid", acr_values="mfa")
    other = site.browser().sign_up("bob")
    assert "/oauth/authorize?" in other.get(page.request.url).location


class TestWithoutAFactor:
    @pytest.fixture
    def bob(self, site):
        return site.browser().sign_up("bob")

    def test_a_voluntary_level_is_not_asked_for(self, site, app, bob):
        response = bob.authorize(app, scope="openid", acr_values="mfa")
        assert said(site, app, response)["acr"] == "1"

    def test_a_required_level_leads_to_setting_one_up(self, site, app, bob):
        page = bob.authorize(app, scope="openid", claims=essential("mfa"))
        assert page.request.path == "/login/factor/setup"
        assert "Printer" in page
        codes = answer(page, shown_code(site, page))
        assert len(codes.html.find(id="codes").text.split()) == 10
        claims = said(site, app, bob.follow(codes.click("I have kept them")))
        assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp", "mfa"])

    def test_a_sign_in_of_long_ago_is_renewed_first(self, site, app, bob):
        site.clock.pass_by(3600)
        page = bob.authorize(app, scope="openid", claims=essential("mfa"))
        assert page.request.path == "/login"
        form = page.forms[0]
        form["name"], form["password"] = "bob", PASSWORD
        page = bob.follow(form.submit())
        assert page.request.path == "/login/factor/setup"

    def test_cancel_denies_the_request(self, site, app, bob):
        page = bob.authorize(app, scope="openid", claims=essential("mfa"))
        assert arrived(page.forms["leave"].submit())["error"] == "access_denied"

    def test_where_none_is_offered_the_client_gets_the_error(self):
        site = openid_site(factors="none")
        app, bob = relying_party(site, first_party=True), site.browser().sign_up("bob")
        response = bob.authorize(app, scope="openid", claims=essential("mfa"))
        assert arrived(response)["error"] == "unmet_authentication_requirements"
        site.close()

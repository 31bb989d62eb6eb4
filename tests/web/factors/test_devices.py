"""Second factors on the way to a device: at the sign-in, and where its client asks for more."""

from __future__ import annotations

import pytest

from tests.site import PASSWORD
from tests.web.account.test_signing_in_again import claims_of
from tests.web.device.devices import Device, asked, television, typed
from tests.web.factors.conftest import answer, weaken
from tests.web.openid import openid_site


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


def test_the_second_step_of_a_sign_in_leads_back_with_the_code(site, owner):
    device = Device.begin(television(site, "device", scopes=("openid",)), scope="openid")
    browser, page = owner.password(query=f"?page=device&user_code={device.shows['user_code']}")
    back = browser.follow(answer(page, owner.code()))
    assert back.request.path == "/device"
    assert back.form["user_code"].value == device.shows["user_code"]


def test_a_client_that_asks_for_more_gets_the_level_of_the_decision(site, owner):
    browser = owner.sign_in()
    weaken(site)
    app = television(site, "device", scopes=("openid",), default_acr_values=("mfa",))
    device = Device.begin(app, scope="openid")
    step = browser.follow(typed(browser, device.shows["user_code"]))
    assert step.request.path == "/login/step-up"
    assert "Television" in step
    assert device.hears() == "authorization_pending"
    question = browser.follow(answer(step, owner.code()))
    assert device.shows["user_code"] in question.html.main.text
    browser.decide(question)
    claims = claims_of(device.poll().json["id_token"])
    assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp", "mfa"])
    assert claims["auth_time"] == site.clock()


def test_an_old_sign_in_is_renewed_if_the_client_says_so(site, owner):
    browser = owner.sign_in()
    app = television(site, "device", scopes=("openid",), default_max_age=60)
    device = Device.begin(app, scope="openid")
    site.clock.pass_by(61)
    page = browser.follow(typed(browser, device.shows["user_code"]))
    assert page.html.h1.text == "Sign in again"
    page.forms[0]["password"] = PASSWORD
    again = browser.follow(page.forms[0].submit())
    question = browser.follow(answer(again, owner.code()))
    browser.decide(question)
    assert claims_of(device.poll().json["id_token"])["auth_time"] == site.clock()


def test_a_client_without_wishes_asks_for_nothing_more(site, owner):
    browser = owner.sign_in()
    weaken(site)
    device = Device.begin(television(site, "device", scopes=("openid",)), scope="openid")
    assert "asks for access" in asked(browser, device).text

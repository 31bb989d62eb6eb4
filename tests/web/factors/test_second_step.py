"""The page for the second step of a sign-in."""

from __future__ import annotations

import pytest

from oauthprov.records import PendingSignIn, Session
from tests import site as sites
from tests.done import in_words
from tests.site import ISSUER, PASSWORD, arrived
from tests.web.factors.conftest import Owner, answer
from tests.web.openid import openid_site, relying_party

COOKIE = "__Host-oauthprov_factor"


def sessions_of(site):
    return [stored.record for stored in site.storage.walk(Session)]


def test_the_right_password_alone_begins_no_session(site, owner):
    browser, page = owner.password()
    assert page.request.path == "/login/factor"
    assert owner.name in page.html.find(id="who").text
    assert sessions_of(site) == []
    assert browser.get("/account").location == f"{ISSUER}/login?page=account"


def test_a_wrong_password_never_leads_to_the_second_step(site, owner):
    _, page = owner.password(password="not the password")
    assert (page.status_int, page.request.path) == (401, "/login")
    assert list(site.storage.walk(PendingSignIn)) == []


def test_the_code_of_the_app_signs_in(site, owner):
    browser, page = owner.password()
    assert answer(page, owner.code()).location == f"{ISSUER}/"
    [session] = sessions_of(site)
    assert session.amr == ("pwd", "otp", "mfa")
    assert owner.name in browser.get("/account").text
    assert COOKIE not in browser.page.cookies


def test_a_recovery_code_signs_in(site, owner):
    _, page = owner.password()
    page = page.click("Use a recovery code")
    assert answer(page, owner.codes[0]).location == f"{ISSUER}/"
    [session] = sessions_of(site)
    assert session.amr == ("pwd", "otp", "mfa")


def test_each_way_leads_to_the_other_one(site, owner):
    _, page = owner.password(query="?page=account")
    recovery = page.click("Use a recovery code")
    assert "Use a recovery code" not in recovery
    back = recovery.click("Use your authenticator app")
    assert answer(back, owner.code()).location == f"{ISSUER}/account"


def test_a_wrong_code_is_asked_for_again_with_the_error_in_focus(site, owner):
    _, page = owner.password()
    page = answer(page, "000000")
    assert page.status_int == 401
    problem = page.html.find(id="problem")
    assert problem["role"] == "alert"
    field = page.html.find(id="answer")
    assert field["aria-invalid"] == "true"
    assert "problem" in field["aria-describedby"].split()
    assert not field.has_attr("value")
    assert answer(page, owner.code()).status_int == 303


def test_the_field_has_the_attributes_that_phones_need(site, owner):
    field = owner.password()[1].html.find(id="answer")
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")


def test_five_wrong_codes_end_the_sign_in_and_say_so(site, owner):
    browser, page = owner.password()
    for _ in range(4):
        page = answer(page, "000000")
    over = answer(page, "000000")
    assert in_words(over.location) == f"{ISSUER}/login?done=over"
    assert "too many wrong answers" in browser.get(over.location).html.find(id="problem").text
    assert sessions_of(site) == []
    assert browser.get("/login/factor").location == f"{ISSUER}/login"


def test_codes_are_limited_by_account_across_sign_ins():
    limits = {"login.limit_account": "7 per 15 minutes"}
    site = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    owner = Owner(site)
    for wrong in (4, 3):
        _, page = owner.password()
        for _ in range(wrong):
            page = answer(page, "000000")
    refused = answer(page, owner.code())
    assert refused.status_int == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert sessions_of(site) == []
    site.close()


def test_fifty_wrong_codes_in_a_day_are_the_last_in_any_browser_but_recovery_codes_go_on():
    limits = {"login.limit_account": "1000 per minute"}
    site = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    owner = Owner(site)
    browser = owner.sign_in()  # the right code doesn't count, and begins no new count
    browser.get("/logout").forms[0].submit()
    for number in range(10):
        _, page = owner.password(browser if number % 2 else None)
        for _ in range(5):
            assert page.status_int in (200, 401)
            page = answer(page, "000000")
    _, page = owner.password(browser)
    refused = answer(page, owner.code())
    assert refused.status_int == 429
    assert int(refused.headers["Retry-After"]) > 3600
    assert sessions_of(site) == []
    other_way = refused.click("Use a recovery code")
    assert answer(other_way, owner.codes[0]).status_int == 303
    site.close()


def test_a_browser_that_signed_in_before_is_not_locked_out_by_guesses_elsewhere():
    limits = {"login.limit_account": "7 per 15 minutes"}
    site = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    owner = Owner(site)
    browser = owner.sign_in()
    browser.get("/logout").forms[0].submit()
    for wrong in (4, 4):
        _, page = owner.password()
        for _ in range(wrong):
            page = answer(page, "000000")
    assert page.status_int == 429
    owner.sign_in(browser)
    site.close()


def test_nobody_without_the_password_uses_up_the_codes(site, owner):
    stranger = site.browser()
    page = stranger.get("/login")
    token = page.forms[0]["csrf_token"].value
    for _ in range(30):
        form = {"csrf_token": token, "way": "totp", "answer": "000000"}
        refused = stranger.page.post(ISSUER + "/login/factor", form)
        assert refused.location == f"{ISSUER}/login"
    owner.sign_in()


def test_a_sign_in_waits_only_in_its_own_browser(site, owner):
    _, page = owner.password()
    other = site.browser()
    token = other.get("/login").forms[0]["csrf_token"].value
    form = {"csrf_token": token, "way": "totp", "answer": owner.code()}
    assert other.page.post(page.request.url, form).location == f"{ISSUER}/login"
    assert sessions_of(site) == []


def test_a_finished_sign_in_is_not_finished_again(site, owner):
    browser, page = owner.password()
    secret = browser.page.cookies[COOKIE]
    answer(page, owner.code())
    site.clock.pass_by(30)
    thief = site.browser()
    token = thief.get("/login").forms[0]["csrf_token"].value
    cookies = [*thief.page.cookies.items(), (COOKIE, secret)]
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies)}
    form = {"csrf_token": token, "way": "totp", "answer": owner.code()}
    replayed = thief.page.post(page.request.url, form, headers=headers)
    assert in_words(replayed.location) == f"{ISSUER}/login?done=over"
    assert len(sessions_of(site)) == 1


def test_a_late_second_step_begins_anew(site, owner):
    _, page = owner.password()
    site.clock.pass_by(600)
    assert in_words(answer(page, owner.code()).location) == f"{ISSUER}/login?done=over"


def test_a_new_password_ends_the_second_step(site, owner):
    _, page = owner.password()
    site.wsgi.registry["oauthprov"].people.change_password(
        owner.account_id, "staple of another horse"
    )
    assert in_words(answer(page, owner.code()).location) == f"{ISSUER}/login?done=over"


def test_a_disabled_account_gets_no_session(site, owner):
    _, page = owner.password()
    site.wsgi.registry["oauthprov"].people.disable(owner.account_id)
    assert in_words(answer(page, owner.code()).location) == f"{ISSUER}/login?done=over"


def test_the_form_needs_its_csrf_token(site, owner):
    _, page = owner.password()
    form = page.forms[0]
    form["csrf_token"], form["answer"] = "forged", owner.code()
    assert form.submit(expect_errors=True).status_int == 403
    assert sessions_of(site) == []


@pytest.mark.parametrize(
    "cookie", ["", ".", "x", "a.b", "~", "a." + "b" * 43, "%00.%00", "x" * 4000]
)
def test_a_cookie_that_was_never_set_leads_to_the_sign_in(site, cookie):
    browser = site.browser()
    browser.get("/login")
    page = browser.get("/login/factor", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert page.location.startswith(f"{ISSUER}/login")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 401),
        ({"way": "nothing"}, 401),
        ({"way": "x" * 500}, 401),
        ({"answer": "1" * 500}, 401),
        ({"answer": "\x00"}, 400),
        ({"answer": "1" * 50_000}, 400),
        ({"way": "x" * 50_000}, 400),
    ],
)
def test_an_answer_that_no_form_sends_is_an_error(site, owner, changes, status):
    browser, page = owner.password()
    form = {"csrf_token": page.forms[0]["csrf_token"].value} | changes
    wrong = browser.page.post(ISSUER + "/login/factor", form, expect_errors=True)
    assert wrong.status_int == status
    assert sessions_of(site) == []


def test_the_page_is_not_cached_and_no_secret_is_in_its_url(site, owner):
    browser, page = owner.password()
    assert page.headers["Cache-Control"] == "no-store"
    assert browser.page.cookies[COOKIE].strip('"') not in page.request.url + page.text


def test_a_sign_in_costs_no_more_trips_for_people_without_factors(site, alice):
    def enter():
        form = site.browser().get("/login").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        assert form.submit().status_int == 303

    assert site.storage.trips(enter) == (4, 1)


class TestBeforeAnApplication:
    @pytest.fixture
    def site(self):
        made = openid_site()
        yield made
        made.close()

    @pytest.fixture
    def app(self, site):
        return relying_party(site, first_party=True)

    def test_the_request_goes_on_after_both_steps(self, site, owner, app):
        browser = site.browser()
        page = browser.authorize(app, scope="openid")
        form = page.forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        assert "Printer" in page
        assert "code" in arrived(browser.follow(answer(page, owner.code())))

    def test_cancel_denies_the_request(self, site, owner, app):
        browser = site.browser()
        form = browser.authorize(app, scope="openid").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        page = browser.follow(form.submit())
        assert arrived(page.forms["leave"].submit())["error"] == "access_denied"
        assert COOKIE not in browser.page.cookies

    def test_a_request_of_a_stranger_stays_unanswered_after_the_password(self, site, owner, app):
        browser = site.browser()
        form = browser.authorize(app, scope="openid").forms[0]
        form["name"], form["password"] = "alice", PASSWORD
        form.submit()
        interaction = form["interaction"].value
        again = browser.get(f"/oauth/authorize?interaction={interaction}")
        assert again.location.startswith(f"{ISSUER}/login?")

"""Sessions: the cookie, its lifetime, and that ended sessions stay ended."""

from __future__ import annotations

import pytest
from webtest import TestApp

from oauthprov.records import Session
from tests import site as sites
from tests.site import ISSUER, Browser, Site
from tests.web.openid import openid_site, relying_party

SID = "__Host-oauthprov_sid"


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_int == 200


def replaying(site: Site, cookie: str) -> Browser:
    """A browser that sends a cookie it was never given."""
    browser = site.browser()
    browser.page.extra_environ["HTTP_COOKIE"] = f"{SID}={cookie}"
    return browser


def entry(browser: Browser, words: str):
    """The entry of the session list that says ``words``."""
    found = [li for li in browser.get("/account").html.select(".entries li") if words in li.text]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def phone(site, alice):
    """Another browser in which alice is signed in."""
    agent = "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0"
    browser = site.browser()
    browser.page.extra_environ.update(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT=agent)
    return browser.sign_in("alice")


def test_the_cookie_is_for_this_host_over_https_alone(site):
    form = site.browser().get("/signup").form
    form["name"], form["password"] = "alice", sites.PASSWORD
    [cookie] = [c for c in form.submit().headers.getall("Set-Cookie") if c.startswith(SID)]
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert attributes == {"Path=/", "secure", "HttpOnly", "SameSite=Lax"}


def test_on_plain_http_the_cookies_have_plain_names():
    made = sites.standalone(sites.ini("sqlite://", "http://127.0.0.1:5000", development="true"))
    page = TestApp(made.wsgi).get("http://127.0.0.1:5000/login")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("oauthprov_bid=")
    assert "secure" not in cookie.lower()
    made.close()


def test_a_visitor_costs_no_storage(site):
    def visit():
        browser = site.browser()
        for path in ("/", "/login", "/signup"):
            assert browser.get(path).status_int == 200

    assert site.storage.trips(visit) == (0, 0)


def test_a_page_for_a_signed_in_person_costs_one_read(site, alice):
    assert site.storage.trips(lambda: alice.get("/clients/new")) == (1, 0)


def test_storage_never_sees_the_cookie(site, alice):
    cookie = alice.page.cookies[SID]
    [stored] = site.storage.walk(Session)
    assert cookie.partition(".")[2] not in str(stored)


def test_signing_out_ends_the_session_for_good(site, alice):
    cookie = alice.page.cookies[SID]
    assert is_in(replaying(site, cookie))
    left = alice.get("/logout").form.submit()
    assert left.location == f"{ISSUER}/"
    assert SID not in alice.page.cookies
    assert not is_in(alice)
    assert not is_in(replaying(site, cookie))
    assert list(site.storage.walk(Session)) == []


def test_asking_to_sign_out_changes_nothing(site, alice):
    assert "Sign out?" in alice.get("/logout").text
    assert is_in(alice)


def test_a_session_ends_when_it_isn_t_used(site, alice):
    site.clock.pass_by(3599)
    assert is_in(alice)
    site.clock.pass_by(3599)
    assert is_in(alice)
    site.clock.pass_by(3600)
    assert not is_in(alice)


def test_a_session_ends_after_its_lifetime_even_when_used(site, alice):
    for _ in range(23):
        site.clock.pass_by(1800)
        assert is_in(alice)
    site.clock.pass_by(1799)
    assert is_in(alice)
    site.clock.pass_by(1)
    assert not is_in(alice)


def test_use_is_stored_once_in_five_minutes(site, alice):
    def writes():
        return site.storage.trips(lambda: alice.get("/"))[1]

    site.clock.pass_by(299)
    assert writes() == 0
    site.clock.pass_by(1)
    assert writes() == 1
    assert writes() == 0


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        ".",
        "~~~",
        "a.b~c.d",
        "x" * 5000,
        "%ff",
        '"quoted"',
        "nobody." + "A" * 43,
    ],
)
def test_a_made_up_cookie_counts_as_signed_out(site, cookie):
    assert not is_in(replaying(site, cookie))


def test_bytes_in_the_cookie_header_are_no_error(site):
    for header in ("\xff\xfe=\xff", f"{SID}=\xff\xff", ";;;=;", "=" * 20000):
        page = site.get("/", extra_environ={"HTTP_COOKIE": header})
        assert page.status_int == 200


def test_the_session_secret_of_one_account_is_refused_for_another(site, alice):
    bob = site.browser().sign_up("bob")
    _, _, secret = alice.page.cookies[SID].partition(".")
    account, _, _ = bob.page.cookies[SID].partition(".")
    assert not is_in(replaying(site, f"{account}.{secret}"))


def test_the_list_tells_the_browsers_apart(site, alice, phone):
    this = entry(phone, "this browser")
    assert "Firefox on Android" in this.text
    assert "192.0.2.7" in this.text
    assert this.form is None
    assert entry(alice, "Firefox on Android").form is not None


def test_another_browser_can_be_signed_out(site, alice, phone):
    page = alice.get("/account")
    [form] = [f for f in page.forms.values() if f.action.endswith("/sessions/end")]
    assert "The other browser is signed out." in alice.follow(form.submit()).text
    again = form.submit(expect_errors=True)
    assert again.status_int == 404
    assert "That browser is no longer signed in." in again.text
    assert not is_in(phone)
    assert is_in(alice)


def test_a_session_of_another_person_cannot_be_ended(site, alice):
    bob = site.browser().sign_up("bob")
    [key] = [s.record.key for s in site.storage.walk(Session, account_id=_account(bob))]
    token = alice.get("/account").forms[0]["csrf_token"].value
    form = {"session": key, "csrf_token": token}
    sent = alice.page.post(site.url("/account/sessions/end"), form, expect_errors=True)
    assert sent.status_int == 404
    assert is_in(bob)


def _account(browser: Browser) -> str:
    return browser.page.cookies[SID].partition(".")[0]


def test_all_other_browsers_can_be_signed_out_and_this_one_stays(site, alice, phone):
    tablet = site.browser().sign_in("alice")
    bob = site.browser().sign_up("bob")
    page = alice.get("/account")
    [form] = [f for f in page.forms.values() if f.action.endswith("/sessions/end-others")]
    assert "All other browsers are signed out." in alice.follow(form.submit()).text
    assert [is_in(browser) for browser in (alice, phone, tablet, bob)] == [
        True,
        False,
        False,
        True,
    ]
    assert "/sessions/end-others" not in alice.get("/account").text


def test_sign_out_everywhere_includes_this_browser(site, alice, phone):
    page = alice.get("/account")
    [form] = [f for f in page.forms.values() if f.action.endswith("/sessions/end-all")]
    cookie = alice.page.cookies[SID]
    form.submit()
    assert not is_in(alice)
    assert not is_in(phone)
    assert not is_in(replaying(site, cookie))
    bob = site.browser().sign_up("bob")
    assert is_in(bob)


def test_a_new_password_signs_out_every_other_browser(site, alice, phone):
    cookie = alice.page.cookies[SID]
    form = alice.get("/account/password").form
    form["current"], form["password"] = sites.PASSWORD, "another good one"
    assert "All other browsers are signed out." in alice.follow(form.submit()).text
    assert is_in(alice)
    assert alice.page.cookies[SID] != cookie
    assert not is_in(phone)
    assert not is_in(replaying(site, cookie))


def test_of_two_simultaneous_password_changes_the_first_wins(site, alice, phone):
    """A thief with the old password must not override its owner."""

    def change(browser, new):
        form = browser.get("/account/password").form
        form["current"], form["password"] = sites.PASSWORD, new
        return form.submit(expect_errors=True)

    site.storage.meanwhile = [lambda: change(phone, "another good one")]
    assert "This isn't your current password." in change(alice, "a third one of hers").text
    assert is_in(phone)
    assert not is_in(alice)


def test_a_new_password_ends_the_other_sessions_on_a_full_storage_too(small_redis):
    """The change and its endings take effect, although no new session can be stored."""
    url, client = small_redis
    site = openid_site(**{"storage.url": url})
    app, alice = relying_party(site), site.browser().sign_up("alice")
    token = app.tokens(alice, scope="openid")["access_token"]
    form = alice.get("/account/password").form
    form["current"], form["password"] = sites.PASSWORD, "another good one"
    client.config_set("maxmemory", "1")
    assert form.submit(expect_errors=True).status_int == 503
    client.config_set("maxmemory", "0")
    assert not is_in(alice)
    assert app.introspect(token) == {"active": False}
    entering = site.browser().get("/login").form
    entering["name"], entering["password"] = "alice", "another good one"
    assert entering.submit().status_int == 303
    site.close()


@pytest.mark.parametrize(
    ("current", "new", "says"),
    [
        ("not it", "another good one", "This isn't your current password."),
        (sites.PASSWORD, "short", "A password needs 15 characters or more."),
        (sites.PASSWORD, "x" * 1025, "A password has at most 1024 characters."),
        (sites.PASSWORD, "", "A password needs 15 characters or more."),
        (
            sites.PASSWORD,
            "alice-alice-alice",
            "A password can't consist of your user name or the name of this site.",
        ),
    ],
)
def test_an_invalid_password_change_is_refused(site, alice, current, new, says):
    form = alice.get("/account/password").form
    form["current"], form["password"] = current, new
    page = form.submit(expect_errors=True)
    assert page.status_int == 422
    assert page.html.find(id="problem").text == says
    assert site.browser().sign_in("alice")


def test_guesses_at_the_current_password_are_counted(site, alice):
    form = alice.get("/account/password").form
    form["current"], form["password"] = "not it", "another good one"
    statuses = [form.submit(expect_errors=True).status_int for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    form["current"] = sites.PASSWORD
    assert form.submit(expect_errors=True).status_int == 429


def test_guesses_at_the_current_password_do_not_block_sign_in(site, alice):
    form = alice.get("/account/password").form
    form["current"], form["password"] = "not it", "another good one"
    for _ in range(11):
        form.submit(expect_errors=True)
    assert is_in(site.browser().sign_in("alice"))


def test_guesses_at_the_sign_in_page_do_not_block_a_password_change(site, alice):
    guess = site.browser().get("/login").form
    guess["name"], guess["password"] = "alice", "not it"
    statuses = [guess.submit(expect_errors=True).status_int for _ in range(11)]
    assert statuses[-1] == 429
    form = alice.get("/account/password").form
    form["current"], form["password"] = sites.PASSWORD, "another good one"
    assert form.submit().status_int == 303


def test_a_right_current_password_ends_the_count_of_wrong_ones(site, alice):
    for old, new in [(sites.PASSWORD, "another good one"), ("another good one", sites.PASSWORD)]:
        form = alice.get("/account/password").form
        form["current"], form["password"] = "not it", new
        for _ in range(9):
            assert form.submit(expect_errors=True).status_int == 422
        form["current"] = old
        assert form.submit().status_int == 303

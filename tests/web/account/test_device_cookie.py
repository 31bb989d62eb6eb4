"""The device cookie: guesses of others don't lock a browser out that has signed in before."""

from __future__ import annotations

from http.cookiejar import Cookie

import pytest

from tests import site as sites
from tests.site import PASSWORD, Browser
from tests.web.account.test_login import enter
from tests.web.openid import openid_site

COOKIE = "__Host-oauthprov_device"
ELSEWHERE = "192.0.2.1"
NEW_PASSWORD = "another good one"


@pytest.fixture
def strict():
    """A server that lets three tries through by account, and five by address."""
    limits = {"login.limit_account": "3 per 15 minutes", "login.limit_address": "5 per hour"}
    made = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    yield made
    made.close()


@pytest.fixture
def known(strict):
    """Alice's browser, in which she has signed in, and out again."""
    browser = strict.browser().sign_up("alice")
    browser.get("/logout").form.submit()
    return browser


def attack(site, name="alice", address=ELSEWHERE, guesses=4) -> None:
    """Guess until the account is locked."""
    form = site.browser().get("/login").form
    form["name"], form["password"] = name, "wrong"
    elsewhere = {"REMOTE_ADDR": address}
    statuses = [
        form.submit(expect_errors=True, extra_environ=elsewhere).status_int for _ in range(guesses)
    ]
    assert statuses[-1] == 429


def with_cookie(site, value) -> Browser:
    browser = site.browser()
    host = {"domain": "id.example", "domain_specified": False, "domain_initial_dot": False}
    path = {"path": "/", "path_specified": True, "secure": True, "port": None}
    more = {"expires": None, "discard": True, "comment": None, "comment_url": None, "rest": {}}
    cookie = Cookie(0, COOKIE, value, port_specified=False, **host, **path, **more)
    browser.page.cookiejar.set_cookie(cookie)
    return browser


def test_guesses_from_elsewhere_do_not_lock_out_a_browser_that_signed_in_before(strict, known):
    attack(strict)
    assert enter(strict.browser(), "alice").status_int == 429
    assert enter(known, "Alice").status_int == 303


def test_guesses_from_the_same_network_do_not_lock_it_out_either(strict, known):
    for number in range(5):
        enter(strict.browser(), f"name{number}", "wrong")
    assert enter(strict.browser(), "alice").status_int == 429
    assert enter(known, "alice").status_int == 303


def test_its_owner_does_not_end_the_lock_for_others(strict, known):
    attack(strict)
    assert enter(known, "alice").status_int == 303
    assert enter(strict.browser(), "alice").status_int == 429


def test_a_stolen_cookie_allows_as_many_guesses_as_any_browser(strict, known):
    thief = with_cookie(strict, known.page.cookies[COOKIE])
    statuses = [enter(thief, "alice", "wrong").status_int for _ in range(4)]
    assert statuses == [401] * 3 + [429]
    assert enter(thief, "alice").status_int == 429
    # Nor does the thief lock out other browsers.
    assert enter(strict.browser(), "alice").status_int == 303


def test_a_stolen_cookie_shares_the_limit_of_its_browser(strict, known):
    """Signing in renews the cookie, and gives the thief of an earlier one no further guesses."""
    stolen = known.page.cookies[COOKIE]
    strict.clock.pass_by(60)
    assert enter(known, "alice").status_int == 303
    known.get("/logout").form.submit()
    assert known.page.cookies[COOKIE] != stolen
    for cookie in (stolen, known.page.cookies[COOKIE], stolen):
        assert enter(with_cookie(strict, cookie), "alice", "wrong").status_int == 401
    for browser in (known, with_cookie(strict, stolen)):
        assert enter(browser, "alice").status_int == 429


def test_each_browser_has_its_own_limit(strict, known):
    other = strict.browser()
    assert enter(other, "alice").status_int == 303
    other.get("/logout").form.submit()
    for _ in range(4):
        enter(other, "alice", "wrong")
    assert enter(other, "alice").status_int == 429
    assert enter(known, "alice").status_int == 303


def test_it_counts_for_its_own_account_alone(strict, known):
    strict.browser().sign_up("bob")
    attack(strict, "bob")
    assert enter(known, "bob").status_int == 429


@pytest.mark.parametrize("ending", ["change_password", "end_sessions"])
def test_it_ends_with_all_sessions_of_the_account(strict, known, ending):
    people = strict.wsgi.registry["oauthprov"].people
    arguments = (NEW_PASSWORD,) if ending == "change_password" else ()
    account_id = people.by_name("alice").record.account_id
    getattr(people, ending)(account_id, *arguments)
    attack(strict)
    password = NEW_PASSWORD if arguments else PASSWORD
    assert enter(known, "alice", password).status_int == 429


def test_the_browser_that_changed_the_password_stays_recognised(strict):
    alice = strict.browser().sign_up("alice")
    form = alice.get("/account/password").form
    form["current"], form["password"] = PASSWORD, NEW_PASSWORD
    assert form.submit().status_int == 303
    alice.get("/logout").form.submit()
    attack(strict)
    assert enter(alice, "alice", NEW_PASSWORD).status_int == 303


def test_it_ends_after_a_year_without_a_sign_in(strict, known):
    strict.clock.pass_by(365 * 86_400)
    attack(strict)
    assert enter(with_cookie(strict, known.page.cookies[COOKIE]), "alice").status_int == 429


@pytest.mark.parametrize("part", range(5))
def test_an_altered_cookie_proves_nothing(strict, known, part):
    parts = known.page.cookies[COOKIE].split(".")
    parts[part] = f"{int(parts[part]) + 1}" if parts[part].isdecimal() else "A" * 43
    attack(strict)
    assert enter(with_cookie(strict, ".".join(parts)), "alice").status_int == 429


@pytest.mark.parametrize(
    "value",
    ["x", "....", "~~~~", "a.1.1.b.c", "a.\u0661.1.b.c", "a.-1.1.b.c", "." * 3000, "~" * 3000],
)
def test_a_malformed_cookie_is_ignored(strict, known, value):
    headers = {"Cookie": f"{COOKIE}={value}".encode().decode("latin-1")}
    page = strict.get("/login", headers=headers)
    assert page.status_int == 200
    browser = with_cookie(strict, value) if value.isascii() else strict.browser()
    assert enter(browser, "alice", "wrong").status_int == 401
    assert enter(browser, "alice").status_int == 303


def test_one_browser_is_recognised_for_its_latest_five_accounts(strict):
    browser = strict.browser()
    for number in range(6):
        browser.sign_up(f"bob{number}")
        browser.get("/logout").form.submit()
    for number in range(6):
        attack(strict, f"bob{number}", address=f"192.0.2.{number}")
    for number in range(1, 6):  # each moves its account to the front, and drops none
        assert enter(browser, f"bob{number}").status_int == 303
        browser.get("/logout").form.submit()
    assert enter(browser, "bob0").status_int == 429


def test_the_cookie_is_for_this_host_over_https_alone(strict):
    form = strict.browser().get("/signup").form
    form["name"], form["password"] = "alice", PASSWORD
    [cookie] = [c for c in form.submit().headers.getall("Set-Cookie") if c.startswith(COOKIE)]
    attributes = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "path", "max-age"} <= attributes
    assert "domain" not in attributes
    assert "SameSite=Strict" in cookie
    assert "alice" not in cookie


def test_a_guess_shows_nothing_of_a_cookie_that_is_no_longer_valid(strict, known):
    """With the right password, too: a wrong one must not get another answer."""
    people = strict.wsgi.registry["oauthprov"].people
    people.end_sessions(people.by_name("alice").record.account_id)
    attack(strict)
    for password in (PASSWORD, "wrong"):
        assert enter(known, "alice", password).status_int == 429


def test_a_wrong_password_costs_one_read_more_in_a_browser_that_signed_in_before(strict, known):
    def trips(browser, name):
        browser.get("/login")
        return strict.storage.trips(lambda: enter(browser, name, "wrong"))

    reads, writes = trips(strict.browser(), "nobody")
    assert trips(known, "nobody") == (reads, writes)
    assert trips(known, "alice") == (reads + 1, writes)


def test_a_secret_that_was_rotated_out_recognises_no_browser():
    """As long as the old secret is listed, the browser is recognised."""
    old, new = "0123456789abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba9876543210"
    limits = {"login.limit_account": "3 per 15 minutes", "secret": old}
    site = openid_site(**limits)
    cookie = site.browser().sign_up("alice").page.cookies[COOKIE]
    keyring = site.wsgi.registry["oauthprov"].provider.keyring
    attack(site)
    for secrets, status in (((new, old), 303), ((new,), 429)):
        keyring._secret = tuple(secret.encode() for secret in secrets)
        assert enter(with_cookie(site, cookie), "alice").status_int == status
    site.close()

"""Signing in: credentials, what errors reveal, redirects, and rate limits."""

from __future__ import annotations

import pytest

from oauthprov.records import Session
from tests import site as sites
from tests.site import ISSUER, PASSWORD, Browser, Site

REFUSED = "The user name or the password is wrong."


def enter(browser: Browser, name: str, password: str = PASSWORD, query: str = "", **environ):
    form = browser.get(ISSUER + "/login" + query).form
    form["name"], form["password"] = name, password
    return form.submit(expect_errors=True, extra_environ=environ)


def sessions_of(site: Site) -> list[Session]:
    return [stored.record for stored in site.storage.walk(Session)]


@pytest.fixture
def strict():
    """A server that lets three tries through, by account and by address."""
    limits = {"login.limit_account": "3 per 15 minutes", "login.limit_address": "5 per hour"}
    made = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    yield made
    made.close()


def test_a_password_signs_in_to_its_own_account_alone(site, alice):
    bob = site.browser().sign_up("bob")
    back = site.browser()
    assert enter(back, "alice").location == f"{ISSUER}/"
    assert "Hello, <span" in back.get("/").text
    assert "alice" in back.get("/account").text
    assert "alice" not in bob.get("/account").text


@pytest.mark.parametrize("spelling", ["Alice", " alice ", "ＡＬＩＣＥ"])  # noqa: RUF001
def test_every_spelling_of_a_name_is_the_same_account(site, alice, spelling):
    assert enter(site.browser(), spelling).status_int == 303


def test_a_wrong_password_and_an_unknown_name_look_alike(site, alice):
    wrong = enter(site.browser(), "alice", "not the password")
    unknown = enter(site.browser(), "nobody", "not the password")
    assert wrong.status_int == unknown.status_int == 401
    for page in (wrong, unknown):
        assert page.html.find(id="problem").text == REFUSED.replace("&#39;", "'")


def test_a_wrong_password_and_an_unknown_name_cost_the_same(site, alice):
    browser = site.browser()
    browser.get("/login")

    def guess(name):
        return site.storage.trips(lambda: enter(browser, name, "not the password"))

    assert guess("alice") == guess("nobody")


def test_a_name_and_password_are_asked_for_again_with_the_error_in_focus(site):
    page = enter(site.browser(), "alice", "wrong").html
    problem = page.find(id="problem")
    assert problem["role"] == "alert"
    assert problem.has_attr("autofocus")
    for field in ("name", "password"):
        assert page.find(id=field)["aria-describedby"] == "problem"
        assert page.find(id=field)["aria-invalid"] == "true"
    assert page.find(id="name")["value"] == "alice"
    assert not page.find(id="password").has_attr("value")


def test_fields_have_the_attributes_password_managers_need(site):
    page = site.browser().get("/login").html
    assert page.find(id="name")["autocomplete"] == "username webauthn"
    assert page.find(id="password")["autocomplete"] == "current-password"


def test_a_disabled_account_cannot_sign_in(site, alice):
    people = site.wsgi.registry["oauthprov"].people
    people.disable(people.by_name("alice").record.account_id)
    assert enter(site.browser(), "alice").status_int == 401
    assert alice.get("/account").status_int == 302


def test_the_session_id_changes_at_sign_in(site, alice):
    planted = "__Host-oauthprov_sid=" + alice.page.cookies["__Host-oauthprov_sid"]
    alice.get("/logout").form.submit()
    browser = site.browser()
    page = browser.get("/login", headers={"Cookie": planted})
    page.form["name"], page.form["password"] = "alice", PASSWORD
    assert page.form.submit(headers={"Cookie": planted}).status_int == 303
    assert browser.page.cookies["__Host-oauthprov_sid"] not in planted
    assert site.get("/account", headers={"Cookie": planted}).status_int == 302


def test_signing_in_again_ends_the_session_before(site, alice):
    [old] = sessions_of(site)
    form = site.browser().get("/login").form
    token = alice.get("/account").forms[0]["csrf_token"].value
    fields = {"name": "alice", "password": PASSWORD, "csrf_token": token}
    alice.page.post(form.action, fields)
    [new] = [one for one in sessions_of(site) if one.key != old.key]
    assert site.storage.get(Session, old.key).state(site.clock()) == "claimed"
    assert site.storage.get(Session, new.key).state(site.clock()) == "live"


def test_a_signed_in_person_is_sent_on(site, alice):
    assert alice.get("/login").location == f"{ISSUER}/"
    assert alice.get("/login?page=account").location == f"{ISSUER}/account"


def test_signing_in_leads_back_to_the_page_that_required_it(site, alice):
    browser = site.browser()
    to_login = browser.get("/account").location
    assert to_login == f"{ISSUER}/login?page=account"
    assert enter(browser, "alice", query="?page=account").location == f"{ISSUER}/account"


@pytest.mark.parametrize(
    "query",
    [
        "?page=https://evil.example/",
        "?page=//evil.example",
        "?page=authorize",
        "?page=/account",
        "?next=https://evil.example/",
        "?return_to=https://evil.example/",
        "?interaction=https://evil.example/",
    ],
)
def test_no_url_in_the_query_is_ever_followed(site, alice, query):
    location = enter(site.browser(), "alice", query=query).location
    assert location == f"{ISSUER}/" or location.startswith(
        f"{ISSUER}/oauth/authorize?interaction="
    )


def test_guesses_at_one_account_are_slowed_from_every_address(strict):
    strict.browser().sign_up("alice")
    strict.browser().sign_up("bob")
    for last in range(3):
        tried = enter(strict.browser(), "Alice", "wrong", REMOTE_ADDR=f"192.0.2.{last}")
        assert tried.status_int == 401
    refused = enter(strict.browser(), "alice", REMOTE_ADDR="192.0.2.77")
    assert refused.status_int == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "Too many attempts. Try again in 15 minutes." in refused.text
    assert enter(strict.browser(), "bob", REMOTE_ADDR="192.0.2.77").status_int == 303


def test_guesses_from_one_address_are_slowed_over_all_accounts(strict):
    strict.browser().sign_up("alice")
    for number in range(5):
        tried = enter(strict.browser(), f"bob{number}", "wrong", REMOTE_ADDR="192.0.2.1")
        assert tried.status_int == 401
    refused = enter(strict.browser(), "alice", REMOTE_ADDR="192.0.2.1")
    assert refused.status_int == 429
    assert "Try again in 60 minutes." in refused.text
    assert enter(strict.browser(), "alice", REMOTE_ADDR="192.0.2.2").status_int == 303


def test_a_network_of_ipv6_counts_as_one_address(strict):
    for number in range(5):
        enter(strict.browser(), f"bob{number}", "wrong", REMOTE_ADDR=f"2001:db8::{number + 1}")
    beside = enter(strict.browser(), "alice", "wrong", REMOTE_ADDR="2001:db8::ffff")
    apart = enter(strict.browser(), "alice", "wrong", REMOTE_ADDR="2001:db8:0:1::1")
    assert (beside.status_int, apart.status_int) == (429, 401)


def test_ipv4_written_as_ipv6_is_not_one_network(strict):
    for number in range(5):
        enter(strict.browser(), f"name{number}", "wrong", REMOTE_ADDR="::ffff:192.0.2.1")
    for same in ("::ffff:192.0.2.1", "192.0.2.1"):
        assert enter(strict.browser(), "bob", "wrong", REMOTE_ADDR=same).status_int == 429
    other = enter(strict.browser(), "bob", "wrong", REMOTE_ADDR="::ffff:192.0.2.2")
    assert other.status_int == 401


def test_a_successful_sign_in_resets_the_count_of_guesses(strict):
    strict.browser().sign_up("alice")
    for _ in range(2):
        for _ in range(2):
            enter(strict.browser(), "alice", "wrong", REMOTE_ADDR="192.0.2.1")
        assert enter(strict.browser(), "alice", REMOTE_ADDR="192.0.2.1").status_int == 303


def test_sign_ins_that_succeed_are_limited_too():
    """Each costs a hash: with an own account an attacker could make all others wait."""
    limits = {"login.limit_success": "3 per 15 minutes"}
    site = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    alice, bob = site.browser().sign_up("alice"), site.browser().sign_up("bob")
    assert [enter(site.browser(), "alice").status_int for _ in range(4)] == [303] * 3 + [429]
    assert enter(site.browser(), "bob").status_int == 303
    for browser in (alice, bob):
        assert browser.get("/account").status_int == 200
    form = alice.get("/account/password").form
    form["current"], form["password"] = sites.PASSWORD, "short"
    statuses = [form.submit(expect_errors=True).status_int for _ in range(4)]
    assert statuses == [422] * 3 + [429]
    site.close()


def test_counters_in_redis_are_shared_by_two_servers(redis_url):
    limits = {"limits.url": redis_url, "login.limit_account": "2 per 15 minutes"}
    one = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    two = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    assert enter(one.browser(), "alice", "wrong").status_int == 401
    assert enter(two.browser(), "alice", "wrong").status_int == 401
    assert enter(one.browser(), "alice", "wrong").status_int == 429
    one.close()
    two.close()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_without_its_redis_a_server_counts_by_itself(scheme, caplog):
    limits = {"limits.url": f"{scheme}://127.0.0.1:1/0", "login.limit_account": "2 per 15 minutes"}
    alone = sites.standalone(sites.ini("sqlite://", development="true", **limits))
    statuses = [enter(alone.browser(), "alice", "wrong").status_int for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert "each process counts attempts separately" in caplog.text
    alone.close()


def test_the_log_names_the_request_and_never_the_password(site, alice, caplog):
    caplog.set_level("INFO", "oauthprov")
    page = enter(site.browser(), "alice", "a secret guess")
    assert f"[request {page.headers['X-Request-Id']}]" in caplog.text
    assert "a secret guess" not in caplog.text


@pytest.mark.parametrize("page", ["/login", "/signup"])
def test_a_sign_in_that_waits_too_long_for_a_hash_gets_a_503(site, caplog, page):
    site.browser().sign_up("alice")
    turns = site.wsgi.registry["oauthprov"].people._hasher.turns
    turns.patience = 0
    form = site.browser().get(page).form
    form["name"], form["password"] = "alice", sites.PASSWORD
    with turns.turn():
        answer = form.submit(expect_errors=True)
        machine = site.app("machine")
        assert machine.post("token", {"grant_type": "client_credentials"}).status_int == 200
    assert (answer.status_int, answer.headers["Retry-After"]) == (503, "2")
    assert "Many people are signing in" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "oauthprov_sid" not in answer.headers.get("Set-Cookie", "")
    assert sites.PASSWORD not in caplog.text
    assert form.submit(expect_errors=True).status_int in (303, 409)

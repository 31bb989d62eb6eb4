"""A new client secret: shown once after a redirect, to its owner alone."""

from __future__ import annotations

import logging
from http.cookies import SimpleCookie

import pytest

from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.records import Client
from oauthprov.web.console.new_secret import LIFETIME
from tests.site import Browser, Site
from tests.web.console.test_pages import HTTPS, press, register, registered, secret_on, works


def post_form(browser: Browser, name: str = "Printer", kind: str = "web"):
    """Register a client; return the redirect that answers it."""
    form = browser.get(f"/clients/new/{kind}").form
    form["name"] = name
    if CLIENT_TYPES[kind].redirects:
        form["redirect_uris"] = HTTPS
    return form.submit()


def only_cookie(answer) -> SimpleCookie:
    """The one cookie that an answer sets."""
    [line] = answer.headers.getall("Set-Cookie")
    return SimpleCookie(line)


def page_of(site: Site) -> str:
    return f"/clients/{registered(site).client_id}"


def test_registering_leads_to_a_page_that_may_be_reloaded(site, alice):
    answer = post_form(alice)
    assert answer.status_int == 303
    page = alice.get(answer.location)
    assert "The client is registered" in page.text
    assert works(site, secret_on(page))
    again = alice.get(answer.location)
    assert again.status_int == 200
    assert "ops_" not in again.text
    assert len(site.storage.find(Client).items) == 1


def test_a_new_secret_leads_to_a_page_that_may_be_reloaded(site, alice):
    first = secret_on(register(alice))
    answer = press(alice.get(page_of(site)), "rotate")
    assert answer.status_int == 303
    second = secret_on(alice.get(answer.location))
    assert second != first
    assert "ops_" not in alice.get(answer.location).text
    assert len(registered(site).secrets) == 2


def test_the_cookie_is_encrypted_and_lasts_a_minute_on_this_host(site, alice):
    answer = post_form(alice)
    [(name, cookie)] = only_cookie(answer).items()
    assert name == f"__Host-oauthprov_secret_{registered(site).client_id}"
    assert cookie["max-age"] == str(LIFETIME)
    assert cookie["samesite"] == "Strict"
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert "ops_" not in str(answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_that_shows_it_ends_the_cookie(alice):
    page = alice.get(post_form(alice).location)
    [cookie] = only_cookie(page).values()
    assert (cookie.value, cookie["max-age"]) == ("", "0")
    assert page.headers["Cache-Control"] == "no-store"


def test_a_public_client_gets_no_such_cookie(alice):
    answer = post_form(alice, kind="native")
    assert answer.headers.getall("Set-Cookie") == []
    page = alice.get(answer.location)
    assert "The client is registered" in page.text
    assert page.headers.getall("Set-Cookie") == []


@pytest.mark.parametrize("late", [0, 1])
def test_a_new_secret_is_shown_within_a_minute_alone(site, alice, late):
    answer = post_form(alice)
    site.clock.pass_by(LIFETIME - 1 + late)
    assert ("ops_" in alice.get(answer.location).text) == (not late)


def test_neither_url_nor_storage_nor_log_contains_the_secret(site, alice, caplog):
    caplog.set_level(logging.DEBUG)
    answer = post_form(alice)
    secret = secret_on(alice.get(answer.location))
    assert secret not in answer.location
    assert "ops_" not in repr(registered(site))
    assert secret not in caplog.text
    assert "oauthprov_secret" not in caplog.text


def test_another_browser_of_the_same_person_cannot_read_the_secret(site, alice):
    answer = post_form(alice)
    other = site.browser().sign_in("alice")
    carry(alice, other)
    assert "ops_" not in other.get(answer.location).text


def test_the_next_person_in_this_browser_cannot_read_the_secret(site, alice):
    site.browser().sign_up("bob")
    answer = post_form(alice)
    alice.get("/logout").forms[0].submit()
    alice.sign_in("bob")
    assert alice.get(answer.location).status_int == 404
    alice.get("/logout").forms[0].submit()
    alice.sign_in("alice")
    assert "ops_" not in alice.get(answer.location).text


def test_the_secret_is_shown_on_the_page_of_its_client_alone(site, alice):
    first = registered_now(site, post_form(alice, "First"))
    second = registered_now(site, post_form(alice, "Second"))
    [sealed] = [v for k, v in alice.page.cookies.items() if k.endswith(first)]
    [own] = [v for k, v in alice.page.cookies.items() if k.endswith(second)]
    sent = cookies_of(alice).replace(own, sealed)
    page = site.get(f"/clients/{second}", headers={"Cookie": sent})
    assert page.status_int == 200
    assert "ops_" not in page.text
    assert "ops_" in alice.get(f"/clients/{first}").text


def test_two_registered_at_once_are_both_shown(site, alice):
    first = post_form(alice, "First")
    second = post_form(alice, "Second")
    secrets = {secret_on(alice.get(answer.location)) for answer in (first, second)}
    assert len(secrets) == 2


@pytest.mark.parametrize("value", ["", "x", "A" * 200, "é", '"', "a=b", "=" * 8])
def test_a_forged_cookie_shows_nothing_and_fails_nowhere(site, alice, value):
    register(alice)
    sent = {"Cookie": f"{cookies_of(alice)}; __Host-oauthprov_secret_{registered(site).client_id}"}
    sent["Cookie"] += f"={value}"
    page = site.get(page_of(site), headers=sent)
    assert page.status_int == 200
    assert "ops_" not in page.text


def registered_now(site: Site, answer) -> str:
    """The client id in the address of an answer."""
    return str(answer.location.rpartition("/")[2].partition("?")[0])


def carry(giver: Browser, taker: Browser) -> None:
    """Copy the cookies that hold secrets of clients from one browser to another."""
    for name, value in giver.page.cookies.items():
        if "secret" in name:
            taker.page.set_cookie(name, value)


def cookies_of(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.page.cookies.items())


def test_a_head_request_uses_the_cookie_up_for_nobody(alice):
    answer = post_form(alice)
    alice.page.head(answer.location)
    assert secret_on(alice.get(answer.location))

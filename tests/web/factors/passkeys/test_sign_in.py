"""Signing in with a passkey, without a name or a password."""

from __future__ import annotations

import json
import logging

import pytest

from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.protocol.keys import jose
from oauthprov.records import ReplayMark, Session
from tests import site as sites
from tests.authenticator import PRESENT, Authenticator
from tests.site import ISSUER, PASSWORD, arrived
from tests.web.factors.passkeys.conftest import answer, box, mails, options, passkeys_of, sign_in
from tests.web.openid import openid_site, relying_party


def is_in(browser) -> bool:
    return browser.get("/account").status_int == 200


def problem(page) -> str:
    return " ".join(page.html.find(id="problem").text.split())


def test_a_passkey_alone_signs_in_by_several_factors(site, owner, device):
    phone = site.browser()
    assert sign_in(phone, device, "?page=account").location == f"{ISSUER}/account"
    assert is_in(phone)
    amrs = {stored.record.amr for stored in site.storage.walk(Session)}
    assert amrs >= {("pwd", "pop", "user", "mfa"), ("pop", "user", "mfa")}


def test_it_goes_on_to_the_app_that_asked(site, owner, device):
    app, phone = relying_party(site), site.browser()
    page = phone.authorize(app, scope="openid", acr_values="phr")
    text = device.get(options(phone, page).json)
    page.forms[0].action = box(page)["data-action"]
    there = phone.decide(phone.follow(answer(page, text)))
    claims = jose.unverified_claims(app.exchange(arrived(there)["code"]).json["id_token"])
    assert claims["acr"] == "phr"
    assert claims["amr"] == ["pop", "user", "mfa"]


def test_the_browser_that_signed_in_is_known_for_the_account(site, owner, device):
    phone = site.browser()
    sign_in(phone, device)
    known = [name for name in phone.page.cookies if "device" in name]
    assert len(known) == 1


def test_the_sign_in_page_reads_no_more_for_passkeys(site):
    site.browser().get("/login")
    assert site.storage.trips(lambda: site.browser().get("/login")) == (0, 0)


def test_options_cost_no_trip_and_a_sign_in_reads_once_and_writes_once_before_its_session(
    site, owner, device
):
    phone = site.browser()
    page = phone.get("/login")
    assert site.storage.trips(lambda: options(phone, page)) == (0, 0)
    text = device.get(options(phone, page).json)
    page.forms[0].action = box(page)["data-action"]
    reads, writes = site.storage.trips(lambda: answer(page, text))
    # The passkey with its account and its mark; then the sessions that may be too many, as always.
    assert (reads, writes) == (3, 2)


def test_options_are_not_cached_and_need_the_csrf_token(site):
    browser = site.browser()
    page = browser.get("/login")
    found = options(browser, page)
    assert found.content_type == "application/json"
    assert "no-store" in found.headers["Cache-Control"]
    url = box(page)["data-options-from"]
    refused = browser.page.post(url, {"csrf_token": "x"}, expect_errors=True)
    assert (refused.status_int, refused.content_type) == (403, "application/json")
    assert browser.page.get(url, expect_errors=True).status_int == 405


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"csrf_token=x&csrf_token=x", sites.FORM),
        (b"\xff", sites.FORM),
        (b"a" * 100_000, sites.FORM),
        (b"", ""),
    ],
)
def test_what_no_script_sends_is_an_error(site, body, content_type):
    for path in ("/login/passkey/options", "/login/passkey"):
        sent = site.send("POST", path, body=body, Content_Type=content_type)
        assert 400 <= sent.status_int < 500


def test_the_form_needs_its_csrf_token(site, owner, device):
    phone = site.browser()
    page = phone.get("/login")
    text = device.get(options(phone, page).json)
    page.forms[0].action = box(page)["data-action"]
    page.forms[0]["csrf_token"] = "x"
    assert answer(page, text).status_int == 403
    assert not is_in(phone)


def test_the_address_of_the_form_leads_back_to_the_page(site):
    sent = site.browser().get("/login/passkey?page=account")
    assert (sent.status_int, sent.location) == (302, f"{ISSUER}/login?page=account")


@pytest.mark.parametrize(
    ("lies", "status", "text"),
    [
        ({"client_data": {"origin": "https://evil.example"}}, 401, "doesn't fit"),
        ({"client_data": {"crossOrigin": True}}, 401, "doesn't fit"),
        ({"rp_id": "evil.example"}, 401, "doesn't fit"),
        ({"signed": b"x"}, 401, "doesn't fit"),
        ({"flags": PRESENT}, 401, "didn't check that it is you"),
        ({"handle": b"nobody"}, 401, "isn't known here"),
        ({"handle": None}, 401, "isn't known here"),
        ({"client_data": {"challenge": 1}}, 400, "can't be read"),
    ],
)
def test_a_refused_passkey_is_told_on_the_page_which_still_takes_the_password(
    site, owner, device, lies, status, text
):
    phone = site.browser()
    page = sign_in(phone, device, "?page=account", **lies)
    assert page.status_int == status
    assert text in problem(page)
    assert not is_in(phone)
    form = page.forms[0]
    form["name"], form["password"] = "alice", PASSWORD
    assert "/login/factor?page=account" in form.submit().location


@pytest.mark.parametrize("text", ["", "x", "null", "[]", "{" * 5000, "\u20ac"])
def test_garbage_is_a_400_with_the_page(site, text):
    page = site.browser().get("/login")
    page.forms[0].action = box(page)["data-action"]
    refused = answer(page, text)
    assert refused.status_int == 400
    assert "can't be read" in problem(refused)


def test_a_response_is_accepted_once_in_its_browser_and_time(site, owner, device):
    phone, other = site.browser(), site.browser()
    page = phone.get("/login")
    page.forms[0].action = box(page)["data-action"]
    text = device.get(options(phone, page).json)
    theirs = other.get("/login")
    theirs.forms[0].action = box(theirs)["data-action"]
    stolen = answer(theirs, text)
    assert (stolen.status_int, is_in(other)) == (401, False)
    site.clock.pass_by(LIFETIME)
    assert "took too long" in problem(answer(page, text))
    text = device.get(options(phone, page).json)
    assert answer(page, text).status_int == 303
    phone.get("/logout").forms[0].submit()
    again = phone.get("/login")
    again.forms[0].action = box(again)["data-action"]
    assert answer(again, text).status_int == 401
    assert not is_in(phone)


def test_a_disabled_account_gets_no_session(site, owner, device):
    people = site.wsgi.registry["oauthprov"].people
    people.disable(people.by_name("alice").record.account_id)
    phone = site.browser()
    assert "isn't known here" in problem(sign_in(phone, device))


def test_a_new_password_leaves_the_passkey(site, owner, device):
    people = site.wsgi.registry["oauthprov"].people
    people.change_password(people.by_name("alice").record.account_id, "staple battery horse")
    phone = site.browser()
    assert sign_in(phone, device).status_int == 303
    assert is_in(phone)


def test_a_copied_passkey_is_refused_told_by_mail_and_logged_once(
    site, owner, device, mail_server, caplog
):
    sign_in(site.browser(), device, count=7)
    before = len(mails(mail_server))
    with caplog.at_level(logging.WARNING):
        page = sign_in(site.browser(), device, count=7)
        assert "a copy of it was used" in problem(page)
        assert "a copy of it was used" in problem(sign_in(site.browser(), device, count=9))
    assert [r for r in caplog.records if "a copy of a passkey was used" in r.getMessage()][
        1:
    ] == []
    [(subject, text)] = mails(mail_server)[before:]
    assert subject == "A passkey of your account at oauthprov was refused"
    assert f"{ISSUER}/account/passkeys" in text
    assert "A copy of this passkey was used" in owner.get("/account/passkeys").text


def test_the_log_says_who_signed_in_and_never_with_what(site, owner, device, caplog):
    phone = site.browser()
    page = phone.get("/login")
    page.forms[0].action = box(page)["data-action"]
    text = device.get(options(phone, page).json)
    with caplog.at_level(logging.DEBUG):
        answer(page, text)
    [passkey] = passkeys_of(site)
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert f"signed in account_id={passkey.account_id}" in written
    for part in json.loads(text)["response"].values():
        assert part not in written


def test_a_refused_origin_cannot_forge_a_line_of_the_log(site, owner, device, caplog):
    with caplog.at_level(logging.INFO):
        sign_in(site.browser(), device, client_data={"origin": "x\naccount bob signed in"})
    assert not [r for r in caplog.records if "\n" in r.getMessage()]


def test_nobody_is_known_by_the_page_or_its_options(site, owner, device):
    """A stranger learns neither who has an account nor who has a passkey."""
    phone = site.browser()
    assert box(phone.get("/login")).has_attr("hidden")
    found = options(phone, phone.get("/login")).json
    assert found["allowCredentials"] == []
    assert found.keys() == {"rpId", "challenge", "timeout", "userVerification", "allowCredentials"}


def test_an_unused_sign_in_page_leaves_nothing_behind(site):
    browser = site.browser()
    options(browser, browser.get("/login"))
    assert list(site.storage.walk(ReplayMark)) == []


@pytest.mark.parametrize("more", [{"factors": "totp"}, {"factors": "none"}])
def test_where_passkeys_are_not_offered_there_are_no_such_pages(more):
    site = openid_site(**more)
    page = site.browser().get("/login")
    assert "passkey" not in page.text
    assert page.html.find(id="name")["autocomplete"] == "username"
    assert site.post("/login/passkey", {}).status_int == 404
    assert site.post("/login/passkey/options", {}).status_int == 404
    site.close()


def test_at_an_ip_address_there_are_no_passkeys():
    issuer = "http://127.0.0.1:5000"
    site = sites.standalone(sites.ini("sqlite://", issuer, development="true"))
    alice = site.browser().sign_up("alice")
    page = alice.get("/account/passkeys")
    assert "no passkeys for an IP address" in page.text
    assert box(page) is None
    assert "passkey" not in site.browser().get("/login").text
    site.close()


def test_a_passkey_of_another_host_does_not_fit(site, owner):
    """The same server under another name is another Relying Party."""
    moved = Authenticator("https://new.example")
    page = owner.get("/account/passkeys")
    wanted = json.loads(box(page)["data-options"])
    refused = answer(page, moved.create(wanted, rp_id="new.example"))
    assert refused.status_int == 422
    assert len(passkeys_of(site)) == 1


def test_two_people_in_one_browser_keep_their_sessions(site, owner, device):
    bob = site.browser().sign_up("bob")
    assert sign_in(bob, device, "?account=another").status_int == 303
    assert "alice" in bob.get("/account").text
    chosen = bob.get("/choose").text
    assert "alice" in chosen
    assert "bob" in chosen

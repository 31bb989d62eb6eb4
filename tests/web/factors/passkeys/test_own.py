"""The pages on which people add, rename and remove their passkeys."""

from __future__ import annotations

import json

import pytest

from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.passkeys.keeping import LIMIT
from oauthprov.web.signed_in import RECENT
from tests.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator
from tests.done import in_words
from tests.site import ISSUER
from tests.web.factors.passkeys.conftest import (
    PAGE,
    add,
    answer,
    box,
    mails,
    passkeys_of,
    password,
    sign_in,
    step,
)
from tests.web.openid import openid_site


def words(page) -> str:
    return " ".join(page.html.find(id="main").text.split())


def account(site):
    return site.wsgi.registry["oauthprov"].people.by_name("alice").record


def one(browser):
    """The page of the first passkey in the list."""
    return browser.get(browser.get(PAGE).html.find(class_="entries").find("a")["href"])


def test_the_first_passkey_comes_with_recovery_codes_that_are_shown_once(site, alice, device):
    page = add(alice, device)
    assert page.status_int == 200
    codes = page.html.find("pre").text.split()
    assert len(codes) == 10
    assert account(site).factors == ("passkey",)
    assert codes[0] not in alice.get(PAGE).text
    second = add(alice, device)
    assert in_words(second.location) == f"{ISSUER}{PAGE}?done=added"
    assert "The passkey was added" in words(alice.follow(second))
    assert account(site).factors == ("passkey",)


def test_the_page_says_what_each_passkey_is(site, owner, device):
    flags = PRESENT | VERIFIED | ELIGIBLE | BACKED_UP
    add(owner, Authenticator(ISSUER, flags=flags))
    page = words(owner.get(PAGE))
    assert "Not used yet." in page
    assert "It stays on one device." in page
    assert "Your devices can share it." in page
    sign_in(site.browser(), device)
    assert "Last used" in words(owner.get(PAGE))


def test_a_passkey_is_named_after_its_browser(site, alice, device):
    page = alice.get(PAGE)
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    alice.page.extra_environ["HTTP_USER_AGENT"] = firefox
    add(alice, device)
    assert page.status_int == 200
    assert passkeys_of(site)[0].name == "Firefox on Linux"


def test_a_mail_tells_of_each_change(site, owner, mail_server):
    [(added, text)] = mails(mail_server)
    assert one(owner).forms[1].submit().status_int == 303
    [_, (removed, _)] = mails(mail_server)
    assert added == "A passkey was added to your account at oauthprov"
    assert removed == "A passkey was removed from your account at oauthprov"
    assert f"{ISSUER}{PAGE}\n" in text


def test_a_passkey_gets_another_name(site, owner):
    form = one(owner).forms[0]
    form["name"] = "  My\u202e phone <b> "
    page = owner.follow(form.submit())
    assert "The passkey has its new name." in words(page)
    assert passkeys_of(site)[0].name == "My phone <b>"
    assert "My phone <b>" in words(page)
    form = one(owner).forms[0]
    form["name"] = " \u200b "
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    assert "Give the passkey a name." in words(refused)
    assert passkeys_of(site)[0].name == "My phone <b>"


def test_the_last_one_takes_the_second_step_with_it(site, owner, device):
    add(owner, device)
    for left in (("passkey",), ()):
        page = owner.follow(one(owner).forms[1].submit())
        assert "The passkey was removed here." in words(page)
        assert account(site).factors == left
    assert "There is no passkey yet." in words(owner.get(PAGE))
    assert password(site.browser(), "?page=account").request.path == "/account"
    assert sign_in(site.browser(), device).status_int == 401


def test_the_last_one_stays_where_a_factor_is_required(settings, device):
    site = openid_site(**settings, **{"factors.required": "nobody"})
    alice = site.browser().sign_up("alice")
    add(alice, device)
    enrolments = site.wsgi.registry["oauthprov"].factors.enrolments
    enrolments._is_required = lambda account: True
    page = one(alice).forms[1].submit(expect_errors=True)
    assert page.status_int == 409
    assert "this is the only one" in words(page)
    assert len(passkeys_of(site)) == 1
    add(alice, device)
    assert one(alice).forms[1].submit().status_int == 303
    site.close()


def test_nobody_gets_at_the_passkeys_of_another(site, owner):
    path = one(owner).request.path
    bob = site.browser().sign_up("bob")
    assert bob.get(path).status_int == 404
    csrf = bob.get(PAGE).forms[0]["csrf_token"].value
    sent = bob.page.post(
        ISSUER + path, {"csrf_token": csrf, "decision": "remove"}, expect_errors=True
    )
    assert sent.status_int == 404
    assert len(passkeys_of(site)) == 1


@pytest.mark.parametrize("name", ["x", "%00", "a.b", "%C3%A9", "x" * 5000])
def test_an_address_without_a_passkey_is_not_found(owner, name):
    assert owner.get(f"{PAGE}/{name}").status_int in (400, 404)


def test_every_step_requires_a_recent_sign_in(site, owner, device):
    listed, shown = owner.get(PAGE), one(owner)
    site.clock.pass_by(RECENT)
    late = f"{ISSUER}/login?page=passkeys"
    assert owner.get(PAGE).location == late
    assert owner.get(shown.request.path).location == late
    assert answer(listed, "x").location == late
    assert [form.submit().location for form in shown.forms.values()] == [late, late] * (
        len(shown.forms) // 2
    )
    assert len(passkeys_of(site)) == 1
    # A passkey is a sign-in like any other.
    assert sign_in(owner, device, "?page=passkeys").location == f"{ISSUER}{PAGE}"
    assert owner.get(PAGE).status_int == 200


def test_strangers_sign_in_first(site):
    assert site.browser().get(PAGE).location == f"{ISSUER}/login?page=passkeys"


@pytest.mark.parametrize(
    ("lies", "status", "text"),
    [
        ({"client_data": {"origin": "https://evil.example"}}, 422, "doesn't fit"),
        ({"rp_id": "evil.example"}, 422, "doesn't fit"),
        ({"client_data": {"challenge": None}}, 400, "can't be read"),
    ],
)
def test_what_proves_nothing_adds_nothing(site, alice, device, lies, status, text):
    page = add(alice, device, **lies)
    assert (page.status_int, passkeys_of(site)) == (status, [])
    assert text in words(page)
    assert add(alice, device).status_int == 200


def test_a_registration_that_took_too_long_begins_anew(site, alice, device):
    page = alice.get(PAGE)
    text = device.create(json.loads(box(page)["data-options"]))
    site.clock.pass_by(LIFETIME)
    late = answer(page, text)
    assert (late.status_int, passkeys_of(site)) == (422, [])
    assert "took too long" in words(late)
    fresh = device.create(json.loads(box(late)["data-options"]))
    assert answer(late, fresh).status_int == 200


def test_a_registration_is_sent_twice_and_added_once(site, alice, device):
    page = alice.get(PAGE)
    text = device.create(json.loads(box(page)["data-options"]))
    assert answer(page, text).status_int == 200
    again = answer(alice.get(PAGE), text)
    assert again.status_int == 422
    assert "took too long" in words(again)
    assert len(passkeys_of(site)) == 1


def test_a_full_account_is_told_so(site, owner, device):
    for _ in range(LIMIT - 1):
        add(owner, device)
    page = owner.get(PAGE)
    assert box(page) is None
    assert "as many passkeys as an account can have" in words(page)


def test_new_ones_can_be_switched_off_and_those_there_are_stay(settings, tmp_path, device):
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    before = openid_site(**settings, **{"storage.url": url})
    add(before.browser().sign_up("alice"), device)
    before.close()
    after = openid_site(**settings, **{"storage.url": url, "factors": "totp"})
    browser = after.browser()
    page = password(browser, "?page=passkeys")
    assert page.request.path == "/login/factor"
    page = browser.follow(step(page, device))
    assert "New passkeys aren't offered here." in words(page)
    assert box(page) is None
    assert one(browser).status_int == 200
    csrf = page.html.find(attrs={"name": "csrf_token"})
    assert csrf is None
    after.close()

"""A passkey after the password, for a client that asks for more, and where one is required."""

from __future__ import annotations

import json

import pytest

from oauthprov.passkeys.challenges import LIFETIME
from oauthprov.protocol.keys import jose
from oauthprov.records import Session
from tests.authenticator import PRESENT, Authenticator
from tests.site import ISSUER, arrived
from tests.web.factors.passkeys.conftest import (
    add,
    answer,
    box,
    mails,
    passkeys_of,
    password,
    sign_in,
    step,
)
from tests.web.openid import openid_site, relying_party

PHR = json.dumps({"id_token": {"acr": {"essential": True, "value": "phr"}}})


def problem(page) -> str:
    return " ".join(page.html.find(id="problem").text.split())


def claims(app, response) -> tuple[str, list[str]]:
    found = jose.unverified_claims(app.exchange(arrived(response)["code"]).json["id_token"])
    return found["acr"], found["amr"]


def newest(site) -> Session:
    return max((s.record for s in site.storage.walk(Session)), key=lambda one: one.auth_time)


def test_the_password_alone_begins_no_session_for_who_has_a_passkey(site, owner, device):
    phone = site.browser()
    page = password(phone, "?page=account")
    assert page.request.path == "/login/factor"
    assert phone.get("/account").status_int == 302
    site.clock.pass_by(1)
    assert step(page, device).location == f"{ISSUER}/account"
    assert newest(site).amr == ("pwd", "pop", "user", "mfa")


def test_a_touch_is_enough_after_the_password(site, alice):
    key = Authenticator(ISSUER, flags=PRESENT)
    add(alice, key)
    assert step(password(site.browser()), key).status_int == 303
    assert sign_in(site.browser(), key).status_int == 401


def test_the_page_names_the_passkeys_of_the_account_alone(site, owner, device):
    bob = site.browser().sign_up("bob")
    add(bob, Authenticator(ISSUER))
    options = json.loads(box(password(site.browser()))["data-options"])
    mine = next(p for p in passkeys_of(site) if p.account_id == _alice(site))
    assert [one["id"] for one in options["allowCredentials"]] == [mine.credential_id]


def _alice(site) -> str:
    return site.wsgi.registry["oauthprov"].people.by_name("alice").record.account_id


def test_recovery_codes_are_the_other_way(site, alice, device):
    codes = add(alice, device).html.find("pre").text.split()
    page = password(site.browser())
    recovery = page.click("Use a recovery code")
    assert box(recovery) is None
    form = recovery.forms[0]
    form["answer"] = codes[0]
    assert form.submit().status_int == 303


@pytest.mark.parametrize(
    ("lies", "text"),
    [
        ({"client_data": {"origin": "https://evil.example"}}, "doesn't fit"),
        ({"rp_id": "evil.example"}, "doesn't fit"),
        ({"signed": b"x"}, "doesn't fit"),
        ({"handle": b"nobody"}, "isn't known here"),
        ({"client_data": {"challenge": "AAAA"}}, "took too long"),
        ({"client_data": {"challenge": 7}}, "can't be read"),
    ],
)
def test_what_proves_nothing_begins_no_session(site, owner, device, lies, text):
    phone = site.browser()
    page = step(password(phone), device, **lies)
    assert page.status_int == 401
    assert text in problem(page)
    assert phone.get("/account").status_int == 302
    assert step(page, device).status_int == 303


def test_a_passkey_of_another_account_proves_nothing(site, owner, device):
    bob = site.browser().sign_up("bob")
    theirs = Authenticator(ISSUER)
    add(bob, theirs)
    page = password(site.browser())
    options = json.loads(box(page)["data-options"]) | {"allowCredentials": []}
    assert "isn't known here" in problem(answer(page, theirs.get(options)))


def test_a_response_is_accepted_once_and_in_its_time(site, owner, device):
    phone, tablet = site.browser(), site.browser()
    page = password(phone)
    text = device.get(json.loads(box(page)["data-options"]))
    assert "took too long" in problem(answer(password(tablet), text))
    site.clock.pass_by(LIFETIME)
    late = answer(page, text)
    assert "took too long" in problem(late)
    text = device.get(json.loads(box(late)["data-options"]))
    assert answer(late, text).status_int == 303
    assert "took too long" in problem(answer(password(phone, "?account=another"), text))


def test_a_new_password_ends_the_sign_in_that_waits(site, owner, device):
    page = password(site.browser())
    people = site.wsgi.registry["oauthprov"].people
    people.change_password(_alice(site), "staple battery horse")
    assert step(page, device).location.startswith(f"{ISSUER}/login?")


def test_a_copied_passkey_is_told_here_too(site, owner, device, mail_server):
    sign_in(site.browser(), device, count=7)
    before = len(mails(mail_server))
    page = step(password(site.browser()), device, count=6)
    assert "a copy of it was used" in problem(page)
    [(subject, _)] = mails(mail_server)[before:]
    assert subject == "A passkey of your account at oauthprov was refused"


def test_a_session_from_before_steps_up_for_a_client(site, alice, device):
    app = relying_party(site, first_party=True)
    tablet = site.browser().sign_in("alice")
    add(alice, device)
    page = tablet.authorize(app, scope="openid", claims=PHR)
    assert page.request.path == "/login/step-up"
    there = tablet.follow(step(page, device))
    assert claims(app, there) == ("phr", ["pwd", "pop", "user", "mfa"])


def test_an_app_is_not_enough_for_who_asks_for_a_passkey(site, alice, device):
    """A person without one is led to set one up; the app that asked then gets its level."""
    app = relying_party(site, first_party=True)
    page = alice.authorize(app, scope="openid", claims=PHR)
    assert page.request.path == "/login/factor/setup"
    assert "Authenticator app" not in page.text
    codes = answer(page, device.create(json.loads(box(page)["data-options"])))
    there = alice.follow(alice.get(codes.html.find(id="go-on")["href"]))
    assert claims(app, there) == ("phr", ["pwd", "pop", "user", "mfa"])


def test_where_passkeys_are_not_offered_their_level_is_an_error():
    site = openid_site(factors="totp")
    alice = site.browser().sign_up("alice")
    there = alice.authorize(relying_party(site), scope="openid", claims=PHR)
    assert arrived(there)["error"] == "unmet_authentication_requirements"
    site.close()


def test_the_metadata_lists_the_level(site):
    found = site.get("/.well-known/openid-configuration").json
    assert found["acr_values_supported"] == ["1", "mfa", "phr"]


def test_a_passkey_meets_a_required_second_step(settings, device):
    site = openid_site(**settings, **{"factors.required": "everyone"})
    phone = site.browser()
    form = phone.get("/signup").forms[0]
    form["name"], form["password"] = "alice", "correct horse battery"
    page = phone.follow(form.submit()).click("Passkey")
    refused = answer(page, "x")
    assert "can't be read" in problem(refused)
    assert phone.get("/account").status_int == 302
    made = answer(refused, device.create(json.loads(box(refused)["data-options"])))
    assert made.html.find(id="go-on") is not None
    assert phone.get("/account").status_int == 200
    assert sign_in(site.browser(), device).status_int == 303
    site.close()

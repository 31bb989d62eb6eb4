"""Every kind of event is published where it happens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from oauthprov.accounts import removal
from oauthprov.events import KINDS, working
from oauthprov.protocol.registration import initial_access
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.records import Consent
from oauthprov.storage.interface import Add
from oauthprov.web.site import site_of
from tests.authenticator import Authenticator
from tests.site import CALLBACK, ISSUER, PASSWORD
from tests.web.factors.conftest import Owner, answer, shown_code, weaken
from tests.web.factors.passkeys import conftest as passkeys
from tests.web.openid import openid_site, relying_party

MONTH = 30 * 86_400
NEW_PASSWORD = "a much better password 7"


@pytest.fixture
def site(receiver):
    settings = {"registration": "open", "console": "everyone", "logout.worker": "false"}
    made = openid_site(**settings | receiver.settings)
    yield made
    made.close()


@pytest.fixture
def happened(site):
    """A function that returns what has happened since its last call, in order."""
    told = []
    site_of(site.wsgi.registry).events._notify = told.append

    def since():
        found = list(map(in_short, told))
        told.clear()
        return found

    return since


def in_short(event) -> tuple[str, ...]:
    """The name of an event, and what its kind says of it."""
    words = [getattr(event, name, "") for name in ("factor", "how", "reason")]
    changed = " ".join(getattr(event, "changed", ()))
    return (event.name, *(str(word) for word in (*words, changed) if word))


def register_itself(site, token=None):
    document = json.dumps({"client_name": "Printer", "redirect_uris": [CALLBACK]}).encode()
    proof = {"Authorization": f"Bearer {token}"} if token else {}
    sent = {"body": document, "Content_Type": "application/json"} | proof
    return site.send("POST", "/oauth/register", **sent)


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


def send(browser, path, action=None, form=0, **fields):
    """Send a form of a page with these fields."""
    sent = browser.get(path).forms[form]
    for name, value in fields.items():
        sent[name] = value
    return sent.submit("action", value=action, expect_errors=True)


def test_signing_up_in_and_out(site, happened):
    alice = site.browser().sign_up("alice")
    assert happened() == [("account.created",), ("sign_in.succeeded",)]
    send(alice, "/logout")
    assert happened() == [("session.ended",)]
    for name in ("alice", "nobody"):
        send(site.browser(), "/login", name=name, password="wrong")
        assert happened() == [("sign_in.failed", "password")]


def test_too_many_sign_ins(site, happened):
    browser = site.browser()
    for _ in range(200):
        sent = send(browser, "/login", name="alice", password="wrong")
        if sent.status_int == 429:
            break
        happened()
    assert happened() == [("sign_in.failed", "limit")]


def test_the_second_step(site, happened):
    owner = Owner(site)
    browser, page = owner.password()
    page = answer(page, "000000")
    assert happened() == [("sign_in.failed", "second_step")]
    answer(page, owner.code())
    assert happened() == [("sign_in.succeeded",)]
    site.clock.pass_by(30)
    weaken(site)
    app = relying_party(site, first_party=True)
    page = browser.authorize(app, scope="openid", acr_values="mfa")
    happened()
    page = answer(page, "000000")
    assert happened() == [("sign_in.failed", "step_up")]
    answer(page, owner.code())
    assert ("sign_in.succeeded",) in happened()


def test_a_recovery_code(site, happened):
    owner = Owner(site)
    _, page = owner.password()
    happened()
    answer(page.click("recovery code"), owner.codes[0])
    assert happened() == [("factor.changed", "recovery", "used"), ("sign_in.succeeded",)]


def test_too_many_answers(site, happened):
    owner = Owner(site)
    for _ in range(50):
        _, page = owner.password()
        happened()
        while page.status_int in (200, 401) and page.forms and "answer" in page.forms[0].fields:
            page = answer(page, "000000")
        if page.status_int == 429:
            break
    assert happened()[-1] == ("sign_in.failed", "limit")


def test_setting_factors_up_and_removing_them(site, alice, happened):
    happened()
    page = alice.get("/account/authenticator")
    answer(page, shown_code(site, page))
    assert happened() == [("factor.changed", "totp", "added")]
    alice.get("/account/recovery").form.submit()
    assert happened() == [("factor.changed", "recovery", "renewed")]
    alice.get("/account/authenticator").form.submit("action", value="remove")
    assert happened() == [("factor.changed", "totp", "removed")]


def test_passkeys(site, alice, happened):
    device = Authenticator(ISSUER)
    happened()
    passkeys.add(alice, device)
    assert happened() == [("factor.changed", "passkey", "added")]
    page = alice.get(alice.get(passkeys.PAGE).html.find(class_="entries").find("a")["href"])
    page.forms[0]["name"] = "Telephone"
    page.forms[0].submit("action", value="rename")
    assert happened() == [("factor.changed", "passkey", "renamed")]
    passkeys.sign_in(site.browser(), device, count=7)
    assert happened() == [("sign_in.succeeded",)]
    passkeys.sign_in(site.browser(), device, count=7)
    assert happened() == [("passkey.copied",), ("sign_in.failed", "passkey")]
    page.forms[1].submit("action", value="remove", expect_errors=True)


def test_what_an_account_is_and_has(site, alice, happened):
    tools = site_of(site.wsgi.registry)
    account_id = alice.account_id()
    happened()
    send(alice, "/account/profile", form=0, name="Alice L.")
    assert happened() == [("account.changed", "profile")]
    alice.get("/account/export").form.submit()
    assert happened() == [("account.exported",)]
    send(alice, "/account/password", current=PASSWORD, password=NEW_PASSWORD)
    assert happened() == [("account.changed", "password sessions")]
    with working(tools.events, "operator"):
        tools.people.disable(account_id)
    assert happened() == [("account.changed", "disabled sessions")]


def test_the_end_of_an_account(site, alice, happened):
    happened()
    send(alice, "/account/delete", name="alice")
    assert ("account.closed",) in happened()
    browser = site.browser()
    page = browser.follow(send(browser, "/login", name="alice", password=PASSWORD))
    happened()
    page.form.submit("decision", value="keep")
    assert ("account.kept",) in happened()
    send(browser, "/account/delete", name="alice")
    site.clock.pass_by(MONTH)
    happened()
    tools = site_of(site.wsgi.registry)
    with working(tools.events):
        list(removal.remove_due(tools.provider.storage, site.clock()))
    assert happened() == [("account.removed",)]


def test_what_was_stored_for_a_host_s_account(site, happened):
    tools = site_of(site.wsgi.registry)
    storage, now = tools.provider.storage, site.clock()
    storage.commit(Add(Consent("host-7.app", "host-7", "app", ("read",), (), now, now)), now=now)
    for expected in ([("account.removed",)], []):
        with working(tools.events, "operator"):
            list(removal.remove(storage, "host-7", now))
        assert happened() == expected


def test_consents_grants_and_tokens(site, alice, happened):
    app = site.app(scopes=("profile:read", "openid", "offline_access"))
    happened()
    page = alice.authorize(app)
    alice.decide(page, "cancel")
    assert happened() == [("consent.denied",), ("request.refused",)]
    tokens = app.tokens(alice)
    assert happened() == [
        ("authorization.granted", "asked"),
        ("tokens.issued", "authorization_code"),
    ]
    app.refresh(tokens["refresh_token"])
    assert happened() == [("tokens.issued", "refresh_token")]
    app.refresh(tokens["refresh_token"])
    assert happened() == [("request.noted", "receipt_used")]
    site.clock.pass_by(60)
    app.refresh(tokens["refresh_token"])
    assert happened() == [
        ("grant.revoked", "replay"),
        ("request.refused", "refresh_token_replayed"),
    ]
    tokens = app.tokens(alice)
    assert happened()[0] == ("authorization.granted", "remembered")
    app.revoke(tokens["access_token"])
    assert happened() == [("token.revoked",)]
    app.revoke(tokens["refresh_token"])
    assert happened() == [("grant.revoked", "client")]
    alice.get(f"/account/apps/{app.client.client_id}/remove").form.submit()
    assert happened() == [("consent.withdrawn",)]


def test_a_client_that_registers_itself(site, happened):
    made = register_itself(site).json
    assert happened() == [("client.registered", "itself")]
    authorization = {"Authorization": f"Bearer {made['registration_access_token']}"}
    site.send("DELETE", made["registration_client_uri"].removeprefix(ISSUER), **authorization)
    assert happened() == [("client.removed",)]
    register_itself(site)
    happened()
    site.clock.pass_by(40 * MONTH)
    tools = site_of(site.wsgi.registry)
    with working(tools.events):
        removed = remove_unused(tools.provider.storage, tools.settings, site.clock())
        assert sum(removed) == 1
    assert happened() == [("client.removed",)]


def test_clients_of_the_operator(site, happened):
    tools = site_of(site.wsgi.registry)
    registrar = tools.provider.registrar
    with working(tools.events, "operator"):
        client, _ = registrar.register(type="web", name="Printer", redirect_uris=(CALLBACK,))
        assert happened() == [("client.registered", "operator")]
        registrar.edit(client.client_id, name="Plotter")
        assert happened() == [("client.changed", "name")]
        registrar.rotate_secret(client.client_id)
        assert happened() == [("client.changed", "client_secret")]


def test_registration_tokens(site, happened):
    tools = site_of(site.wsgi.registry)
    storage, name = tools.provider.storage, "registration_token.changed"
    with working(tools.events, "operator"):
        record, token = initial_access.issue(storage, site.clock(), lifetime=60, uses=1)
        assert happened() == [(name, "created")]
    register_itself(site, token)
    assert happened() == [("client.registered", "itself"), (name, "used")]
    with working(tools.events, "operator"):
        initial_access.revoke(storage, record.token_id, site.clock())
    assert happened() == [(name, "removed")]


def test_keys(site, happened):
    tools = site_of(site.wsgi.registry)
    rotation, name = tools.provider.keys.rotation, "key.changed"
    with working(tools.events, "operator"):
        for compromised, how in ((False, "retired"), (True, "compromised")):
            key = rotation.rotate("RS256")
            assert happened()[0] == (name, "created")
            site.clock.pass_by(MONTH)
            rotation.retire(key.kid, compromised=compromised)
            assert (name, how) in happened()


def test_logouts(site, alice, receiver, happened):
    app = relying_party(site, backchannel_logout_uri=receiver.uri)
    deliver = site_of(site.wsgi.registry).provider.backchannel.deliver
    app.tokens(alice, scope="openid")
    send(alice, "/logout")
    happened()
    deliver()
    assert happened() == [("logout.delivered",)]
    receiver.reply("500 Internal Server Error")
    alice.sign_in("alice")
    app.tokens(alice, scope="openid")
    send(alice, "/logout")
    deliver()
    site.clock.pass_by(MONTH)
    happened()
    deliver()
    assert happened() == [("logout.given_up",)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_published_in_some_test_of_what_happens(kind):
    """Here, or in a test beside this one."""
    said = re.compile(rf'"{re.escape(kind.name)}"|\b{kind.__name__}\b')
    folder = Path(__file__).parent
    assert any(said.search(test.read_text("utf-8")) for test in folder.rglob("test_*.py"))

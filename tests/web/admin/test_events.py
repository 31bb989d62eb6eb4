"""Everything that an admin does is an event that names the admin."""

from __future__ import annotations

from oauthprov.accounts.export import exported
from oauthprov.events import (
    MailNotSent,
    PasswordResetRequested,
    RequestRefused,
    Scope,
    SignInFailed,
    publish,
    trail,
)
from oauthprov.events.recorder import WAITING_LIMIT
from oauthprov.records import AuditEntry
from tests.web.admin.conftest import id_of, press
from tests.web.admin.test_registration_tokens import create
from tests.web.factors.conftest import Owner, answer


def noted(site, owner) -> list[tuple[str, str | None]]:
    """What the audit says that the owner did, and to which account."""
    entries = [stored.record for stored in site.storage.walk(AuditEntry)]
    return [(e.event, e.account_id) for e in entries if e.actor == owner.account_id]


def test_what_is_done_to_an_account_is_an_event(site, alice, owner):
    bob = Owner(site, "bob")
    app, there = site.app(), f"/admin/people/{bob.account_id}"
    app.tokens(bob.sign_in())
    assert noted(site, owner) == []
    expected = {
        "revoke": "grant.revoked",
        "withdraw": "consent.withdrawn",
        "end_session": "session.ended",
        "sign_out": "account.changed",
        "reset_factors": "factor.changed",
        "disable": "account.changed",
        "enable": "account.changed",
    }
    for action, event in expected.items():
        before = noted(site, owner)
        assert press(alice.get(there), action).status_int == 303
        after = noted(site, owner)
        for one in before:
            after.remove(one)
        assert (event, bob.account_id) in after, action
    page = alice.get(f"{there}/remove")
    page.form["name"] = "bob"
    page.form.submit()
    assert ("account.closed", bob.account_id) in noted(site, owner)


def test_what_is_done_to_clients_tokens_and_keys_is_an_event(site, alice, owner):
    client_id = site.app().client.client_id
    there = f"/admin/clients/{client_id}"
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    for action in ("verify", "first_party", "disable", "enable"):
        press(alice.get(there), action)
    page = alice.get(f"{there}/remove")
    page.form["name"] = "Printer"
    page.form.submit()
    create(alice)
    press(alice.get("/admin/registration-tokens"), "revoke")
    alice.get("/admin/keys").form.submit("alg", value="RS256")
    events = [event for event, _ in noted(site, owner)]
    assert sorted(events) == [
        *["client.changed"] * 4,
        "client.removed",
        "key.changed",
        *["registration_token.changed"] * 2,
    ]


def test_what_others_do_names_no_admin(site, alice, owner, bob):
    site.app().tokens(bob)
    assert noted(site, owner) == []


def test_people_learn_that_an_admin_acted_and_not_who_or_from_where(site, alice, bob, bob_id):
    """On their page, and in the download of their data."""
    alice.page.extra_environ["REMOTE_ADDR"] = "192.0.2.66"
    press(alice.get(f"/admin/people/{bob_id}"), "sign_out")
    alice.page.extra_environ["REMOTE_ADDR"] = "192.0.2.7"
    bob.sign_in("bob")
    page = bob.get("/account/events")
    assert "By an administrator." in page.text
    assert "192.0.2.66" not in page.text
    events = [*exported(site.storage, bob_id, site.clock())["events"]]
    [acted] = [one for one in events if one["actor"]]
    assert (acted["actor"], acted["address"]) == ("admin", "")
    assert id_of(site, "alice") not in str(events)


def test_what_admins_do_to_their_own_account_has_its_address(site, alice, owner):
    alice.page.extra_environ["REMOTE_ADDR"] = "192.0.2.66"
    press(alice.get(f"/admin/people/{owner.account_id}"), "sign_out")
    page = owner.sign_in().get("/account/events")
    assert "192.0.2.66" in page.text
    assert "By an administrator." not in page.text


KINDS_OF_A_FLOOD = (RequestRefused, SignInFailed, MailNotSent, PasswordResetRequested)


def test_no_flood_of_strangers_hides_what_admins_and_signed_in_people_do(site, alice, bob, owner):
    events = site.wsgi.registry["oauthprov"].events

    def explained(response) -> list[str]:
        events.recorder.join(60)
        found = trail.of_request(site.storage, response.headers["X-Request-Id"])
        return [entry.event for entry in found]

    with Scope(events, "flood"):
        for _ in range(WAITING_LIMIT):
            for kind in KINDS_OF_A_FLOOD:
                publish(kind())
    wrong = {"csrf_token": "wrong", "name": "nobody"}
    stranger = site.browser().page.post(site.url("/login"), wrong, expect_errors=True)
    assert stranger.status_int == 403
    assert explained(stranger) == []
    forged = alice.page.post(site.url("/admin/keys"), wrong, expect_errors=True)
    assert explained(forged) == ["request.refused"]
    assert ("request.refused", None) in noted(site, owner)
    assert explained(bob.get("/admin")) == ["request.refused"]
    form = bob.get("/account/password").form
    form["current"], form["password"] = "wrong", "wrong horse battery"
    assert explained(form.submit(expect_errors=True)) == ["sign_in.failed"]
    _, page = owner.password()
    assert explained(answer(page, "000000")) == ["sign_in.failed"]

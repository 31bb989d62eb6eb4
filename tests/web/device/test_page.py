"""The page of devices and the decision (RFC 8628 sections 3.3, 5.1, 5.4)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oauthprov.records import Account, AuditEntry, Consent, Grant, Interaction, UserCode
from tests.site import PASSWORD
from tests.web.device.devices import Device, asked, decide, television, typed

WRONG = "This code is wrong, has expired, or was used before."


def records(site, kind):
    return [stored.record for stored in site.storage.find(kind).items]


def test_an_allowed_device_gets_tokens_of_the_person(site, alice, device):
    assert device.hears() == "authorization_pending"
    end = decide(alice, device)
    assert "You can go back to your device." in end.text
    body = device.poll().json
    assert body["scope"] == "profile:read"
    assert records(site, Grant)[0].account_id == alice.account_id()


def test_a_denied_device_gets_none(site, alice, device):
    end = decide(alice, device, "cancel")
    assert "The device got no access" in end.text
    assert device.hears() == "access_denied"
    assert records(site, Grant) == []


def test_a_decision_uses_the_code_up_and_stores_nothing_else(site, alice, device):
    decide(alice, device)
    assert records(site, UserCode) == []
    assert records(site, Consent) == []
    assert WRONG in typed(alice, device.shows["user_code"]).text


@pytest.mark.parametrize("change", [str.lower, lambda code: code.replace("-", " "), " {} ".format])
def test_a_code_may_be_typed_as_people_do(site, alice, device, change):
    assert typed(alice, change(device.shows["user_code"])).status_int == 303


class TestTheQuestion:
    def test_says_who_asks_from_where_and_shows_the_code(self, site, alice, device):
        address = {"REMOTE_ADDR": "203.0.113.7"}
        form = {"client_id": device.app.client.client_id}
        shows = site.post("/oauth/device_authorization", form, extra_environ=address).json
        device = Device(device.app, shows)
        page = asked(alice, device)
        assert "Television" in page.html.h1.text
        text = page.html.main.text
        assert device.shows["user_code"] in text
        assert "See your name" in text
        assert "from the network address 203.0.113.7 on" in text
        assert "Allow this only if you started it yourself" in text

    def test_is_asked_again_though_the_client_was_allowed_before(self, site, alice):
        app = television(site)
        for _ in range(2):
            device = Device.begin(app)
            asked(alice, device)
            assert device.hears() == "authorization_pending"
            decide(alice, device)

    def test_is_asked_for_a_client_of_the_operator_too(self, site, alice):
        app = television(site)
        site.registrar.edit(app.client.client_id, first_party=True)
        device = Device.begin(app)
        asked(alice, device)
        assert device.hears() == "authorization_pending"

    def test_is_asked_after_a_link_with_the_code(self, site, alice, device):
        page = alice.get(device.shows["verification_uri_complete"])
        assert page.form["user_code"].value == device.shows["user_code"]
        assert records(site, Interaction) == []
        assert device.hears() == "authorization_pending"
        question = alice.follow(page.form.submit())
        assert "asks for access" in question.text
        assert device.poll().json["error"] in ("authorization_pending", "slow_down")

    def test_cannot_be_answered_by_a_get(self, site, alice, device):
        page = asked(alice, device)
        interaction = page.forms[0]["interaction"].value
        alice.get(f"/consent?interaction={interaction}&decision=allow")
        assert device.hears() == "authorization_pending"

    def test_cannot_be_answered_in_another_browser(self, site, alice, device):
        page = asked(alice, device)
        bob = site.browser().sign_up("bob")
        interaction = page.forms[0]["interaction"].value
        assert bob.get(f"/consent?interaction={interaction}").status_int == 400
        assert device.hears() == "authorization_pending"

    def test_is_over_when_the_code_has_expired(self, site, alice, device):
        page = asked(alice, device)
        site.clock.pass_by(600)
        answer = alice.decide(page)
        assert answer.status_int == 400
        assert "Start again on the device" in answer.text
        assert device.hears() == "expired_token"

    def test_is_over_when_the_client_is_disabled(self, site, alice, device):
        page = asked(alice, device)
        site.registrar.set_disabled(device.app.client.client_id, disabled=True)
        assert alice.decide(page).status_int == 400


class TestSigningIn:
    def test_comes_first_and_leads_back_with_the_code(self, site, device):
        browser = site.browser().sign_up("alice")
        stranger = site.browser()
        page = stranger.follow(stranger.get(device.shows["verification_uri_complete"]))
        assert "to connect a device" in page.html.main.text
        page.form["name"], page.form["password"] = "alice", PASSWORD
        back = stranger.follow(page.form.submit())
        assert back.form["user_code"].value == device.shows["user_code"]
        assert browser is not stranger

    def test_of_a_link_without_a_code_leads_to_the_empty_page(self, site):
        site.browser().sign_up("alice")
        stranger = site.browser()
        page = stranger.follow(stranger.get("/device?user_code=nonsense"))
        page.form["name"], page.form["password"] = "alice", PASSWORD
        assert stranger.follow(page.form.submit()).form["user_code"].value == ""

    def test_that_has_ended_meanwhile_keeps_the_typed_code(self, site, alice, device):
        form = alice.get("/device").form
        form["user_code"] = device.shows["user_code"]
        site.clock.pass_by(400 * 86_400)
        page = alice.follow(form.submit(expect_errors=True))
        assert page.form["user_code"].value == device.shows["user_code"]
        assert "password" in page.form.fields

    def test_with_another_account_gives_that_account_to_the_device(self, site, alice, device):
        site.browser().sign_up("bob")
        bob_id = next(one for one in records(site, Account) if one.name == "bob").account_id
        page = asked(alice, device)
        chooser = alice.get(page.html.find("p", class_="aside").a["href"])
        another = alice.get(chooser.html.find("a", string="Use another account")["href"])
        another.form["name"], another.form["password"] = "bob", PASSWORD
        question = alice.follow(another.form.submit())
        assert "to your account bob" in " ".join(question.html.main.text.split())
        alice.decide(question)
        device.poll()
        assert [grant.account_id for grant in records(site, Grant)] == [bob_id]

    def test_signing_out_of_the_phone_does_not_end_the_device(self, site, alice):
        device = Device.begin(television(site), scope="profile:read")
        decide(alice, device)
        tokens = device.poll().json
        alice.get("/logout").form.submit()
        assert device.app.refresh(tokens["refresh_token"]).status_int == 200


class TestGuessing:
    @pytest.mark.parametrize("code", ["BCDF-GHJK", "nonsense", "", "x" * 5000])
    def test_a_wrong_code_gets_one_sentence(self, alice, code):
        answer = typed(alice, code)
        assert answer.status_int == 400
        assert WRONG in answer.html.find(id="problem").text

    def test_expired_used_and_wrong_codes_get_the_same(self, site, alice, device):
        other = Device.begin(device.app)
        decide(alice, other)
        site.clock.pass_by(600)
        pages = [
            typed(alice, code) for code in (device.shows["user_code"], other.shows["user_code"])
        ]
        assert {page.html.find(id="problem").text.strip() for page in pages} == {
            typed(alice, "BCDF-GHJK").html.find(id="problem").text.strip()
        }

    def test_is_limited_by_account(self, made):
        site = made(**{"device.limit_account": "2 per hour"})
        alice = site.browser().enter("alice")
        device = Device.begin(television(site))
        for _ in range(2):
            assert typed(alice, "BCDF-GHJK").status_int == 400
        answer = typed(alice, device.shows["user_code"])
        assert answer.status_int == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert "Too many attempts" in answer.text
        bob = site.browser().sign_up("bob")
        assert typed(bob, device.shows["user_code"]).status_int == 303

    def test_is_limited_by_address(self, made):
        site = made(**{"device.limit_address": "2 per hour"})
        for name in ("alice", "bob"):
            assert typed(site.browser().sign_up(name), "BCDF-GHJK").status_int == 400
        carol = site.browser().sign_up("carol")
        assert typed(carol, "BCDF-GHJK").status_int == 429

    def test_is_noted_for_the_operator(self, site, alice):
        typed(alice, "BCDF-GHJK")
        site.wsgi.registry["oauthprov"].events.recorder.join(60)
        noted = [one for one in records(site, AuditEntry) if "user_code_wrong" in one.details]
        assert [one.account_id for one in noted] == [alice.account_id()]


class TestTwoPeople:
    """A code that was shared, or that two people have typed: one of them decides."""

    @pytest.mark.parametrize("decision", ["allow", "cancel"])
    def test_the_first_decision_counts_and_the_other_gets_the_sentence(
        self, site, alice, device, decision
    ):
        alice_id, bob = alice.account_id(), site.browser().sign_up("bob")
        hers, his = asked(alice, device), asked(bob, device)
        alice.decide(hers, decision)
        late = bob.decide(his)
        assert late.status_int == 400
        assert "expired or was used" in late.text
        if decision == "cancel":
            assert device.hears() == "access_denied"
        else:
            assert device.poll().status_int == 200
            app = device.app.client.client_id
            [grant] = records(site, Grant)
            assert (grant.client_id, grant.account_id) == (app, alice_id)

    def test_one_person_decides_once(self, site, alice, device):
        page = asked(alice, device)
        assert alice.decide(page).status_int == 303
        assert alice.decide(page, "cancel").status_int == 400
        assert device.poll().status_int == 200


def test_the_app_is_on_the_account_page_and_can_be_withdrawn(site, alice, device):
    decide(alice, device)
    tokens = device.poll().json
    page = alice.get("/account")
    assert "Television" in page.text
    alice.get(f"/account/apps/{device.app.client.client_id}/remove").form.submit()
    assert "Television" not in alice.get("/account").text
    refused = device.app.refresh(tokens["refresh_token"])
    assert refused.json["error"] == "invalid_grant"


def test_the_page_of_events_says_what_happened(site, alice, device):
    decide(alice, device)
    page = alice.get("/account/events")
    assert "An app was given access" in page.text
    other = Device.begin(device.app)
    decide(alice, other, "cancel")
    assert "An app was denied access" in alice.get("/account/events").text


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_whatever_is_typed_is_answered_with_the_sentence(alice, text):
    answer = typed(alice, text)
    assert answer.status_int == 400

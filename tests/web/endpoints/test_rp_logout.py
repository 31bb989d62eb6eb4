"""Logout requests of clients: OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.records import Client, Grant, Interaction, Session
from oauthprov.storage.interface import Replace
from tests.site import SCOPES, Browser
from tests.web.openid import openid_site, relying_party

AFTER = "https://app.example/bye?from=id"
MARK = {"state": "a b&c"}


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return relying_party(site, post_logout_redirect_uris=(AFTER,))


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


@pytest.fixture
def hint(alice, app):
    """An ID token of alice's session."""
    return app.tokens(alice, scope="openid")["id_token"]


def ask(browser: Browser, **query: str):
    return browser.get("/oauth/logout?" + urlencode(query))


def is_signed_in(browser: Browser) -> bool:
    return "login" not in browser.get("/account").headers.get("Location", "")


def confirmation(browser: Browser, **query: str):
    page = browser.follow(ask(browser, **query))
    assert page.status_int == 200
    assert "Sign out?" in page.text
    return page


def confirm(page):
    return page.forms[0].submit(expect_errors=True)


def assert_is_refused(response, browser, sentence):
    assert response.status_int == 400
    assert sentence in response.text
    assert "Location" not in response.headers
    assert is_signed_in(browser)


class TestWithAHint:
    """Section 2: with an ID token of this session nothing is asked."""

    def test_logout_with_a_hint_redirects_to_the_app_with_state(self, site, alice, hint):
        response = ask(alice, id_token_hint=hint, post_logout_redirect_uri=AFTER, **MARK)
        assert response.location == f"{AFTER}&state=a+b%26c"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert not is_signed_in(alice)
        assert list(site.storage.walk(Session)) == []

    def test_the_session_cookie_is_cleared(self, alice, hint):
        response = ask(alice, id_token_hint=hint)
        [cookie] = [c for c in response.headers.getall("Set-Cookie") if "oauthprov_sid" in c]
        assert "Max-Age=0" in cookie

    def test_without_a_redirect_uri_a_page_confirms_the_logout(self, alice, hint):
        response = ask(alice, id_token_hint=hint, state="x")
        assert "You are signed out" in response.text
        assert response.html.find(id="onward") is None

    def test_without_state_the_redirect_uri_is_unchanged(self, alice, hint):
        response = ask(alice, id_token_hint=hint, post_logout_redirect_uri=AFTER)
        assert response.location == AFTER

    def test_an_expired_hint_is_accepted(self, site, alice, hint):
        site.clock.pass_by(1200)
        response = ask(alice, id_token_hint=hint, post_logout_redirect_uri=AFTER)
        assert response.location == AFTER

    def test_a_matching_client_id_beside_the_hint_is_accepted(self, alice, app, hint):
        response = ask(alice, id_token_hint=hint, client_id=app.client.client_id)
        assert "You are signed out" in response.text

    def test_grants_of_the_session_are_revoked(self, site, alice, hint):
        ask(alice, id_token_hint=hint)
        [grant] = site.storage.walk(Grant)
        assert grant.revoked_at is not None

    def test_a_posted_logout_is_continued_by_get(self, site, alice, hint):
        """A POST from another site has no cookies: it comes back as a GET."""
        form = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, **MARK}
        parked = site.post("/oauth/logout", form)
        assert parked.status_int == 303
        assert "Set-Cookie" not in parked.headers
        assert is_signed_in(alice)
        assert alice.get(parked.location).location == f"{AFTER}&state=a+b%26c"
        assert not is_signed_in(alice)

    def test_a_posted_logout_belongs_to_the_first_browser(self, site, alice, hint):
        alice.get("/logout").forms[0].submit()
        alice.sign_in("alice")
        parked = site.post("/oauth/logout", {"id_token_hint": hint})
        assert "Sign out?" in alice.follow(alice.get(parked.location)).text
        other = site.browser().get(parked.location)
        assert other.status_int == 400


class TestWhatIsStored:
    """The endpoint takes posts from anybody."""

    def kept(self, site):
        every = (stored.record for stored in site.storage.walk(Interaction))
        return [record for record in every if record.purpose == "logout"]

    @pytest.mark.parametrize("browser", ["a stranger's", "alice's"])
    def test_a_request_that_names_no_client_stores_nothing(self, site, alice, browser):
        browser = alice if browser == "alice's" else site.browser()
        before = site.storage.writes
        for form in ({"x": "y"}, {"state": "x"}, {"ui_locales": "de", "logout_hint": "alice"}):
            came = site.post("/oauth/logout", form)
            assert (came.status_int, came.location) == (303, site.url("/oauth/logout"))
            assert browser.follow(browser.get(came.location)).status_int == 200
        assert site.storage.writes == before

    def test_a_request_with_a_client_id_alone_is_not_stored(self, site, alice, app):
        form = {"client_id": app.client.client_id, "post_logout_redirect_uri": AFTER, **MARK}
        before = site.storage.writes
        came = site.post("/oauth/logout", form | {"logout_hint": "alice@example.org"})
        assert site.storage.writes == before
        assert "alice" not in came.location
        page = alice.follow(alice.get(came.location))
        assert "Printer" in page.text
        assert confirm(page).location == f"{AFTER}&state=a+b%26c"

    def test_of_an_id_token_only_its_claims_are_stored(self, site, app, hint):
        form = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, "state": "x" * 1024}
        assert site.post("/oauth/logout", form).status_int == 303
        [kept] = self.kept(site)
        assert hint not in repr(kept)
        assert sum(len(name) + len(value) for name, value in kept.params) < 1500
        assert kept.expires_at == site.clock() + 120

    @pytest.mark.parametrize("state", ["x" * 1025, "x" * 30_000])
    def test_a_too_long_state_is_refused(self, site, alice, hint, state):
        form = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, "state": state}
        assert site.post("/oauth/logout", form).status_int == 400
        assert self.kept(site) == []
        assert is_signed_in(alice)

    def test_a_refused_request_stores_nothing(self, site, app, hint):
        for form in (
            {"client_id": "nobody"},
            {"post_logout_redirect_uri": AFTER},
            {"client_id": app.client.client_id, "post_logout_redirect_uri": f"{AFTER}&more=1"},
            {"id_token_hint": hint, "post_logout_redirect_uri": f"{AFTER}&more=1"},
            {"id_token_hint": hint, "client_id": "nobody"},
        ):
            assert site.post("/oauth/logout", form).status_int == 400
        assert self.kept(site) == []


class TestTheQuestion:
    @pytest.mark.parametrize("decided", [True, False])
    def test_logout_without_a_hint_asks_the_person(self, alice, app, decided):
        """Without a hint any site may have sent the person here."""
        query = {"client_id": app.client.client_id, "post_logout_redirect_uri": AFTER}
        page = confirmation(alice, **query, **MARK)
        assert "Printer" in page.text
        assert "alice" in page.text
        assert is_signed_in(alice)
        if decided:
            response = confirm(page)
            assert (response.status_int, response.location) == (303, f"{AFTER}&state=a+b%26c")
        assert is_signed_in(alice) != decided

    def test_logout_without_parameters_asks_the_person(self, alice):
        response = confirm(confirmation(alice))
        assert "You are signed out" in response.text
        assert not is_signed_in(alice)

    def test_an_interaction_stored_by_another_version_is_answered(self, site, alice, app):
        """Its parameters may have other names; only their values are lost."""
        page = confirmation(alice, client_id=app.client.client_id)
        stored = next(site.storage.walk(Interaction))
        older = replace(stored.record, params=(("redirect_uri", AFTER),))
        site.storage.commit(Replace(older, expecting=stored), now=site.clock())
        assert "You are signed out" in confirm(page).text
        assert not is_signed_in(alice)

    def test_a_logout_can_be_confirmed_once(self, alice):
        page = confirmation(alice)
        confirm(page)
        alice.sign_in("alice")
        assert confirm(page).status_int == 403
        assert is_signed_in(alice)

    def test_a_hint_of_an_earlier_session_asks_the_person(self, alice, hint):
        alice.get("/logout").forms[0].submit()
        alice.sign_in("alice")
        page = confirmation(alice, id_token_hint=hint, post_logout_redirect_uri=AFTER)
        assert confirm(page).location == AFTER

    def test_a_hint_of_another_person_asks_the_person_signed_in(self, site, alice, hint):
        """Section 6: it may be an attempt to sign another person out."""
        bob = site.browser().sign_up("bob")
        page = confirmation(bob, id_token_hint=hint)
        assert "bob" in page.text
        assert is_signed_in(bob)

    def test_another_browser_cannot_confirm(self, site, alice, app):
        page = confirmation(alice, client_id=app.client.client_id)
        bob = site.browser().sign_up("bob")
        interaction = page.forms[0]["interaction"].value
        assert bob.get(f"/oauth/logout/confirm?interaction={interaction}").status_int == 400

    def test_the_question_expires(self, site, alice, app):
        page = confirmation(alice, client_id=app.client.client_id)
        site.clock.pass_by(1800)
        assert confirm(page).status_int == 400
        assert is_signed_in(alice)

    def test_a_redirect_uri_removed_meanwhile_is_refused(self, site, alice, app):
        query = {"client_id": app.client.client_id, "post_logout_redirect_uri": AFTER}
        page = confirmation(alice, **query)
        site.registrar.edit(app.client.client_id, post_logout_redirect_uris=())
        assert confirm(page).status_int == 400
        assert is_signed_in(alice)

    def test_sub_and_sid_in_the_query_are_ignored(self, site, alice, app, hint):
        claims = jose.unverified_claims(hint)
        query = {name: claims[name] for name in ("sub", "sid")} | {"subject": claims["sub"]}
        confirmation(alice, client_id=app.client.client_id, **query)

    def test_an_authorization_interaction_is_refused_at_logout(self, site, alice, app):
        consent = alice.authorize(app)
        interaction = consent.forms[0]["interaction"].value
        assert alice.get(f"/oauth/logout?interaction={interaction}").status_int == 400

    def test_a_logout_interaction_is_refused_at_authorize(self, alice, app):
        page = confirmation(alice, client_id=app.client.client_id)
        interaction = page.forms[0]["interaction"].value
        assert alice.get(f"/oauth/authorize?interaction={interaction}").status_int == 400


class TestNobodySignedIn:
    def test_a_visitor_with_a_hint_is_redirected(self, site, hint):
        query = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER}
        assert ask(site.browser(), **query).location == AFTER

    def test_a_visitor_without_a_hint_gets_a_page_with_a_link(self, site, app):
        query = {"client_id": app.client.client_id, "post_logout_redirect_uri": AFTER}
        page = ask(site.browser(), **query)
        assert page.status_int == 200
        assert page.html.find(id="onward")["href"] == AFTER

    def test_repeated_logouts_write_nothing(self, site, alice, hint):
        """An app that asks again whenever people come back from signing out."""
        query = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER}
        ask(alice, **query)
        before = site.storage.writes
        assert [ask(alice, **query).location for _ in range(3)] == [AFTER] * 3
        assert site.storage.writes == before


class TestRefused:
    """Nobody is redirected, and nobody is signed out."""

    @pytest.mark.parametrize(
        "uri",
        [
            "https://app.example/bye",
            f"{AFTER}&more=1",
            "https://app.example.evil.example/bye?from=id",
            "https://app.example/callback",
            "//evil.example",
            "javascript:alert(1)",
        ],
    )
    def test_an_unregistered_redirect_uri_is_refused(self, alice, hint, uri):
        """Section 3: compared character by character."""
        response = ask(alice, id_token_hint=hint, post_logout_redirect_uri=uri)
        assert_is_refused(response, alice, "has not registered")

    def test_the_page_shows_the_uri_and_leads_back_to_the_app(self, site, alice, app):
        homepage = "https://printer.example/"
        site.registrar.edit(app.client.client_id, homepage_uri=homepage)
        uri = f"{AFTER}&more=<b>"
        query = {"client_id": app.client.client_id, "post_logout_redirect_uri": uri}
        page = ask(alice, **query)
        assert page.status_int == 400
        shown = [code.text for code in page.html.select("#error dd code")]
        assert uri.replace("<b>", "%3Cb%3E") in shown
        assert app.client.client_id in shown
        assert page.html.find("a", href=homepage)

    def test_a_redirect_uri_without_a_client_is_refused(self, alice, app):
        response = ask(alice, post_logout_redirect_uri=AFTER)
        assert_is_refused(response, alice, "needs an id_token_hint or a client_id")

    def test_an_unknown_client_is_refused(self, alice):
        response = ask(alice, client_id="nobody", post_logout_redirect_uri=AFTER)
        assert_is_refused(response, alice, "no such client")

    def test_a_hint_for_another_client_is_refused(self, site, alice, hint):
        other = relying_party(site, name="Other", post_logout_redirect_uris=(AFTER,))
        query = {"client_id": other.client.client_id, "post_logout_redirect_uri": AFTER}
        response = ask(alice, id_token_hint=hint, **query)
        assert_is_refused(response, alice, "issued to another client")

    def test_a_hint_with_a_changed_signature_is_refused(self, alice, hint):
        response = ask(alice, id_token_hint=hint[:-20] + "A" * 20)
        assert_is_refused(response, alice, "no ID token")

    @pytest.mark.parametrize("alg", ["none", "HS256"])
    def test_a_hint_with_another_algorithm_is_refused(self, alice, hint, alg):
        """RFC 8725 section 3.1."""
        _, payload, signature = hint.split(".")
        forged = base64.urlsafe_b64encode(json.dumps({"alg": alg}).encode()).decode().rstrip("=")
        response = ask(alice, id_token_hint=f"{forged}.{payload}.{signature}")
        assert_is_refused(response, alice, "no ID token")

    def test_an_access_token_is_no_hint(self, alice, app):
        token = app.tokens(alice, scope="openid")["access_token"]
        assert_is_refused(ask(alice, id_token_hint=token), alice, "no ID token")

    def test_a_repeated_parameter_is_refused(self, alice):
        response = alice.get("/oauth/logout?state=a&state=b")
        assert_is_refused(response, alice, "Duplicate state")

    @pytest.mark.parametrize("query", ["state=%ff", "state=%00", "a=" + "b" * 9000])
    def test_an_unreadable_or_too_long_query_is_refused(self, alice, query):
        response = alice.get(f"/oauth/logout?{query}")
        assert response.status_int == 400

    def test_an_invalid_posted_logout_is_refused(self, site):
        assert site.post("/oauth/logout", {"id_token_hint": "x"}).status_int == 400
        assert site.post("/oauth/logout?state=x", {}).status_int == 400
        assert list(site.storage.walk(Interaction)) == []


class TestForgery:
    """Logout CSRF: a link or form of another site ends no session."""

    def test_a_link_of_another_site_signs_nobody_out(self, alice, app):
        ask(alice, client_id=app.client.client_id)
        assert is_signed_in(alice)

    def test_a_form_of_another_site_signs_nobody_out(self, site, alice):
        form, origin = {"state": "x"}, {"Origin": "https://evil.example"}
        sent = alice.page.post(site.url("/oauth/logout"), form, headers=origin)
        assert sent.status_int == 303
        assert is_signed_in(alice)

    @pytest.mark.parametrize("asked_by", ["a client", "nobody"])
    def test_a_confirmation_without_its_csrf_token_is_refused(self, site, alice, app, asked_by):
        query = {"client_id": app.client.client_id} if asked_by == "a client" else {}
        page = confirmation(alice, **query)
        form = dict(page.forms[0].submit_fields())
        del form["csrf_token"]
        sent = alice.page.post(site.url("/oauth/logout/confirm"), form, expect_errors=True)
        assert sent.status_int == 403
        form["csrf_token"] = page.forms[0]["csrf_token"].value
        sent = alice.page.post(
            site.url("/oauth/logout/confirm"),
            form,
            headers={"Origin": "https://evil.example"},
            expect_errors=True,
        )
        assert sent.status_int == 403
        assert is_signed_in(alice)


class TestDiscovery:
    def test_logout_is_announced_in_metadata(self, site):
        said = site.get("/.well-known/openid-configuration").json
        assert said["end_session_endpoint"] == site.url("/oauth/logout")
        assert said["backchannel_logout_supported"] is True
        assert said["backchannel_logout_session_supported"] is True

    def test_without_openid_there_is_no_logout_endpoint(self):
        site = openid_site(scopes=SCOPES)
        assert site.get("/oauth/logout").status_int == 404
        said = site.get("/.well-known/oauth-authorization-server").json
        assert not [name for name in said if "logout" in name or "end_session" in name]
        site.close()


class TestOurOwnPages:
    """Our own pages end a session for its apps as well."""

    def test_the_sign_out_page_ends_the_grants_too(self, site, alice, hint):
        page = alice.get("/logout")
        assert "are notified" in page.text
        page.forms[0].submit()
        [grant] = site.storage.walk(Grant)
        assert grant.revoked_at is not None

    def test_ending_a_session_from_the_account_page_ends_its_grants(self, site, alice, hint):
        elsewhere = site.browser().sign_in("alice")
        page = elsewhere.get("/account")
        [form] = [f for f in page.forms.values() if f.action.endswith("/sessions/end")][:1]
        form.submit()
        assert not is_signed_in(alice)
        [grant] = site.storage.walk(Grant)
        assert grant.revoked_at is not None


class TestTheConsole:
    def test_a_developer_can_set_the_logout_uris(self, site, alice):
        form = alice.get("/clients/new/web").form
        form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
        form["post_logout_redirect_uris"] = f"{AFTER}\nhttps://app.example/2"
        form["backchannel_logout_uri"] = "https://app.example/logout"
        form["backchannel_logout_session_required"] = True
        page = alice.follow(form.submit())
        assert AFTER in page.html.text
        assert "https://app.example/logout" in page.text
        [stored] = site.storage.walk(Client)
        assert stored.record.post_logout_redirect_uris == (AFTER, "https://app.example/2")
        assert stored.record.backchannel_logout_session_required is True
        form = alice.get(f"/clients/{stored.record.client_id}/edit").form
        assert form["backchannel_logout_uri"].value == "https://app.example/logout"
        form["post_logout_redirect_uris"] = ""
        form.submit()
        [stored] = site.storage.walk(Client)
        assert stored.record.post_logout_redirect_uris == ()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("post_logout_redirect_uris", "http://app.example/"),
            ("post_logout_redirect_uris", "javascript:alert(1)"),
            ("post_logout_redirect_uris", f"{AFTER}#here"),
            ("backchannel_logout_uri", "http://app.example/logout"),
            ("backchannel_logout_uri", "https://user@app.example/logout"),
            ("backchannel_logout_uri", "https://app.example/logout#here"),
            ("backchannel_logout_uri", "javascript:alert(1)"),
        ],
    )
    def test_an_invalid_logout_uri_is_refused_at_its_field(self, site, alice, field, value):
        form = alice.get("/clients/new/web").form
        form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
        form[field] = value
        page = form.submit(expect_errors=True)
        assert page.status_int == 422
        assert page.html.find(id=field)["aria-invalid"] == "true"
        assert list(site.storage.walk(Client)) == []

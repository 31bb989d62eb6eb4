"""Prompts, ages and hints as a browser meets them: OpenID Connect Core section 3.1.2."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.site import PASSWORD, arrived
from tests.web.openid import openid_site, relying_party

STRONGER = '{"id_token": {"acr": {"essential": true, "value": "urn:other"}}}'


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site, alice):
    """An application that alice has let in."""
    made = relying_party(site)
    made.tokens(alice, scope="openid")
    return made


def ask(browser, app, **changes):
    return browser.authorize(app, scope="openid", **changes)


def fill(page, name="alice"):
    form = page.forms[0]
    form["name"], form["password"] = name, PASSWORD
    return form.submit(expect_errors=True)


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "5"}])
def test_prompt_login_asks_for_the_password_and_returns_a_code(site, alice, app, changes):
    site.clock.pass_by(6)
    page = ask(alice, app, **changes)
    assert page.request.path == "/login"
    assert "Printer" in page
    wrong = page.forms[0]
    wrong["name"], wrong["password"] = "alice", "wrong"
    page = wrong.submit(expect_errors=True)
    assert page.status_int == 401
    code = arrived(alice.follow(fill(page)))["code"]
    assert app.exchange(code).json["id_token"]


def test_signing_in_again_keeps_the_sid(site, alice, app):
    """Back-channel logout finds by ``sid`` the clients of before, too."""

    def sid(browser):
        token = app.tokens(browser, scope="openid")["id_token"]
        return claims_of(token)["sid"]

    first = sid(alice)
    alice.follow(fill(ask(alice, app, prompt="login")))
    assert sid(alice) == first
    alice.get("/logout").forms[0].submit()
    alice.sign_in("alice")
    assert sid(alice) != first
    assert sid(site.browser().sign_in("alice")) != first


def claims_of(id_token):
    payload = id_token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_an_answered_request_asks_for_no_further_sign_in(site, alice, app):
    page = ask(alice, app, prompt="login")
    here = page.request.url
    alice.follow(fill(page))
    # The request is answered: its sign-in page leads nowhere but home.
    assert alice.get(here).status_int == 302


def test_a_sign_in_elsewhere_in_the_browser_counts_as_well(site, alice, app):
    page = ask(alice, app, prompt="login")
    site.clock.pass_by(1)
    alice.get("/logout").forms[0].submit()
    alice.sign_in("alice")
    assert "code" in arrived(alice.follow(alice.get(page.request.url)))


class TestPageTexts:
    """Why somebody who is signed in is asked for their password, and as whom."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"prompt": "login"}, "signed in as alice. The app asks you to sign in again."),
            ({"max_age": "0"}, "signed in as alice. The app asks you to sign in again."),
            ({"max_age": "5"}, "alice, but the app asks for a more recent sign-in."),
        ],
    )
    def test_the_page_gives_the_reason_and_fills_in_the_account(
        self, site, alice, app, changes, why
    ):
        site.clock.pass_by(6)
        page = ask(alice, app, **changes)
        assert words(page.html.h1) == "Sign in again"
        assert why in words(page.html.find(id="why"))
        assert page.forms[0]["name"].value == "alice"
        assert focused(page) == ["password"]
        assert page.html.find(id="password")["aria-describedby"] == "why"
        assert "Create one" not in page.text

    def test_a_request_for_another_account_does_not_fill_in_its_name(self, site, alice, app):
        hint = app.tokens(alice, scope="openid")["id_token"]
        bob = site.browser().sign_up("bob")
        page = ask(bob, app, id_token_hint=hint)
        assert words(page.html.h1) == "Sign in"
        assert "bob, but the app asks for another account" in words(page.html.find(id="why"))
        assert "alice" not in page.text
        assert page.forms[0]["name"].value == ""
        assert focused(page) == ["name"]

    def test_a_wrong_password_leaves_the_reason_and_the_way_out(self, alice, app):
        form = ask(alice, app, prompt="login").forms[0]
        form["password"] = "wrong"
        page = form.submit(expect_errors=True)
        assert page.html.find(id="why")
        assert page.html.find(id="cancel")
        assert focused(page) == ["problem"]

    def test_a_visitor_gets_no_reason(self, site, app):
        page = ask(site.browser(), app, prompt="login", login_hint="alice")
        assert words(page.html.h1) == "Sign in"
        assert not page.html.find(id="why")
        assert not page.html.find(id="cancel")
        assert focused(page) == ["password"]

    def test_another_account_of_ones_own_is_not_filled_in(self, alice, app):
        page = ask(alice, app, prompt="login")
        other = alice.get(page.request.url + "&account=another")
        assert other.form["name"].value == ""
        assert focused(other) == ["name"]
        assert not other.html.find(id="why")

    @pytest.mark.parametrize(
        ("path", "purpose"),
        [
            ("/account", "to continue to your account"),
            ("/clients", "to continue to your clients"),
            ("/account/profile", "to continue to your profile"),
        ],
    )
    def test_the_page_names_the_page_it_leads_to(self, site, path, purpose):
        stranger = site.browser()
        page = stranger.follow(stranger.get(path))
        assert words(page.html.find(class_="lead")) == purpose


class TestCancel:
    """A person who won't sign in again goes back to the app."""

    @pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}])
    def test_cancel_returns_access_denied_to_the_app(self, site, alice, app, changes):
        told = arrived(cancel(ask(alice, app, **changes)))
        assert (told["error"], told["state"], told["iss"]) == ("access_denied", "xyz", site.issuer)

    def test_cancel_ends_the_request_and_keeps_the_session(self, site, alice, app):
        page = ask(alice, app, prompt="login")
        assert cancel(page).status_int == 303
        again = cancel(page)
        assert again.status_int == 400
        assert "Location" not in again.headers
        assert alice.get("/account").status_int == 200
        assert "code" in arrived(ask(alice, app))

    def test_a_sign_in_after_cancel_gives_no_code(self, alice, app):
        page = ask(alice, app, prompt="login")
        cancel(page)
        after = alice.follow(fill(page))
        assert after.status_int == 400

    def test_cancel_needs_its_csrf_token(self, site, alice, app):
        page = ask(alice, app, prompt="login")
        fields = dict(page.forms["leave"].submit_fields())
        del fields["csrf_token"]
        assert alice.page.post(site.url("/login"), fields, expect_errors=True).status_int == 403
        assert arrived(cancel(page))["error"] == "access_denied"

    def test_another_browser_cancels_nothing(self, site, alice, app):
        page = ask(alice, app, prompt="login")
        fields = dict(page.forms["leave"].submit_fields())
        bob = site.browser().sign_up("bob")
        fields["csrf_token"] = bob.get("/logout").form["csrf_token"].value
        sent = bob.page.post(site.url("/login"), fields, expect_errors=True)
        assert sent.status_int == 400
        assert arrived(cancel(page))["error"] == "access_denied"

    def test_cancel_uses_the_response_mode_of_the_request(self, app, alice):
        page = cancel(ask(alice, app, prompt="login", response_mode="form_post"))
        assert page.form.action == app.client.redirect_uris[0]
        assert dict(page.form.submit_fields())["error"] == "access_denied"

    def test_cancel_without_a_request_leads_home(self, site, alice):
        token = alice.get("/logout").form["csrf_token"].value
        fields = {"decision": "cancel", "csrf_token": token}
        sent = alice.page.post(site.url("/login"), fields)
        assert sent.status_int == 303
        assert sent.location == site.url("/")


def cancel(page):
    """What Cancel on a sign-in page leads to, whatever the status."""
    return page.forms["leave"].submit(expect_errors=True)


def words(element) -> str:
    return " ".join(element.text.split())


def focused(page) -> list[str]:
    """The ids of what the page gives the focus to."""
    return [element["id"] for element in page.html.select("[autofocus]")]


def test_prompt_none_returns_a_code_or_the_error_without_a_page(site, alice, app):
    assert "code" in arrived(ask(alice, app, prompt="none"))
    told = arrived(ask(site.browser(), app, prompt="none"))
    assert (told["error"], told["state"], told["iss"]) == ("login_required", "xyz", site.issuer)
    asked = arrived(alice.authorize(app, scope="openid email", prompt="none"))
    assert asked["error"] == "consent_required"


def test_a_login_hint_is_filled_in(site, app):
    page = ask(site.browser(), app, login_hint="alice")
    assert page.form["name"].value == "alice"
    page = ask(site.browser(), app, login_hint='"><script>')
    assert "<script>" not in page


def test_prompt_create_leads_to_sign_up_and_on_to_consent(site, alice, app):
    page = ask(alice, app, prompt="create")
    assert page.request.path == "/signup"
    consent = alice.follow(fill(page, "bob"))
    assert "bob" in consent
    assert "code" in arrived(alice.decide(consent))


def test_prompt_create_leads_to_sign_in_where_sign_up_is_off():
    site = openid_site(signup="off")
    app = relying_party(site)
    page = ask(site.browser(), app, prompt="create")
    assert page.request.path == "/login"
    site.close()


def test_an_id_token_hint_of_another_person_leads_to_sign_in(site, alice, app):
    hint = app.tokens(alice, scope="openid")["id_token"]
    bob = site.browser().sign_up("bob")
    page = ask(bob, app, id_token_hint=hint)
    assert page.request.path == "/login"
    assert "code" in arrived(bob.follow(fill(page, "alice")))
    carol = site.browser().sign_up("carol")
    page = ask(carol, app, id_token_hint=hint)
    site.clock.pass_by(1)
    assert arrived(carol.follow(fill(page, "carol")))["error"] == "login_required"


class TestResponseModes:
    """Multiple Response Type Encoding section 2.1, Form Post Response Mode."""

    def test_response_mode_fragment_uses_the_fragment(self, alice, app):
        response = ask(alice, app, response_mode="fragment")
        parts = urlsplit(response.location)
        assert parts.query == ""
        assert dict(parse_qsl(parts.fragment))["state"] == "xyz"

    def test_an_implicit_id_token_is_in_the_fragment(self):
        site = openid_site(**{"openid.implicit": "true"})
        alice, app = (
            site.browser().sign_up("alice"),
            relying_party(site, grant_types=("implicit",)),
        )
        asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n"}
        response = alice.decide(alice.authorize(app, **asked))
        parts = urlsplit(response.location)
        assert parts.query == ""
        came = dict(parse_qsl(parts.fragment))
        assert claims_of(came["id_token"])["sub"] == alice.account_id()
        assert app.userinfo(came["access_token"]).json == {"sub": alice.account_id()}
        site.close()

    @pytest.mark.parametrize("changes", [{}, {"prompt": "none", "max_age": "x"}])
    def test_response_mode_form_post_posts_codes_and_errors(self, alice, app, changes):
        response = ask(alice, app, response_mode="form_post", **changes)
        assert response.status_int == 200
        assert response.form.action == app.client.redirect_uris[0]
        assert response.form.method == "post"
        sent = dict(response.form.submit_fields())
        assert sent["state"] == "xyz"
        assert ("error" in sent) == bool(changes)
        assert response.headers["Cache-Control"] == "no-store"

"""Pairwise subjects, from registration to logout, over HTTP: OpenID Connect Core section 8."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from oauthprov.records import Account, Client, Session
from tests.site import CALLBACK, App, arrived
from tests.web.account.test_chooser import add
from tests.web.openid import openid_site

AFTER = "https://app.example/bye"
METADATA = {
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [AFTER],
    "client_name": "Printer",
    "subject_type": "pairwise",
}


@pytest.fixture
def site():
    made = openid_site(**{"openid.pairwise_secret": "0123456789abcdefghijklmnopqrstuv"})
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


@pytest.fixture
def app(site):
    """A client that registered itself."""
    body = json.dumps(METADATA).encode()
    response = site.send("POST", "/oauth/register", body=body, content_type="application/json")
    assert response.status_int == 201, response.text
    client = site.storage.get(Client, response.json["client_id"]).record
    return App(site, client, response.json["client_secret"])


def claims(site, token):
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def test_an_app_sees_one_subject_everywhere(site, app, alice):
    tokens = app.tokens(alice, scope="openid profile profile:read")
    sub = claims(site, tokens["id_token"])["sub"]
    assert app.userinfo(tokens["access_token"]).json["sub"] == sub
    assert app.me(tokens["access_token"]).json["sub"] == sub
    assert app.introspect(tokens["access_token"])["sub"] == sub
    everything = json.dumps([tokens, app.userinfo(tokens["access_token"]).json])
    assert alice.account_id() not in everything


def test_an_id_token_with_a_pairwise_subject_is_a_valid_hint(site, app, alice):
    """As a hint: no sign-in page, and no question at logout."""
    hint = app.tokens(alice, scope="openid")["id_token"]
    again = alice.authorize(app, scope="openid", prompt="none", id_token_hint=hint)
    assert "code" in arrived(again)
    query = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER}
    left = alice.get("/oauth/logout?" + urlencode(query))
    assert left.location == AFTER
    none = alice.authorize(app, scope="openid", prompt="none")
    assert arrived(none)["error"] == "login_required"


def test_a_pairwise_id_token_hint_costs_no_further_trip(site, app, alice):
    """The cost of any authorization: the client; session, account and consent; and the code."""
    hint = app.tokens(alice, scope="openid")["id_token"]
    site.clock.pass_by(6)
    site.get("/oauth/jwks")
    asked = {"scope": "openid", "prompt": "none", "id_token_hint": hint}
    assert site.storage.trips(lambda: alice.authorize(app, **asked)) == (2, 1)


class TestTwoAccounts:
    """bob is the active one in a browser where alice is signed in too."""

    @pytest.fixture
    def both(self, site, app, alice):
        alice.hint = app.tokens(alice, scope="openid")["id_token"]
        site.browser().sign_up("bob")
        return add(alice, "bob")

    def test_an_id_token_hint_selects_its_account(self, site, app, both):
        """Section 3.1.2.1."""
        asked = {"scope": "openid", "prompt": "none", "id_token_hint": both.hint}
        code = arrived(both.authorize(app, **asked))["code"]
        here = claims(site, app.exchange(code).json["id_token"])
        assert here["sub"] == claims(site, both.hint)["sub"]

    @pytest.mark.parametrize("member", ["id_token", "userinfo"])
    def test_a_requested_sub_selects_its_account(self, site, app, both, member):
        """Section 5.5.1."""
        sub = claims(site, both.hint)["sub"]
        asked = json.dumps({member: {"sub": {"value": sub}}})
        came = arrived(both.authorize(app, scope="openid", prompt="none", claims=asked))
        assert claims(site, app.exchange(came["code"]).json["id_token"])["sub"] == sub

    def test_a_logout_with_a_hint_leaves_the_other_account(self, site, app, both):
        """RP-Initiated Logout section 2."""
        both.get("/oauth/logout?" + urlencode({"id_token_hint": both.hint}))
        sessions = site.storage.walk(Session)
        [bob] = [a for a in site.storage.walk(Account) if a.record.name == "bob"]
        assert {one.record.account_id for one in sessions} == {bob.record.account_id}

"""The scope and claim ``groups``: the operator sets them, and tokens follow."""

from __future__ import annotations

import pytest

from tests.site import OPENID, OPENID_SCOPES
from tests.web.account.test_signing_in_again import claims_of
from tests.web.openid import openid_site, relying_party

GROUPS = f"{OPENID}\ngroups | See the groups that you belong to"


@pytest.fixture
def site():
    made = openid_site(scopes=GROUPS)
    yield made
    made.close()


def put(site, browser, group, member=True):
    site.wsgi.registry["oauthprov"].people.set_group(browser.account_id(), group, member)


def app_of(site, **metadata):
    return relying_party(site, scopes=("groups", *OPENID_SCOPES), **metadata)


def test_userinfo_follows_the_groups_of_the_account(site, alice):
    app = app_of(site)
    token = app.tokens(alice, scope="openid groups")["access_token"]
    assert app.userinfo(token).json["groups"] == []
    put(site, alice, "staff")
    put(site, alice, "admins")
    assert app.userinfo(token).json["groups"] == ["admins", "staff"]
    put(site, alice, "admins", member=False)
    assert app.userinfo(token).json["groups"] == ["staff"]


def test_the_id_token_has_them_only_for_a_client_that_reads_claims_there(site, alice):
    put(site, alice, "staff")
    plain = app_of(site).tokens(alice, scope="openid groups")
    assert "groups" not in claims_of(plain["id_token"])
    app = app_of(site, id_token_claims=True)
    tokens = app.tokens(alice, scope="openid groups offline_access", prompt="consent")
    assert claims_of(tokens["id_token"])["groups"] == ["staff"]
    put(site, alice, "staff", member=False)
    assert claims_of(app.refresh(tokens["refresh_token"]).json["id_token"])["groups"] == []


API = "https://api.example/v1"
WITH_JWTS = {
    "scopes": f"{GROUPS}\nphotos | See your photos",
    "resources": f"{API} | photos | API | jwt",
}


@pytest.fixture
def issuing_jwts():
    made = openid_site(**WITH_JWTS)
    yield made
    made.close()


def jwts_of(site, browser, scope):
    app = relying_party(site, scopes=("photos", "groups", *OPENID_SCOPES))
    asked = {"scope": scope, "resource": API, "prompt": "consent"}
    return app, app.tokens(browser, **asked)


def test_9068_2_2_3_1_a_jwt_access_token_with_the_scope_has_them(issuing_jwts):
    browser = issuing_jwts.browser().sign_up("alice")
    put(issuing_jwts, browser, "staff")
    app, tokens = jwts_of(issuing_jwts, browser, "openid offline_access photos groups")
    assert claims_of(tokens["access_token"])["groups"] == ["staff"]
    put(issuing_jwts, browser, "staff", member=False)
    refreshed = app.refresh(tokens["refresh_token"]).json
    assert claims_of(refreshed["access_token"])["groups"] == []


def test_a_jwt_access_token_without_the_scope_has_no_claim_of_the_account(issuing_jwts):
    browser = issuing_jwts.browser().sign_up("alice")
    put(issuing_jwts, browser, "staff")
    _, tokens = jwts_of(issuing_jwts, browser, "openid profile email photos")
    assert set(claims_of(tokens["access_token"])) == {
        *("iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope"),
        *("auth_time", "acr", "amr"),
    }


@pytest.mark.parametrize(("scope", "reads"), [("photos", 2), ("photos groups", 3)])
def test_only_the_scope_costs_a_read_of_the_account(issuing_jwts, scope, reads):
    browser = issuing_jwts.browser().sign_up("alice")
    app, tokens = jwts_of(issuing_jwts, browser, f"openid offline_access {scope}")
    trips = issuing_jwts.storage.trips(lambda: app.refresh(tokens["refresh_token"]))
    assert trips == (reads, 1)


def test_only_a_client_that_was_granted_the_scope_gets_them(site, alice):
    put(site, alice, "staff")
    app = app_of(site)
    said = app.userinfo(app.tokens(alice, scope="openid profile")["access_token"]).json
    assert "groups" not in said


def test_the_consent_page_says_it_in_the_words_of_the_operator(site, alice):
    page = alice.authorize(app_of(site), scope="openid groups")
    assert "See the groups that you belong to" in page.text


@pytest.mark.parametrize("declared", [True, False])
def test_the_metadata_names_scope_and_claim_where_the_scope_is_declared(declared):
    site = openid_site(scopes=GROUPS if declared else OPENID)
    document = site.get("/.well-known/openid-configuration").json
    assert ("groups" in document["scopes_supported"]) == declared
    assert ("groups" in document["claims_supported"]) == declared
    site.close()

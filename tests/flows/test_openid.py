"""Signing people in, on every storage, stand-alone and in a host with people of its own."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from examples.embedded import album
from oauthprov.protocol.keys import jose
from tests.site import OPENID, OPENID_SCOPES, ORIGIN, PASSWORD, arrived


@pytest.fixture
def more():
    return {
        "scopes": OPENID,
        "openid.implicit": "true",
        "openid.pairwise_secret": "what-no-other-server-knows-0123456789",
    }


@pytest.fixture
def app(site):
    return site.app(scopes=("profile:read", *OPENID_SCOPES))


def said(site, id_token):
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    return jwt.decode(id_token, keys, algorithms=["RS256"]).claims


def test_code_and_refresh_give_id_tokens(site, alice, app):
    asked = {"scope": "openid profile", "nonce": "n", "claims": '{"id_token": {"name": null}}'}
    tokens = app.tokens(alice, **asked)
    first = said(site, tokens["id_token"])
    assert (first["iss"], first["aud"]) == (site.issuer, app.client.client_id)
    assert (first["nonce"], first["name"]) == ("n", "alice")
    userinfo = app.userinfo(tokens["access_token"]).json
    assert (userinfo["sub"], userinfo["name"]) == (first["sub"], "alice")
    second = said(site, app.refresh(tokens["refresh_token"]).json["id_token"])
    same = ("sub", "auth_time", "amr", "name")
    assert [second[name] for name in same] == [first[name] for name in same]


def test_a_private_key_jwt_client_uses_every_endpoint_with_fresh_assertions(site, alice):
    app = site.signer(scopes=("profile:read", "openid"))
    tokens = app.exchange(alice.connect(app, scope="openid")["code"]).json
    assert said(site, tokens["id_token"])["aud"] == app.client.client_id
    renewed = app.refresh(tokens["refresh_token"]).json
    used = app.proof(f"{site.issuer}/oauth/token")
    assert app.introspect(renewed["access_token"], **used)["active"] is True
    assert app.introspect(renewed["access_token"], **used)["error"] == "invalid_client"
    assert app.revoke(renewed["refresh_token"]).status_int == 200
    assert app.introspect(renewed["access_token"]) == {"active": False}


def test_a_form_post_response_carries_code_state_and_iss(site, alice, app):
    alice.connect(app, scope="openid")
    page = alice.authorize(app, scope="openid", response_mode="form_post")
    assert page.form.action == app.client.redirect_uris[0]
    sent = dict(page.form.submit_fields())
    assert (sent["state"], sent["iss"]) == ("xyz", site.issuer)
    assert "id_token" in app.exchange(sent["code"]).json


def test_the_implicit_flow_gives_tokens_without_a_code(site, alice):
    app = site.app(grant_types=("implicit",), scopes=("openid",))
    asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n"}
    page = alice.authorize(app, code_challenge=None, code_challenge_method=None, **asked)
    answer = dict(parse_qsl(urlsplit(alice.decide(page).location).fragment))
    sub = app.userinfo(answer["access_token"]).json["sub"]
    claims = said(site, answer["id_token"])
    assert (claims["sub"], claims["nonce"]) == (sub, "n")


def test_a_signed_request_object_overrides_the_query(site, alice):
    app = site.signer(scopes=("profile:read", "openid"))
    client_id = app.client.client_id
    inside = {"iss": client_id, "aud": site.issuer, "client_id": client_id, "nonce": "inside"}
    request = jose.sign(inside, app.key, typ="oauth-authz-req+jwt")
    tokens = app.tokens(alice, scope="openid", nonce="outside", request=request)
    assert said(site, tokens["id_token"])["nonce"] == "inside"


def test_each_sector_knows_alice_by_another_subject(site, alice):
    subjects = set()
    for host in ("one.example", "two.example"):
        uris = (f"https://{host}/callback",)
        options = {"subject_type": "pairwise", "userinfo_signed_response_alg": "RS256"}
        app = site.app(scopes=("profile:read", "openid"), redirect_uris=uris, **options)
        tokens = app.tokens(alice, scope="openid")
        sub = said(site, tokens["id_token"])["sub"]
        assert said(site, app.userinfo(tokens["access_token"]).text)["sub"] == sub
        assert app.introspect(tokens["access_token"])["sub"] == sub
        subjects.add(sub)
    assert len(subjects) == 2


def test_prompt_none_without_a_session_is_login_required(site, app):
    response = site.browser().authorize(app, scope="openid", prompt="none")
    assert arrived(response)["error"] == "login_required"


class TestStandalone:
    """With the built-in accounts."""

    @pytest.fixture(params=["standalone-sqlite", "standalone-redis"])
    def way(self, request):
        return request.param

    def test_prompt_login_renews_auth_time(self, site, alice, app):
        app.tokens(alice, scope="openid")
        site.clock.pass_by(60)
        page = alice.authorize(app, scope="openid", prompt="login")
        page.forms[0]["name"], page.forms[0]["password"] = "alice", PASSWORD
        code = arrived(alice.follow(page.forms[0].submit()))["code"]
        auth_time = said(site, app.exchange(code).json["id_token"])["auth_time"]
        assert auth_time == site.clock.now


class TestEmbedded:
    """In a host with people of its own."""

    @pytest.fixture(params=["embedded-sqlite"])
    def way(self, request):
        return request.param

    def test_prompt_login_leads_to_the_host_s_sign_in_page(self, alice, app):
        sent = alice.get(app.authorization_url(scope="openid", prompt="login"))
        assert sent.location.startswith(f"{ORIGIN}/login?next=")

    def test_a_host_that_cannot_reauthenticate_gives_login_required(self, alice, app, monkeypatch):
        monkeypatch.delattr(album.People, "reauthentication_url")
        told = arrived(alice.get(app.authorization_url(scope="openid", prompt="login")))
        assert (told["error"], told["state"]) == ("login_required", "xyz")

"""Signed introspection responses over HTTP (RFC 9701)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet

from oauthprov.protocol.token.signed_introspection import MEDIA_TYPE
from tests.oauth import basic
from tests.web.endpoints.test_token import assert_error

SIGNED = {"Accept": MEDIA_TYPE}


def verified(site, response):
    """The header and claims of a signed response."""
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    return jwt.decode(response.text, keys, algorithms=["RS256"])


def introspect(app, token, accept):
    return app.post("/oauth/introspect", {"token": token}, headers={"Accept": accept})


def test_section_4_the_accept_header_asks_for_a_signed_response(site, alice):
    app = site.app()
    token = app.tokens(alice)["access_token"]
    response = introspect(app, token, MEDIA_TYPE)
    assert response.status_int == 200
    assert response.headers["Content-Type"] == MEDIA_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    made = verified(site, response)
    assert made.header["typ"] == "token-introspection+jwt"
    assert made.claims["token_introspection"] == app.introspect(token)
    assert made.claims["aud"] == app.client.client_id


def test_section_5_the_response_for_a_dead_token_is_signed_too(site):
    response = introspect(site.app(), "opa_unknown.token", MEDIA_TYPE)
    assert response.headers["Content-Type"] == MEDIA_TYPE
    assert verified(site, response).claims["token_introspection"] == {"active": False}


def test_section_5_a_caller_without_credentials_gets_status_400(site):
    response = site.post("/oauth/introspect", {"token": "x"}, headers=SIGNED)
    assert_error(response, 400, "invalid_client")
    assert response.headers["Content-Type"] == "application/json"


def test_wrong_credentials_get_status_401(site):
    wrong = basic(site.app().client.client_id, "wrong")
    response = site.post("/oauth/introspect", {"token": "x"}, headers=SIGNED | wrong)
    assert_error(response, 401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", f"{MEDIA_TYPE}, */*", f"{MEDIA_TYPE};q=0", "text/html"]
)
def test_all_other_clients_get_json(site, accept):
    response = introspect(site.app(), "x", accept)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {"active": False}


PIECES = st.sampled_from([MEDIA_TYPE, "application/json", "*/*", ";q=", "0.1", "1", ",", '"'])
CHARACTERS = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=4)


@pytest.fixture
def app(site):
    return site.app()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(accept=st.lists(st.one_of(PIECES, CHARACTERS)).map("".join))
def test_no_accept_header_gets_an_error(site, app, accept):
    """There is no status 406 here, and no 500."""
    response = site.send(
        "POST",
        "/oauth/introspect",
        body=b"token=x",
        content_type="application/x-www-form-urlencoded",
        accept=accept,
        **basic(app.client.client_id, app.secret),
    )
    assert response.status_int == 200
    assert response.headers["Content-Type"] in (MEDIA_TYPE, "application/json")

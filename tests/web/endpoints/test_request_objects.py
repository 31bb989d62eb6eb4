"""Signed authorization requests as a browser carries them: RFC 9101, OpenID Connect Core 6.

The object is made with another library than the server's own gate.
"""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from oauthprov.protocol.request import params
from tests.site import CALLBACK, VERIFIER, arrived, challenge
from tests.web.openid import openid_site, relying_party

KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
OUTSIDE = {
    "scope": "openid",
    "redirect_uri": None,
    "state": None,
    "code_challenge": None,
    "code_challenge_method": None,
}


@pytest.fixture
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture
def app(site):
    return relying_party(site, jwks=KEYS)


def signed(app, **changes):
    claims = {
        "iss": app.client.client_id,
        "aud": app.site.issuer,
        "response_type": "code",
        "client_id": app.client.client_id,
        "scope": "openid profile:read",
        "redirect_uri": CALLBACK,
        "state": "inside",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims | changes, KEY)


def test_a_signed_request_returns_a_code(app, alice):
    told = alice.connect(app, **OUTSIDE, request=signed(app))
    assert told["state"] == "inside"
    assert app.exchange(told["code"]).json["id_token"]


def test_a_signed_request_survives_a_sign_in(site, app, alice):
    browser = site.browser()
    page = browser.authorize(app, **OUTSIDE, request=signed(app))
    assert "request=" not in page.request.url
    form = page.form
    form["name"], form["password"] = "alice", "correct horse battery"
    consent = browser.follow(form.submit())
    assert arrived(browser.decide(consent))["state"] == "inside"


def test_a_query_with_a_request_object_may_be_longer(app, alice):
    url = app.authorization_url(**OUTSIDE, request=signed(app, padding="x" * 7000))
    assert len(url) > params.QUERY_LIMIT
    consent = alice.follow(alice.get(url))
    assert arrived(alice.decide(consent))["state"] == "inside"
    refused = alice.get(app.authorization_url(state="x" * params.QUERY_LIMIT))
    assert (refused.status_int, "too long" in refused.text) == (400, True)


def test_the_redirect_uri_of_an_unsigned_object_is_not_used(app, alice):
    header, payload, _ = signed(app).split(".")
    refused = alice.get(app.authorization_url(**OUTSIDE, request=f"{header}.{payload}.AAAA"))
    assert refused.status_int == 400
    assert "invalid_request_object" in refused.text

"""Responses that are JWTs, on every storage and in a host's app: JARM and RFC 9701."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from oauthprov.protocol.token.signed_introspection import MEDIA_TYPE


def claims(site, token):
    """The claims of a token, verified by the keys that the site publishes."""
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def test_a_client_gets_its_code_and_the_state_of_its_token_in_jwts(site, alice):
    app = site.app()
    page = alice.authorize(app, response_mode="jwt")
    query = dict(parse_qsl(urlsplit(alice.decide(page).location).query))
    assert query.keys() == {"response"}
    response = claims(site, query["response"])
    assert (response["aud"], response["state"]) == (app.client.client_id, "xyz")
    token = app.exchange(response["code"]).json["access_token"]
    answer = app.post("/oauth/introspect", {"token": token}, headers={"Accept": MEDIA_TYPE})
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    said = claims(site, answer.text)
    assert said["token_introspection"] == app.introspect(token)
    assert said["aud"] == app.client.client_id

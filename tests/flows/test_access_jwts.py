"""JWT access tokens, however the server runs."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.site import PHOTOS


@pytest.fixture
def more():
    return {"resources": f"{PHOTOS} | photos:read photos:write | Your photos | jwt"}


def test_a_jwt_is_verified_by_the_published_keys_and_revoked_at_once(site):
    app, browser = site.app(), site.browser().enter("alice")
    answer = app.tokens(browser, scope="photos:read", resource=PHOTOS)
    document = site.get("/.well-known/oauth-authorization-server").json
    keys = KeySet.import_key_set(site.get(document["jwks_uri"]).json)
    made = jwt.decode(answer["access_token"], keys, algorithms=["RS256"])
    assert made.header["typ"] == "at+jwt"
    assert (made.claims["iss"], made.claims["aud"]) == (site.issuer, PHOTOS)
    assert app.introspect(answer["access_token"])["sub"] == made.claims["sub"]

    renewed = app.refresh(answer["refresh_token"]).json
    assert app.revoke(answer["access_token"]).status_int == 200
    assert app.introspect(answer["access_token"]) == {"active": False}
    assert app.introspect(renewed["access_token"])["active"] is True
    assert app.revoke(renewed["refresh_token"]).status_int == 200
    assert app.introspect(renewed["access_token"]) == {"active": False}


def test_a_machine_gets_a_jwt_without_a_write(site):
    machine = site.app("machine")
    form = {"grant_type": "client_credentials", "scope": "photos:read", "resource": PHOTOS}
    machine.post("token", form)  # the keys are made
    before = site.storage.writes
    token = machine.post("token", form).json["access_token"]
    assert site.storage.writes == before
    assert machine.introspect(token)["active"] is True
    for _ in range(2):
        assert machine.revoke(token).status_int == 200
    assert machine.introspect(token) == {"active": False}

"""The example in Flask that verifies JWTs, with the real provider and with an issuer that lies."""

from __future__ import annotations

import time

import pytest

from examples.flask_jwt_api import app as example
from oauthprov.protocol.keys.jwk import PrivateKey
from tests.resource_server.issuer import KEY, PHOTOS, keys_of
from tests.site import bearing


@pytest.fixture
def get(monkeypatch):
    """Makes a function that asks the API of an issuer for photos."""

    def made(issuer):
        validator = example.Validator(issuer, PHOTOS)
        monkeypatch.setitem(example.require_token._token_validators, "bearer", validator)

        def ask(token=None):
            headers = bearing(token) if token else {}
            response = example.app.test_client().get("/photos", headers=headers)
            return response.status_code

        return ask

    return made


@pytest.fixture
def now():
    """The real time: Authlib takes no other clock. The tokens live for minutes."""
    return int(time.time())


def test_tokens_for_this_api_with_the_scope_get_in(jwt_provider, get, now):
    jwt_provider.clock.now = now
    app, alice = jwt_provider.app(), jwt_provider.browser().sign_up("alice")
    ask = get(jwt_provider.issuer)
    tokens = app.tokens(alice, scope="photos:read", resource=PHOTOS)
    assert ask(tokens["access_token"]) == 200
    assert ask() == 401
    assert ask(app.tokens(alice, scope="photos:read")["access_token"]) == 401
    few = app.tokens(alice, scope="photos:write", resource=PHOTOS)
    assert ask(few["access_token"]) == 403


@pytest.mark.parametrize(
    "lie",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"iss": "https://evil.example"},
        {"aud": "https://notes.example/"},
        {"exp": 1_600_000_000},
        {"sub": None},
        {"cnf": {"jkt": "a" * 43}},
        {"cnf": {"x5t#S256": "a" * 43}},
        {"cnf": {}},
    ],
)
def test_a_lie_lets_nobody_in(issuer, get, now, lie):
    ask = get(issuer.url)
    assert ask(issuer.sign(now)) == 200
    assert ask(issuer.sign(now, **lie)) == 401
    issuer.key = PrivateKey(KEY.kid, "ES256", PrivateKey.generate("ES256").key)
    assert ask(issuer.sign(now)) == 401


def test_without_the_keys_nobody_gets_in(issuer, get, now):
    ask = get(issuer.url)
    for reply in ((500, {}, b""), (200, {}, b"<html>"), (404, {}, b"{}")):
        issuer.key_set = reply
        assert ask(issuer.sign(now)) == 503
    issuer.key_set = keys_of(KEY)
    assert ask(issuer.sign(now)) == 200
    assert get("http://127.0.0.1:1")(issuer.sign(now)) == 503

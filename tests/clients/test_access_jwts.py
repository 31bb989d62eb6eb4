"""Resource servers that verify JWT access tokens with libraries of their own, over real HTTP."""

from __future__ import annotations

import json
import subprocess
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.oauth2.rfc6750.errors import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from tests.clients import javascript
from tests.site import PHOTOS

NOTES = "https://notes.example/"


@pytest.fixture(scope="module")
def more():
    lines = (
        f"{PHOTOS} | photos:read photos:write | Your photos | jwt",
        f"{NOTES} | profile:read | Your notes | jwt ES256",
    )
    return {"resources": "\n".join(lines), "keys.algorithms": "RS256 ES256"}


@pytest.fixture(scope="module")
def tokens(server, alice):
    """Alice's and a machine's access tokens, and an opaque one."""
    server.clock.now = int(time.time())
    app, machine = server.app(), server.app("machine")

    def for_alice(scope, resource):
        url = app.authorization_url(scope=scope, resource=resource)
        sent = dict(parse_qsl(urlsplit(alice.allow(url)).query))
        answer = app.exchange(sent["code"])
        assert answer.status_int == 200, answer.text
        return answer.json["access_token"]

    form = {"grant_type": "client_credentials", "scope": "photos:read"}
    return {
        "alice": for_alice("photos:read", PHOTOS),
        "alice's notes": for_alice("profile:read", NOTES),
        "machine": machine.post("token", form | {"resource": PHOTOS}).json["access_token"],
        "opaque": machine.post("token", form).json["access_token"],
    }


class Validator(JWTBearerTokenValidator):
    """As Authlib's documentation has it."""

    def get_jwks(self):
        url = f"{self.issuer}/.well-known/oauth-authorization-server"
        metadata = requests.get(url, timeout=60).json()
        return KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=60).json())


def by_authlib(issuer, audience, token, scope):
    validator = Validator(issuer=issuer, resource_server=audience)
    known = validator.authenticate_token(token)
    validator.validate_token(known, [scope], None)
    return dict(known)


def test_authlib_takes_the_tokens_of_people_and_machines(server, tokens):
    for name, audience, scope in (
        ("alice", PHOTOS, "photos:read"),
        ("alice's notes", NOTES, "profile:read"),
        ("machine", PHOTOS, "photos:read"),
    ):
        claims = by_authlib(server.issuer, audience, tokens[name], scope)
        assert claims["scope"] == scope
        assert (claims["sub"] == claims["client_id"]) is (name == "machine")


def test_authlib_refuses_another_audience_issuer_scope_and_an_opaque_token(server, tokens):
    with pytest.raises(InvalidTokenError):
        by_authlib(server.issuer, NOTES, tokens["alice"], "photos:read")
    with pytest.raises(InsufficientScopeError):
        by_authlib(server.issuer, PHOTOS, tokens["alice"], "photos:write")
    for token in (tokens["opaque"], tokens["alice"][:-4] + "AAAA"):
        with pytest.raises(InvalidTokenError):
            by_authlib(server.issuer, PHOTOS, token, "photos:read")


@pytest.fixture(scope="module")
def by_oauth4webapi(server):
    node = javascript.node()

    def verify(audience, token):
        command = [node, "access_jwt.js", server.issuer, audience, token]
        done = subprocess.run(  # noqa: S603
            command, cwd=javascript.HOME, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return verify


def test_oauth4webapi_takes_the_tokens_of_people_and_machines(server, tokens, by_oauth4webapi):
    for name, audience in (("alice", PHOTOS), ("alice's notes", NOTES), ("machine", PHOTOS)):
        claims = by_oauth4webapi(audience, tokens[name])["claims"]
        assert (claims["iss"], claims["aud"]) == (server.issuer, audience)


def test_oauth4webapi_refuses_another_audience_and_an_opaque_token(tokens, by_oauth4webapi):
    for audience, token in ((NOTES, tokens["alice"]), (PHOTOS, tokens["opaque"])):
        assert by_oauth4webapi(audience, token)["refused"]

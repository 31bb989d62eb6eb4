"""Authlib as a relying party: discovery, key set and ID token validation over real HTTP."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.site import CALLBACK, OPENID, OPENID_SCOPES

SCOPE = "openid profile email"


@pytest.fixture(scope="module")
def more():
    return {"scopes": OPENID}


@pytest.fixture(scope="module")
def discovered(server):
    url = f"{server.issuer}/.well-known/openid-configuration"
    return requests.get(url, timeout=5).json()


def validated(id_token, client, discovered, server, **params):
    """Validate as Authlib's clients do, with the keys that discovery leads to."""
    keys = KeySet.import_key_set(requests.get(discovered["jwks_uri"], timeout=5).json())
    algorithms = discovered["id_token_signing_alg_values_supported"]
    token = jwt.decode(id_token, keys, algorithms=algorithms)
    options = {
        "iss": {"essential": True, "value": discovered["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
    }
    known = {"client_id": client.client_id} | params
    claims = CodeIDToken(token.claims, token.header, options, known)
    claims.validate(now=server.clock())
    return claims


@pytest.mark.parametrize(("kind", "mode"), [("web", None), ("browser", "fragment")])
def test_signing_in(server, discovered, alice, kind, mode):
    app = server.app(kind, scopes=OPENID_SCOPES)
    options = {
        "scope": SCOPE,
        "redirect_uri": CALLBACK,
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": app.client.auth_method,
    }
    with closing(OAuth2Session(app.client.client_id, app.secret, **options)) as client:
        verifier, nonce = generate_token(64), generate_token(20)
        asked = {"response_mode": mode} if mode else {}
        url, state = client.create_authorization_url(
            discovered["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **asked
        )
        came = urlsplit(alice.allow(url))
        answer = dict(parse_qsl(came.fragment if mode else came.query))
        assert (answer["state"], answer["iss"]) == (state, discovered["issuer"])
        tokens = client.fetch_token(
            discovered["token_endpoint"], code=answer["code"], code_verifier=verifier
        )
        params = {"nonce": nonce, "access_token": tokens["access_token"], "max_age": 3600}
        claims = validated(tokens["id_token"], app.client, discovered, server, **params)
        userinfo = client.get(discovered["userinfo_endpoint"]).json()
        assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], "alice")
        renewed = client.refresh_token(discovered["token_endpoint"])
        again = validated(
            renewed["id_token"],
            app.client,
            discovered,
            server,
            access_token=renewed["access_token"],
        )
        assert (again["sub"], again["auth_time"]) == (claims["sub"], claims["auth_time"])

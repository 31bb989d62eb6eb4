"""Authlib as the client, over real HTTP."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import RSAKey

from tests.site import CALLBACK


def session(app, method=None, **options):
    method = method or app.client.auth_method
    return closing(
        OAuth2Session(
            app.client.client_id,
            app.secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            **options,
        )
    )


def authorized(client, metadata, alice):
    """Go through the code flow with PKCE; the session then has the token."""
    verifier = generate_token(64)
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier
    )
    return client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=alice.allow(url),
        code_verifier=verifier,
        state=state,
    )


@pytest.mark.parametrize(
    ("kind", "auth_method"),
    [("web", "client_secret_basic"), ("web", "client_secret_post"), ("browser", "none")],
)
def test_authlib_completes_the_code_flow(server, metadata, alice, kind, auth_method):
    app = server.app(kind, auth_method=auth_method)
    options = {"scope": "profile:read", "redirect_uri": CALLBACK, "code_challenge_method": "S256"}
    with session(app, **options) as client:
        token = authorized(client, metadata, alice)
        me = f"{server.issuer}/api/me"
        assert client.get(me).json()["name"] == "alice"
        renewed = client.refresh_token(metadata["token_endpoint"])
        assert renewed["access_token"] != token["access_token"]
        assert client.get(me).status_code == 200
        if kind == "web":
            told = client.introspect_token(
                metadata["introspection_endpoint"], token=renewed["access_token"]
            )
            assert told.json()["active"] is True
        gone = client.revoke_token(metadata["revocation_endpoint"], token=renewed["refresh_token"])
        assert gone.status_code == 200
        assert client.get(me).status_code == 401
        with pytest.raises(OAuthError, match="invalid_grant"):
            client.refresh_token(metadata["token_endpoint"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token_by_client_credentials(server, metadata, method):
    app = server.app("machine")
    with session(app, method, scope="profile:read") as client:
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
        assert client.get(f"{server.issuer}/api/me").json() == {"sub": app.client.client_id}


@pytest.fixture
def signer(server):
    """A session of a web client with a key and no secret, at the time that the library reads."""
    held, server.clock.now = server.clock.now, int(time.time())
    key = RSAKey.generate_key(2048)
    keys = {"keys": [key.as_dict(private=False)]}
    app = server.app(auth_method="private_key_jwt", jwks=keys)
    app.secret = key
    options = {"scope": "profile:read", "redirect_uri": CALLBACK, "code_challenge_method": "S256"}
    with session(app, **options) as client:
        yield client
    server.clock.now = held


def test_authlib_authenticates_by_private_key_jwt(server, metadata, alice, signer):
    signer.register_client_auth_method(PrivateKeyJWT())
    authorized(signer, metadata, alice)
    token = signer.refresh_token(metadata["token_endpoint"])["access_token"]
    assert signer.get(f"{server.issuer}/api/me").json()["name"] == "alice"
    told = signer.introspect_token(metadata["introspection_endpoint"], token=token)
    assert told.json()["active"] is True
    assert signer.revoke_token(metadata["revocation_endpoint"], token=token).status_code == 200
    assert signer.get(f"{server.issuer}/api/me").status_code == 401


def test_authlib_s_client_assertion_is_refused_the_second_time(server, metadata, alice, signer):
    signer.register_client_auth_method(PrivateKeyJWT(claims={"jti": "always the same"}))
    authorized(signer, metadata, alice)
    with pytest.raises(OAuthError, match="invalid_client"):
        signer.refresh_token(metadata["token_endpoint"])


def test_authlib_reports_a_wrong_secret(server, metadata):
    app = server.app("machine")
    app.secret = "wrong"
    with (
        session(app, "client_secret_basic") as client,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")

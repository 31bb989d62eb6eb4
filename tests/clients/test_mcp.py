"""What an MCP client does: from a 401 of a resource to a token, without configuration."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

CALLBACK = "http://127.0.0.1:49152/callback"
METADATA = {
    "client_name": "Inspector",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "none",
}


def fetched(url):
    response = requests.get(url, timeout=60)
    assert response.status_code == 200, url
    return response.json()


def discover(url):
    """Return the metadata of the resource at ``url`` and of its authorization server.

    RFC 9728 section 5, then RFC 8414 section 3.
    """
    refused = requests.get(url, timeout=60)
    assert refused.status_code == 401
    # Every challenge names it.
    [address] = set(re.findall('resource_metadata="([^"]*)"', refused.headers["WWW-Authenticate"]))
    resource = fetched(address)
    [issuer] = resource["authorization_servers"]
    server = fetched(f"{issuer}/.well-known/oauth-authorization-server")
    assert server["issuer"] == issuer
    return resource, server


def register(server, **more):
    """Register at the server that was discovered (RFC 7591 section 3.1)."""
    metadata = METADATA | more
    response = requests.post(server["registration_endpoint"], json=metadata, timeout=60)
    assert response.status_code == 201
    registered = response.json()
    assert METADATA.items() <= registered.items()
    return registered


def session(registered, scope="profile:read"):
    return closing(
        OAuth2Session(
            registered["client_id"],
            scope=scope,
            redirect_uri=CALLBACK.replace("49152", "50505"),  # whichever port was free
            token_endpoint_auth_method="none",
            revocation_endpoint_auth_method="none",
            code_challenge_method="S256",
        )
    )


def test_an_mcp_client_gets_from_a_401_to_the_resource(server, alice):
    me = f"{server.issuer}/api/me"
    resource, metadata = discover(me)
    registered = register(metadata)
    target, verifier = resource["resource"], generate_token(64)
    with session(registered) as client:
        url, state = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, resource=target
        )
        client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=alice.allow(url, client.redirect_uri),
            code_verifier=verifier,
            state=state,
            resource=target,
        )
        assert client.get(me).json()["name"] == "alice"
        client.refresh_token(metadata["token_endpoint"], resource=target)
        assert client.get(me).status_code == 200
        own = {"Authorization": f"Bearer {registered['registration_access_token']}"}
        gone = requests.delete(registered["registration_client_uri"], headers=own, timeout=60)
        assert gone.status_code == 204
        assert client.get(me).status_code == 401
        with pytest.raises(OAuthError):
            client.refresh_token(metadata["token_endpoint"], resource=target)


def test_a_client_steps_up_beyond_the_scope_that_it_registered_with(server, alice):
    """It registers with the scope of the first challenge, and learns of others later."""
    _, metadata = discover(f"{server.issuer}/api/me")
    registered = register(metadata, scope="profile:read")
    for scope in ("profile:read", "profile:read photos:read"):
        verifier = generate_token(64)
        with session(registered, scope) as client:
            url, state = client.create_authorization_url(
                metadata["authorization_endpoint"], code_verifier=verifier
            )
            token = client.fetch_token(
                metadata["token_endpoint"],
                authorization_response=alice.allow(url, client.redirect_uri),
                code_verifier=verifier,
                state=state,
            )
        assert token["scope"] == scope


def test_another_registration_is_another_client(server):
    _, metadata = discover(f"{server.issuer}/api/me")
    first, second = register(metadata), register(metadata)
    assert first["client_id"] != second["client_id"]
    other = {"Authorization": f"Bearer {second['registration_access_token']}"}
    response = requests.get(first["registration_client_uri"], headers=other, timeout=60)
    assert response.status_code == 401

"""Dynamic registration as the suite does it in each module (OpenID Registration, RFC 7592)."""

from __future__ import annotations

import json
from typing import Any

import requests
from joserfc.jwk import RSAKey

Json = dict[str, Any]

HEADERS = {"Content-Type": "application/json;charset=UTF-8"}
CONTACT = "certification@suite.example"
WRONG_METADATA = ("invalid_redirect_uri", "invalid_client_metadata")
KEY = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"})
"""The suite's own key: one for all clients, since making one takes long. It has no name."""


def request(
    response_type: str, redirect_uri: str, method: str = "client_secret_basic", **more: object
) -> Json:
    """Return the metadata of a client for one response type; None leaves a member out."""
    code = ["authorization_code"] if response_type == "code" else ["implicit"]
    metadata = {
        "client_name": "Conformance suite, self-registered",
        "grant_types": code,
        "jwks": {"keys": [KEY.as_dict(private=False)]},
        "token_endpoint_auth_method": method,
        "response_types": [response_type],
        "redirect_uris": [redirect_uri],
        "contacts": [CONTACT],
    } | more
    return {name: value for name, value in metadata.items() if value is not None}


def register(endpoint: str, http: requests.Session, metadata: Json) -> Json:
    """Return the client, once its registration is shown to be in order."""
    body = json.dumps(metadata).encode()
    response = http.post(endpoint, body, headers=HEADERS, timeout=30)
    assert response.status_code == 201, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    client: Json = response.json()
    assert "error" not in client
    assert client["client_id"]
    assert client["registration_client_uri"].startswith("https://")
    assert client["registration_access_token"]
    if "client_secret" in client:
        assert isinstance(client["client_secret_expires_at"], int)
    return client


def refused(endpoint: str, http: requests.Session, metadata: Json) -> str:
    """Return the error of a registration that is refused as RFC 7591 section 3.2.2 says."""
    response = http.post(endpoint, json=metadata, timeout=30)
    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    return str(response.json()["error"])


def read(client: Json, http: requests.Session) -> Json:
    """Return what the provider says is registered (RFC 7592 section 2.1)."""
    response = http.get(
        client["registration_client_uri"],
        headers={"Authorization": f"Bearer {client['registration_access_token']}"},
        timeout=30,
    )
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    said: Json = response.json()
    return said


def unregister(client: Json, http: requests.Session) -> None:
    """Remove the client, as the suite does at the end of a module."""
    response = http.delete(
        client["registration_client_uri"],
        headers={"Authorization": f"Bearer {client['registration_access_token']}"},
        timeout=30,
    )
    assert response.status_code == 204, response.text

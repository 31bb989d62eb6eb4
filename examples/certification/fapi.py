"""The clients and the configurations of the FAPI 2.0 plans.

Both clients sign with keys of their own, which the suite gets as private JWKs. There is a
configuration for each value of ``openid``, since the scope of a client is a part of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from examples.certification.plan import Json, authorization
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.provider import Provider

INI_NAME = "fapi.ini"
PROFILES = ("fapi2", "fapi2-message-signing")
CLIENTS = {"client": "PS256", "client2": "ES256"}
"""The clients of a plan, and what each signs with."""
SCOPES = ("openid", "profile", "email", "address", "phone", "offline_access", "profile:read")
RESOURCE = "/api/me"
PREFIX = "fapi2-security-profile-final-"
VARIANTS: Mapping[str, tuple[str, str]] = {
    "openid_connect": ("openid profile email profile:read", "openid-configuration"),
    "plain_oauth": ("profile:read", "oauth-authorization-server"),
}
"""The values of ``openid``: the scope of the clients, and the metadata that the suite reads."""


def plans(provider: Provider, issuer: str, alias: str, suite_url: str) -> dict[str, Json]:
    """Register the clients; return the configuration for each value of ``openid``."""

    def registered() -> Json:
        return {name: _register(provider, name, alg, suite_url) for name, alg in CLIENTS.items()}

    # What alice has allowed once she isn't asked again.
    usual, rejected, made = registered(), registered(), {}
    for openid, (scope, document) in VARIANTS.items():
        clients = _with_scope(usual, scope)
        made[openid] = {
            "alias": alias,
            "description": f"oauthprov, {openid}",
            "server": {"discoveryUrl": f"{issuer}/.well-known/{document}"},
            **clients,
            "resource": {"resourceUrl": issuer + RESOURCE},
            "browser": [authorization(issuer, suite_url)],
            "override": _overrides(issuer, suite_url, _with_scope(rejected, scope)),
        }
    return made


def _register(provider: Provider, name: str, alg: str, suite_url: str) -> Json:
    """Register a client with a new key; return what the suite must know of it."""
    key = PrivateKey.generate(alg)
    registrar = Registrar(provider.settings, provider.storage, provider.clock)
    callback = f"{suite_url}/callback"
    client, _ = registrar.register(
        type="web",
        name=f"Conformance suite: {name}",
        # The suite adds this query for the second client, and looks whether it comes back.
        redirect_uris=(callback, f"{callback}?dummy1=lorem&dummy2=ipsum"),
        scopes=SCOPES,
        auth_method="private_key_jwt",
        jwks={"keys": [key.public()]},
    )
    private: dict[str, Any] = json.loads(key.dump())
    return {"client_id": client.client_id, "jwks": {"keys": [key.public() | private]}}


def _with_scope(clients: Json, scope: str) -> Json:
    return {name: client | {"scope": scope} for name, client in clients.items()}


def _overrides(issuer: str, suite_url: str, rejected: Json) -> Json:
    """Return the entries of modules in which alice does something else; she rejects a client."""
    signing_in = authorization(issuer, suite_url)
    cancelling = authorization(issuer, suite_url)
    for task in cancelling["tasks"]:
        if task["task"] == "Allow":
            task["commands"] = [["click", "id", "cancel"]]
    looking = {
        "match": signing_in["match"],
        "match-limit": 1,
        "tasks": [{"task": "Look", "match": f"{issuer}/login*", "optional": True}],
    }
    module = "par-ensure-reused-request-uri-prior-to-auth-completion-succeeds"
    return {
        f"{PREFIX}user-rejects-authentication": {"browser": [cancelling], **rejected},
        PREFIX + module: {"browser": [looking, signing_in]},
    }

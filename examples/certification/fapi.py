"""The clients and the configurations of the FAPI 2.0 plans.

Both clients sign with keys of their own, which the suite gets as private JWKs, and have a
certificate that they have made themselves. There is a configuration for each variant, since other
clients, or another scope, belong to each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

from examples.certification.certificates import Certificate
from examples.certification.plan import Json, authorization
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.provider import Provider
from oauthprov.settings import Settings

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


def plans(provider: Provider, alias: str, suite_url: str) -> dict[str, Json]:
    """Register the clients; return the configuration for each variant, by its words."""
    keys = {name: PrivateKey.generate(alg) for name, alg in CLIENTS.items()}
    certificates = {name: Certificate.made(name) for name in CLIENTS}
    made = {}
    for auth, binding in product(("private_key_jwt", "mtls"), ("dpop", "mtls")):

        def registered(auth: str = auth, binding: str = binding) -> Json:
            return {
                name: _register(
                    provider, name, keys[name], certificates[name], suite_url, auth, binding
                )
                for name in CLIENTS
            }

        # What alice has allowed once she isn't asked again.
        usual, rejected = registered(), registered()
        for openid in VARIANTS:
            shared = _plan(provider.settings, alias, suite_url, openid, binding)
            scope = VARIANTS[openid][0]
            shared |= _with_scope(usual, scope)
            shared["override"] = _overrides(
                provider.settings.issuer, suite_url, _with_scope(rejected, scope)
            )
            for name, certificate in certificates.items():
                shared[name.replace("client", "mtls")] = certificate.for_the_suite
            made[f"{auth}-{binding}-{openid}"] = shared
    return made


def _plan(settings: Settings, alias: str, suite_url: str, openid: str, binding: str) -> Json:
    """Return what the configurations of one kind have in common."""
    document = VARIANTS[openid][1]
    # A certificate is presented where the proxy asks for it.
    base = settings.mtls_base_url if binding == "mtls" else settings.issuer
    return {
        "alias": alias,
        "description": f"oauthprov, {settings.profile}",
        "server": {"discoveryUrl": f"{settings.issuer}/.well-known/{document}"},
        "resource": {"resourceUrl": base + RESOURCE},
        "browser": [authorization(settings.issuer, suite_url)],
    }


def _register(
    provider: Provider,
    name: str,
    key: PrivateKey,
    certificate: Certificate,
    suite_url: str,
    auth: str,
    binding: str,
) -> Json:
    """Register a client; return what the suite must know of it."""
    registrar = Registrar(provider.settings, provider.storage, provider.clock)
    callback = f"{suite_url}/callback"
    by_certificate = auth == "mtls"
    client, _ = registrar.register(
        type="web",
        name=f"Conformance suite: {name}",
        # The suite adds this query for the second client, and looks whether it comes back.
        redirect_uris=(callback, f"{callback}?dummy1=lorem&dummy2=ipsum"),
        scopes=SCOPES,
        auth_method="self_signed_tls_client_auth" if by_certificate else "private_key_jwt",
        jwks={"keys": [key.public(), *([certificate.jwk] if by_certificate else [])]},
        tls_client_certificate_bound_access_tokens=binding == "mtls",
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

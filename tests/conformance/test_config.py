"""The module of the plan Config: what discovery says (OpenID Connect Discovery section 3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.conformance.conftest import BASIC

SIGNING = {
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("Ed25519", "EdDSA", "none"),
}


@pytest.mark.parametrize("variant", [BASIC], ids=str)
@pytest.mark.parametrize("way", ["sqlite-static", "redis-static"])
def test_oidcc_discovery_endpoint_verification(suite):
    said = suite.server.document
    assert {"code", "id_token", "id_token token"} <= set(said["response_types_supported"])
    assert {"authorization_code", "implicit"} <= set(said["grant_types_supported"])
    assert suite.provider.plan["server"]["discoveryUrl"] == (
        f"{said['issuer']}/.well-known/openid-configuration"
    )
    parts = urlsplit(said["issuer"])
    assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")
    assert set(said["subject_types_supported"]) == {"public", "pairwise"}
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert set(said.get("userinfo_signing_alg_values_supported", ())) <= SIGNING
    objects = said["request_object_signing_alg_values_supported"]
    assert "RS256" in objects
    assert "none" not in objects
    check_endpoints(said)
    assert isinstance(said["claims_supported"], list)
    assert "openid" in said["scopes_supported"]
    for scope in said["scopes_supported"]:
        assert re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope)
    assert said["code_challenge_methods_supported"] == ["S256"]


def check_endpoints(said):
    """Every address is https, and those that certification needs are there."""
    names = {name for name in said if name.endswith("_endpoint")}
    for name in {*names, "jwks_uri"}:
        assert urlsplit(said[name]).scheme == "https", name
    needed = ("authorization", "token", "userinfo", "registration")
    assert {f"{name}_endpoint" for name in needed} <= names

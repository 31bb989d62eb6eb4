"""The provider's metadata and keys, with what the suite demands of them in every module."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import requests
from joserfc.jwk import KeySet

BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
REQUIRED = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}

Json = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """The discovery document and the JWK Set that it names."""

    document: Json
    jwks: Json

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    @property
    def keys(self) -> KeySet:
        return KeySet.import_key_set(self.jwks)

    def check_https(self) -> None:
        """Every endpoint is called over https."""
        for name in self.document:
            assert not name.endswith("_endpoint") or self[name].startswith("https://"), name


def discover(url: str, http: requests.Session) -> Server:
    """Fetch both documents."""
    document = _json(url, http)
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        assert document[name].startswith("https://")
    jwks = _json(document["jwks_uri"], http, "application/jwk-set+json")
    check_keys(jwks)
    return Server(document, jwks)


def check_keys(jwks: Json) -> None:
    """Public keys only, each with a kid of its own and rightly encoded."""
    kids = [key["kid"] for key in jwks["keys"]]
    assert kids
    assert len(set(kids)) == len(kids)
    for key in jwks["keys"]:
        assert PRIVATE.isdisjoint(key)
        for name in REQUIRED[key["kty"]]:
            assert BASE64URL.fullmatch(key[name])


def _json(url: str, http: requests.Session, media_type: str = "application/json") -> Json:
    response = http.get(url, timeout=30)
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == media_type
    return response.json()

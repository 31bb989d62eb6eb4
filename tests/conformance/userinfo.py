"""Claims about a person, of UserInfo or an ID token (OpenID Connect Core sections 5.1 to 5.4)."""

from __future__ import annotations

from typing import Any

import requests
from joserfc import jwt

from tests.conformance.id_tokens import SKEW
from tests.conformance.metadata import Server

Json = dict[str, Any]

ADDRESS = ("formatted", "street_address", "locality", "region", "postal_code", "country")
OF_SCOPE = {
    "openid": {"sub"},
    "profile": {
        *("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"),
        "updated_at",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
    "offline_access": set(),
}
TYPES = {"updated_at": int, "email_verified": bool, "phone_number_verified": bool, "address": dict}
YEAR_1990 = 631152000


def get(endpoint: str, http: requests.Session, access_token: str) -> requests.Response:
    return http.get(endpoint, headers=_bearer(access_token), timeout=30)


def post_header(endpoint: str, http: requests.Session, access_token: str) -> requests.Response:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | _bearer(access_token)
    return http.post(endpoint, headers=headers, timeout=30)


def post_body(endpoint: str, http: requests.Session, access_token: str) -> requests.Response:
    return http.post(endpoint, {"access_token": access_token}, timeout=30)


def said(response: requests.Response, sub: str, now: int) -> Json:
    """Return the claims of a response that is in order."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    claims: Json = response.json()
    assert claims["sub"] == sub
    check_types(claims, now)
    return claims


def signed(response: requests.Response, server: Server, client: Json, sub: str, now: int) -> Json:
    """Return the claims of a signed response that is in order (section 5.3.2)."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/jwt"
    alg = client["userinfo_signed_response_alg"]
    token = jwt.decode(response.text, server.keys, algorithms=[alg])
    claims = token.claims
    assert token.header["alg"] == alg
    assert claims["iss"] == server["issuer"]
    audience = claims["aud"]
    assert client["client_id"] in ([audience] if isinstance(audience, str) else audience)
    assert claims["sub"] == sub
    assert "nonce" not in claims
    assert claims.get("exp", now) > now - SKEW
    assert claims.get("iat", now) < now + SKEW
    check_types(claims, now)
    return claims


def check_types(claims: Json, now: int) -> None:
    """Each standard claim is of its type; the last change is a moment of the web's time."""
    for name in set().union(*OF_SCOPE.values()).intersection(claims):
        assert type(claims[name]) is TYPES.get(name, str), name
    for name in claims.get("address", {}):
        assert name in ADDRESS
        assert isinstance(claims["address"][name], str)
    assert YEAR_1990 < claims.get("updated_at", now) <= now + 300


def check_scopes(claims: Json, scope: str) -> None:
    """Every claim that the scopes stand for is there."""
    for name in scope.split():
        assert OF_SCOPE[name] <= set(claims), name


def _bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}

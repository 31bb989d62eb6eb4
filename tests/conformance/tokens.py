"""The token endpoint as the suite calls it (RFC 6749 sections 3.2, 5 and 6)."""

from __future__ import annotations

import re
from typing import Any

import requests

from tests.conformance.authorization import DESCRIPTION, check_entropy
from tests.site import basic

Json = dict[str, Any]

CHARACTERS = re.compile(r"[\x20-\x7e]+")


def post(
    endpoint: str, http: requests.Session, client: Json, method: str, **form: str
) -> requests.Response:
    """Post a form with the client's authentication."""
    headers = {}
    if method == "client_secret_post":
        form |= {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    elif method == "client_secret_basic":
        headers = basic(client["client_id"], client["client_secret"])
    return http.post(endpoint, form, headers=headers, timeout=30)


def granted(response: requests.Response) -> Json:
    """Return the tokens of a response that is in order."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    assert "no-store" in response.headers["Cache-Control"]
    tokens: Json = response.json()
    assert "error" not in tokens
    assert tokens["token_type"].lower() == "bearer"
    assert isinstance(tokens["expires_in"], int)
    assert tokens["expires_in"] > 0
    for name in ("access_token", "refresh_token"):
        if name in tokens:
            assert CHARACTERS.fullmatch(tokens[name])
            check_entropy(tokens[name], 96)
    return tokens


def check_invalid_grant(response: requests.Response) -> None:
    """It is refused as section 5.2 says."""
    assert response.status_code == 400, response.text
    assert response.headers["Content-Type"].partition(";")[0] == "application/json"
    said = response.json()
    assert said["error"] == "invalid_grant"
    assert set(said) <= {"error", "error_description", "error_uri"}
    assert DESCRIPTION.fullmatch(said.get("error_description", ""))

"""What a client reads beside an error code of the token endpoint (RFC 6749 section 5.2).

One fixed sentence an error. It quotes nothing that was sent, and it doesn't tell which of code,
verifier, redirect URI or secret was wrong: whoever tries stolen ones would learn what to try next.
The log has the reason (:mod:`oauthprov.protocol.events`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": (
        "The authorization code or refresh token is not valid, or not for this request: it may "
        "have expired, been used or revoked, or belong to another client, redirect_uri or "
        "code_verifier."
    ),
    "unauthorized_client": "The client is not registered for this grant_type.",
    "unsupported_grant_type": "The server does not support this grant_type.",
    "invalid_scope": (
        "A requested scope is unknown, or not allowed for this client or this refresh token."
    ),
    "server_error": "The server could not answer the request. Its log says why.",
}
"""By error code. Other errors describe themselves: they are about the form of a request."""


def described(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer of the token endpoint; one with an error gets its sentence."""
    sentence = DESCRIPTIONS.get(str(document.get("error")))
    return dict(document) if sentence is None else {**document, "error_description": sentence}

"""What every client computes: its credentials in a header, and the challenge of a verifier."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote_plus


def basic(client_id: str, secret: str, name: str = "Authorization") -> dict[str, str]:
    """An Authorization header, its parts form-encoded (RFC 6749 section 2.3.1)."""
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return {name: "Basic " + base64.b64encode(joined).decode()}


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()

"""The keys under which records are found: printable ASCII, at most 255 bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NewType

Digest = NewType("Digest", str)
"""The SHA-256 of a secret, base64url without padding: storage never receives the secret."""

KEY_LIMIT = 255

_KEY = re.compile(rf"[ -~]{{1,{KEY_LIMIT}}}").fullmatch


def is_key(text: str) -> bool:
    """Return whether ``text`` is valid as the key of a record or the value of an indexed field."""
    return _KEY(text) is not None


def slot(key: str) -> str:
    """Return the slot of ``key``, the part before the first dot: its records change together."""
    return key.partition(".")[0]


def is_client_url(client_id: str) -> bool:
    """Tell whether a client id is the URL of a document about the client."""
    return client_id.startswith("https://")


def consent_key(account_id: str, client_id: str) -> str:
    """Return the key of the Consent that an account gave a client.

    Beside an account's id there is no room for a URL: its digest takes its place.
    """
    if is_client_url(client_id):
        hashed = hashlib.sha256(client_id.encode("ascii")).digest()
        client_id = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")
    return f"{account_id}.{client_id}"

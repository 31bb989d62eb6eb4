"""The keys under which records are found: printable ASCII, at most 255 bytes."""

from __future__ import annotations

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


def consent_key(account_id: str, client_id: str) -> str:
    """Return the key of the Consent that an account gave a client."""
    return f"{account_id}.{client_id}"

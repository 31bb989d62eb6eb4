"""The keys under which records are found: printable ASCII, at most 255 bytes."""

from __future__ import annotations

from typing import NewType

Digest = NewType("Digest", str)
"""The SHA-256 of a secret, base64url without padding: all of a secret that storage ever sees."""

KEY_LIMIT = 255


def is_key(text: str) -> bool:
    """Whether a record can stand under ``text``, or be found by it as an indexed value."""
    return 0 < len(text) <= KEY_LIMIT and text.isascii() and text.isprintable()


def slot(key: str) -> str:
    """The part of ``key`` whose records change together: all before the first dot."""
    return key.partition(".")[0]


def consent_key(account_id: str, client_id: str) -> str:
    """The key of the Consent of an account for a client."""
    return f"{account_id}.{client_id}"

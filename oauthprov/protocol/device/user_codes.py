"""User codes (RFC 8628 section 6.1): a device shows one, and a person types it on a page."""

from __future__ import annotations

import secrets

from oauthprov.credentials import Keyring
from oauthprov.records import Digest

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, so that a code is no word, and without digits that look like letters."""
LENGTH = 8
TYPED_LIMIT = 100
"""Characters of what a person types; what is longer is no code."""

_LABEL = "user code"
_KEPT = frozenset(ALPHABET + ALPHABET.lower())


def draw() -> str:
    """Return a random user code: 8 letters, 34.5 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """Return a user code as devices and pages show it, such as ``BCDF-GHJK``."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def typed(text: str) -> str | None:
    """Return the user code that a person means by ``text``, None if it can't be one.

    Case counts for nothing, and neither does whatever isn't in the alphabet.
    """
    if len(text) > TYPED_LIMIT:
        return None
    code = "".join(letter for letter in text if letter in _KEPT).upper()
    return code if len(code) == LENGTH else None


def key(keyring: Keyring, code: str) -> Digest:
    """Return the key under which a new user code is stored.

    It is a MAC with the server's secret: a plain digest of so few bits can be searched.
    """
    return Digest(keyring.sign(_LABEL, code))


def keys(keyring: Keyring, code: str) -> tuple[Digest, ...]:
    """Return the keys under which a user code may be stored: one for each secret."""
    return tuple(Digest(made) for made in keyring.signatures(_LABEL, code))

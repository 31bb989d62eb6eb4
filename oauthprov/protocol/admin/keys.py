"""The signing keys as admins see them, and their rotation."""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.protocol.keys.rotation import KeyRotation
from oauthprov.records import SigningKey
from oauthprov.storage.interface import Conflict


class KeysChanged(Exception):
    """Somebody changed the keys at the same moment; nothing was written."""


def states(rotation: KeyRotation) -> Sequence[tuple[SigningKey, str]]:
    """Return every key with its state (``KeyRotation.state``), by algorithm; one read."""
    return [(key, rotation.state(key)) for key in rotation.load()]


def rotate(rotation: KeyRotation, alg: str) -> SigningKey:
    """Return the next key of an algorithm, made now unless one waits. Raises KeysChanged."""
    try:
        return rotation.rotate(alg)
    except Conflict:
        raise KeysChanged from None

"""Nonces that the server puts into DPoP proofs, so that none is made in advance (RFC 9449 8, 9).

A nonce is the MAC of a window of time under ``oauthprov.secret``: nothing is stored, and every
process accepts the nonces of all others. Those of the windows before and after are accepted too,
since clocks differ.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from oauthprov.credentials import Keyring

WINDOW = 180
"""Seconds of a window: a nonce is good for as long as that at least, and twice as long at most."""

Audience = Literal["token endpoint", "resource"]
"""Where a nonce is good: the authorization server's are no resource's."""


def current(secret: tuple[str, ...], audience: Audience, now: int) -> str:
    """Return the nonce of this window, in base64url. ``secret`` are those of a keyring."""
    return _nonce(secret, audience, now // WINDOW)


def is_good(secret: tuple[str, ...], audience: Audience, nonce: str | None, now: int) -> bool:
    """Tell whether a proof has a nonce that was given out recently."""
    if nonce is None:
        return False
    window, label = now // WINDOW, _label(audience)
    keyring = _keyring(secret)
    near = (window, window - 1, window + 1)
    return any(keyring.verify(label, str(number), nonce) for number in near)


@lru_cache(maxsize=16)
def _nonce(secret: tuple[str, ...], audience: Audience, window: int) -> str:
    return _keyring(secret).sign(_label(audience), str(window))


@lru_cache(maxsize=4)
def _keyring(secret: tuple[str, ...]) -> Keyring:
    return Keyring(secret)


def _label(audience: Audience) -> str:
    return f"dpop nonce {audience}"

"""Nonces that the server puts into DPoP proofs, so that none is made in advance (RFC 9449 8, 9).

A nonce is the MAC of a window of time under ``oauthprov.secret``: nothing is stored, and every
process accepts the nonces of all others. Those of the windows before and after are accepted too,
since clocks differ. The token endpoint and the resources of the provider's app have the same ones:
client libraries keep the last nonce of each origin, and two kinds would cost a request at each
change.
"""

from __future__ import annotations

from functools import lru_cache

from oauthprov.credentials import Keyring

WINDOW = 180
"""Seconds of a window: a nonce is good for as long as that at least, and twice as long at most."""

_LABEL = "dpop nonce"


def current(secret: tuple[str, ...], now: int) -> str:
    """Return the nonce of this window, in base64url. ``secret`` are those of a keyring."""
    return _nonce(secret, now // WINDOW)


def is_good(secret: tuple[str, ...], nonce: str | None, now: int) -> bool:
    """Tell whether a proof has a nonce that was given out recently."""
    if nonce is None:
        return False
    window = now // WINDOW
    keyring = _keyring(secret)
    near = (window, window - 1, window + 1)
    return any(keyring.verify(_LABEL, str(number), nonce) for number in near)


@lru_cache(maxsize=16)
def _nonce(secret: tuple[str, ...], window: int) -> str:
    return _keyring(secret).sign(_LABEL, str(window))


@lru_cache(maxsize=4)
def _keyring(secret: tuple[str, ...]) -> Keyring:
    return Keyring(secret)

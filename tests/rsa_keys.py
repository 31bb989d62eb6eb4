"""RSA keys for the providers of tests: a provider gets one that another test had before.

To make one and to read it again takes most of the time of a test of OpenID Connect.
"""

from __future__ import annotations

from functools import lru_cache

from oauthprov.protocol.keys import rotation
from oauthprov.protocol.keys.jwk import PrivateKey

DIFFERENT = 16
"""Two keys are the same only if that many others were made between them."""


class UsedKeys:
    """What rotation makes signing keys with: RSA keys in turn, all others new."""

    def __init__(self) -> None:
        self._made: dict[str, list[PrivateKey]] = {"RS256": [], "PS256": []}
        self._turn = 0
        self.load = lru_cache(2 * DIFFERENT)(PrivateKey.load)

    def generate(self, alg: str) -> PrivateKey:
        """Return a key for ``alg``, as :meth:`PrivateKey.generate` does."""
        if alg not in self._made:
            return PrivateKey.generate(alg)
        made, self._turn = self._made[alg], (self._turn + 1) % DIFFERENT
        if self._turn >= len(made):
            made.append(PrivateKey.generate(alg))
            return made[-1]
        return made[self._turn]


def reuse() -> None:
    """Let the providers of this process reuse RSA keys."""
    vars(rotation)["PrivateKey"] = UsedKeys()

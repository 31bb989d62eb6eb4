"""The provider's signing keys (RFC 7517)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from oauthprov.demo.errors import ProviderUnavailable, TokenRefused

REFETCH_SECONDS = 30
"""Seconds between two fetches, so that made-up kids don't cause a request to the provider each."""
KEEP_SECONDS = 3600
"""Seconds after which a key that is no longer published becomes invalid here too."""

_KEY_TYPES = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "Ed25519": ("OKP", "Ed25519"),
}
_PRIVATE = ("d", "k")


class ProviderKeys:
    """The published keys of the provider, fetched when needed.

    ``fetch`` returns the decoded JSON at a URL; it may raise ``ProviderUnavailable``.
    """

    def __init__(self, fetch: Callable[[str], object], clock: Callable[[], int]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._documents: list[dict[str, Any]] = []
        self._fetched_at: int | None = None

    def find(self, jwks_uri: str, kid: str | None, alg: str) -> Key:
        """Return the key with ``kid`` for ``alg``; without a ``kid`` it must be the only one.

        For an unknown key, which may be new, the keys are fetched again unless they just were.
        Raises ``TokenRefused`` if there is no such key, and ``ProviderUnavailable``.
        """
        with self._lock:
            if self._age() >= KEEP_SECONDS:
                self._refresh(jwks_uri)
            key = self._known(kid, alg)
            if key is None and self._age() >= REFETCH_SECONDS:
                self._refresh(jwks_uri)
                key = self._known(kid, alg)
        if key is None:
            raise TokenRefused("The provider publishes no key that it is signed with (kid).")
        return key

    def _age(self) -> int:
        return KEEP_SECONDS if self._fetched_at is None else self._clock() - self._fetched_at

    def _refresh(self, jwks_uri: str) -> None:
        document = self._fetch(jwks_uri)
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list):
            raise ProviderUnavailable("The provider's keys are not a JWK set.")
        self._documents = [key for key in keys if isinstance(key, dict)]
        self._fetched_at = self._clock()

    def _known(self, kid: str | None, alg: str) -> Key | None:
        fitting = [
            key
            for key in self._documents
            if _fits(key, alg) and (kid is None or key.get("kid") == kid)
        ]
        if len(fitting) != 1:
            return None
        try:
            return JWKRegistry.import_key(fitting[0])
        except (JoseError, ValueError, TypeError, KeyError):
            return None


def _fits(key: dict[str, Any], alg: str) -> bool:
    """Return whether ``key`` is a public key for signatures with ``alg``."""
    if any(member in key for member in _PRIVATE):
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", alg) != alg:
        return False
    kty, crv = _KEY_TYPES[alg]
    return key.get("kty") == kty and crv in (None, key.get("crv"))

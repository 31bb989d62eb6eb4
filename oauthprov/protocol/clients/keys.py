"""Tokens signed by clients, with keys that they registered or publish at their ``jwks_uri``.

RFC 7591 section 2, OpenID Connect Core section 10.1. Their certificates are known in the same way
(RFC 8705 section 2.2), or by the authorities that issue them (2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from oauthprov.errors import FetchBusy, FetchError, JoseError, UnknownKey
from oauthprov.failures import CertificateError
from oauthprov.fetch import Documents, Fetcher
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.certificates import Authorities
from oauthprov.protocol.keys.jose import Verified
from oauthprov.protocol.keys.jwk import SET_LIMIT, KeySet, parse_certificates, parse_key_set
from oauthprov.records import Client
from oauthprov.settings import Settings

T = TypeVar("T")

MEDIA_TYPES = ("application/jwk-set+json", "application/json")


class ClientKeys:
    """The keys and certificates of clients. A refusal is a JoseError with its reason.

    FetchBusy isn't a refusal: too many fetches are waiting, whatever the keys are.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        clock: Callable[[], int],
        authorities: Authorities | None = None,
    ) -> None:
        self._documents = Documents(fetcher, clock, media_types=MEDIA_TYPES, limit=SET_LIMIT)
        self._authorities = authorities

    @classmethod
    def of(cls, settings: Settings, fetcher: Fetcher, clock: Callable[[], int]) -> ClientKeys:
        """Return them with the authorities of the settings, if there are any."""
        return cls(fetcher, clock, Authorities(settings.mtls_ca_file) if settings.mtls else None)

    def check_issued(self, der: bytes, now: int) -> None:
        """Raise CertificateError unless an authority of the settings issued a certificate."""
        if self._authorities is None:
            raise CertificateError("mutual TLS is off")
        self._authorities.check(der, now)

    def verify(
        self,
        client: Client,
        token: str,
        *,
        algorithms: Collection[str],
        types: Collection[str | None],
        now: int | None,
        required: Collection[str] = ("exp",),
    ) -> Verified:
        """Verify with the keys of ``client`` as :func:`jose.verify` does.

        If a fetched set lacks the key, the set is fetched once more, at most every 30 seconds for
        each client, whatever tokens are presented.
        """

        def by(keys: KeySet) -> Verified:
            return jose.verify(
                token, keys, algorithms=algorithms, types=types, now=now, required=required
            )

        jose.unverified_claims(token)  # a token that no key could verify isn't worth a fetch
        if client.jwks is not None:
            return by(parse_key_set(client.jwks))
        if client.jwks_uri is None:
            raise JoseError("the client has registered no keys")
        try:
            return by(self._keys(self._documents.get, client.jwks_uri, client.client_id))
        except UnknownKey:
            return by(self._keys(self._documents.renew, client.jwks_uri, client.client_id))

    def _keys(self, read: Callable[[str, str], bytes], jwks_uri: str, client_id: str) -> KeySet:
        return self._read(read, jwks_uri, client_id, parse_key_set)

    def has_certificate(self, client: Client, der: bytes) -> bool:
        """Tell whether a certificate is one of the client's (RFC 8705 section 2.2).

        A fetched set that lacks it is fetched once more, as by :meth:`verify`. Raises JoseError.
        """
        if client.jwks is not None:
            return der in parse_certificates(client.jwks)
        if client.jwks_uri is None:
            raise JoseError("the client has registered no keys")
        documents, uri = self._documents, client.jwks_uri
        return any(
            der in self._read(read, uri, client.client_id, parse_certificates)
            for read in (documents.get, documents.renew)
        )

    def _read(
        self,
        read: Callable[[str, str], bytes],
        jwks_uri: str,
        client_id: str,
        parse: Callable[[bytes], T],
    ) -> T:
        try:
            return parse(read(jwks_uri, client_id))
        except FetchBusy:
            raise
        except FetchError as error:
            raise JoseError(f"the client's keys can't be fetched: {error}") from error

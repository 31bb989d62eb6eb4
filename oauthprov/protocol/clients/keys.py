"""Tokens signed by clients, with keys that they registered or publish at their ``jwks_uri``.

RFC 7591 section 2, OpenID Connect Core section 10.1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from oauthprov.errors import FetchBusy, FetchError, JoseError, UnknownKey
from oauthprov.fetch import Documents, Fetcher
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jose import Verified
from oauthprov.protocol.keys.jwk import SET_LIMIT, KeySet, parse_key_set
from oauthprov.records import Client

MEDIA_TYPES = ("application/jwk-set+json", "application/json")


class ClientKeys:
    """The keys of clients. A refusal is a JoseError with its reason.

    FetchBusy isn't a refusal: too many fetches are waiting, whatever the keys are.
    """

    def __init__(self, fetcher: Fetcher, clock: Callable[[], int]) -> None:
        self._documents = Documents(fetcher, clock, media_types=MEDIA_TYPES, limit=SET_LIMIT)

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
            return by(self._read(self._documents.get, client.jwks_uri, client.client_id))
        except UnknownKey:
            return by(self._read(self._documents.renew, client.jwks_uri, client.client_id))

    def _read(self, read: Callable[[str, str], bytes], jwks_uri: str, client_id: str) -> KeySet:
        try:
            return parse_key_set(read(jwks_uri, client_id))
        except FetchBusy:
            raise
        except FetchError as error:
            raise JoseError(f"the client's keys can't be fetched: {error}") from error

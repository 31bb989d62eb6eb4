"""Request objects by reference, fetched from a ``request_uri`` that the client registered.

RFC 9101 section 5.2, OpenID Connect Core section 6.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from oauthlib.openid.connect.core.exceptions import InvalidRequestURI

from oauthprov.credentials import base64url
from oauthprov.errors import FetchBusy, FetchError
from oauthprov.fetch import Documents, Fetcher
from oauthprov.messages import N_
from oauthprov.protocol.clients.members.signing import REQUEST_URI_LENGTH
from oauthprov.protocol.keys import jose
from oauthprov.records import Client

MEDIA_TYPES = ("application/oauth-authz-req+jwt", "application/jwt", "application/jose")
"""The type of RFC 9101 section 4, and those that OpenID Connect clients send instead."""


class RequestURIs:
    """The documents at clients' registered URIs, in one cache for each provider."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], int]) -> None:
        self._documents = Documents(
            fetcher, clock, media_types=MEDIA_TYPES, limit=jose.TOKEN_LIMIT
        )

    def get(self, client: Client, request_uri: str) -> str:
        """Return the request object at ``request_uri``. Raises InvalidRequestURI, FetchBusy.

        If the fragment isn't the hash of the cached document, the document is fetched again, at
        most every 30 seconds. No object is refused because of its fragment: the signature proves
        whose object it is.
        """
        address, _, fragment = request_uri.partition("#")
        registered = {uri.partition("#")[0] for uri in client.request_uris}
        if len(request_uri) > REQUEST_URI_LENGTH or address not in registered:
            raise InvalidRequestURI(N_("The request_uri isn't registered."))
        try:
            content = self._documents.get(address, client.client_id)
            if fragment and fragment != _hash(content):
                content = self._documents.renew(address, client.client_id)
        except FetchBusy:
            raise
        except FetchError as error:
            raise InvalidRequestURI(N_("The request_uri can't be read.")) from error
        return content.decode("ascii", "replace").strip()


def _hash(content: bytes) -> str:
    hashed = hashlib.sha256(content).digest()
    return base64url(hashed)

"""Asking the issuer about tokens (RFC 7662)."""

from __future__ import annotations

from collections.abc import Callable

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource_server import answers
from oauthprov.resource_server.client import Credentials
from oauthprov.resource_server.issuer import TOKEN_LIMIT, Issuer


class Introspection:
    """The issuer's introspection endpoint; ``credentials`` makes those of a request."""

    def __init__(self, issuer: Issuer, credentials: Callable[[], Credentials]) -> None:
        self._issuer = issuer
        self._credentials = credentials

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a live access token, None for any other. Raises Unavailable."""
        if len(raw) > TOKEN_LIMIT:
            return None
        headers, proof = self._credentials()
        form = {"token": raw, "token_type_hint": "access_token", **proof}
        with self._issuer.asked_to("introspect a token"):
            content = self._issuer.submit("introspection_endpoint", form, headers)
            return answers.token_info(answers.parsed(content), self._issuer.url)

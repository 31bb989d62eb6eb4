"""Asking the issuer about tokens (RFC 7662)."""

from __future__ import annotations

import base64
from urllib.parse import quote_plus

from oauthprov.protected_resource.tokens import TokenInfo
from oauthprov.resource_server import answers
from oauthprov.resource_server.issuer import TOKEN_LIMIT, Issuer
from oauthprov.settings.resource_server import ResourceServer


class Introspection:
    """The issuer's introspection endpoint, as the client that the settings name."""

    def __init__(self, settings: ResourceServer, issuer: Issuer) -> None:
        self._issuer = issuer
        self._headers = {"Authorization": _basic(settings.client_id, settings.client_secret)}

    def token_info(self, raw: str) -> TokenInfo | None:
        """Return the data of a live bearer token, None for any other. Raises Unavailable."""
        if len(raw) > TOKEN_LIMIT:
            return None
        form = {"token": raw, "token_type_hint": "access_token"}
        with self._issuer.asked_to("introspect a token"):
            content = self._issuer.submit("introspection_endpoint", form, self._headers)
            return answers.token_info(answers.parsed(content), self._issuer.url)


def _basic(client_id: str, secret: str) -> str:
    """Return the Authorization header, its parts form-encoded (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")

"""The OpenID Connect part of the demo's client of the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from oauthprov.demo.authorization import SignInRequest
from oauthprov.demo.errors import ProviderUnavailable, TokenRefused
from oauthprov.demo.openid import id_token, logout_token
from oauthprov.demo.openid.keys import ProviderKeys
from oauthprov.demo.openid.logout_token import LogoutToken, SeenTokens
from oauthprov.demo.openid.metadata import OpenIDMetadata, openid_configuration_url
from oauthprov.demo.openid.signed_in import SignedIn
from oauthprov.demo.provider import Provider
from oauthprov.demo.tokens import Tokens

_METADATA_SECONDS = 300


class OpenIDProvider:
    """The provider in its role of signing users in.

    Every method may raise ``ProviderUnavailable``.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys = ProviderKeys(provider.document, provider.clock)
        self._seen = SeenTokens()
        self._metadata: tuple[int, OpenIDMetadata] | None = None

    def metadata(self) -> OpenIDMetadata:
        """Return the OpenID configuration of the provider, at most five minutes old."""
        now, cached = self._provider.clock(), self._metadata
        if cached is None or now - cached[0] >= _METADATA_SECONDS:
            issuer = self._provider.settings.issuer
            document = self._provider.document(openid_configuration_url(issuer))
            cached = self._metadata = now, OpenIDMetadata.parse(document, issuer)
        return cached[1]

    def request(self, *, again: bool, before: SignedIn | None = None) -> SignInRequest:
        """Return a sign-in request; ``again`` requires a new sign-in at the provider.

        The name of ``before``, the user signed in here so far, is sent as a hint. With
        ``prompt=login`` alone a client can't verify the new sign-in; ``max_age`` makes the
        provider send its time (OpenID Connect Core section 3.1.2.1).
        """
        return SignInRequest(
            self.metadata(),
            asked_at=self._provider.clock(),
            prompt="login" if again else None,
            max_age=0 if again else None,
            login_hint=before.login_hint if again and before else None,
        )

    def signed_in(self, tokens: Tokens, request: SignInRequest) -> SignedIn:
        """Return the user whose sign-in gave ``tokens``. Raises ``TokenRefused``."""
        proof = id_token.validated(tokens, self._keys, request, **self._expected())
        assert tokens.id_token is not None  # noqa: S101 - else it isn't validated
        userinfo = self._userinfo(tokens, request.metadata, proof.sub)
        return SignedIn(proof, tokens.id_token, userinfo)

    def logged_out(self, token: str) -> LogoutToken:
        """Validate and return the logout ``token``. Raises ``TokenRefused``."""
        metadata = self.metadata()
        return logout_token.validated(token, self._keys, metadata, self._seen, **self._expected())

    def end_session_url(self, signed_in: SignedIn, state: str) -> str:
        """Return the URL of a logout request (RP-Initiated Logout section 2)."""
        endpoint = self.metadata().end_session_endpoint
        if endpoint is None:
            raise ProviderUnavailable("The provider offers no logout.")
        query = {
            "id_token_hint": signed_in.id_token,
            "post_logout_redirect_uri": self._provider.settings.post_logout_redirect_uri,
            "state": state,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def _userinfo(self, tokens: Tokens, metadata: OpenIDMetadata, sub: str) -> Mapping[str, Any]:
        """Return the UserInfo claims; they must be for ``sub`` (section 5.3.2)."""
        if metadata.userinfo_endpoint is None:
            return {}
        said = self._provider.document(metadata.userinfo_endpoint, tokens)
        if not isinstance(said, dict):
            raise ProviderUnavailable("UserInfo gave an answer that can't be read.")
        if said.get("sub") != sub:
            raise TokenRefused("UserInfo is about somebody else (sub).")
        return said

    def _expected(self) -> dict[str, Any]:
        return {"client_id": self._provider.settings.client_id, "now": self._provider.clock()}

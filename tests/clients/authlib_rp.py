"""A small relying party built from the parts of Authlib's web framework clients.

Authlib has no dynamic registration, request objects, signed UserInfo or logout tokens for relying
parties: these are done with requests and joserfc, its own JOSE library, and its claims classes.
"""

from __future__ import annotations

from typing import Any

import requests
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.claims import JWTClaims
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from authlib.oidc.registration import ClientMetadataClaims
from authlib.oidc.rpinitiated import OpenIDProviderMetadata as WithLogout
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.clients.key import JWKS, KEY
from tests.conformance.provider import Certified

Json = dict[str, Any]

SCOPE = "openid profile email offline_access"
"""The library sends it in refresh requests too."""


class _App(OAuth2Mixin, OpenIDMixin, BaseApp):
    client_cls = OAuth2Session

    def _on_update_token(self, *_: object, **__: object) -> None:
        """No web framework stores the tokens here."""


class RelyingParty:
    """It discovers the provider and registers itself with ``metadata`` when it is made.

    ``app`` is the library's client, ``registered`` what the provider answered.
    """

    def __init__(self, provider: Certified, base_url: str | None = None, **metadata: object):
        self._ca_file = provider.ca_file
        self.redirect_uri = f"{base_url or provider.suite_url}/callback"
        self.discovered = self._discover(provider.issuer)
        self.registered = self._register(metadata)
        method = self.registered["token_endpoint_auth_method"]
        by_key = method == "private_key_jwt"
        self.app = _App(
            None,
            client_id=self.registered["client_id"],
            client_secret=KEY if by_key else self.registered.get("client_secret"),
            client_auth_methods=[PrivateKeyJWT()] if by_key else None,
            server_metadata_url=get_well_known_url(provider.issuer, external=True),
            client_kwargs={
                "scope": SCOPE,
                "verify": provider.ca_file,
                "trust_env": False,
                "token_endpoint_auth_method": method,
                "code_challenge_method": "S256",
            },
        )

    def _discover(self, issuer: str) -> OpenIDProviderMetadata:
        response = requests.get(
            get_well_known_url(issuer, external=True), verify=self._ca_file, timeout=30
        )
        metadata = OpenIDProviderMetadata(response.json())
        metadata.validate(metadata_classes=[WithLogout])
        assert metadata["issuer"] == issuer
        return metadata

    def _register(self, more: Json) -> Json:
        metadata = {
            "client_name": "App",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "jwks": JWKS,
        } | more
        endpoint = self.discovered["registration_endpoint"]
        response = requests.post(endpoint, json=metadata, verify=self._ca_file, timeout=30)
        assert response.status_code == 201, response.text
        options = ClientMetadataClaims.get_claims_options(self.discovered)
        ClientMetadataClaims(response.json(), {}, options).validate()
        return response.json()

    def begin(self, **asked: str) -> Json:
        """Return the authorization URL as ``url``, and the values to check the response with."""
        return self.app.create_authorization_url(self.redirect_uri, **asked)

    def finish(self, begun: Json, answer: Json) -> Json:
        """Check an authorization response, and exchange its code if there is one."""
        assert (answer["state"], answer["iss"]) == (begun["state"], self.discovered["issuer"])
        if "code" not in answer:
            return answer
        return self.app.fetch_access_token(
            self.redirect_uri, code=answer["code"], code_verifier=begun["code_verifier"]
        )

    def validated(self, tokens: Json, nonce: str | None, claims_cls: Any = None) -> Json:
        """Return the claims of the ID token among these."""
        options = {
            "iss": {"essential": True, "value": self.discovered["issuer"]},
            "aud": {"essential": True, "value": self.registered["client_id"]},
        }
        return self.app.parse_id_token(tokens, nonce, options, claims_cls)

    def refreshed(self, tokens: Json) -> Json:
        """Return new tokens; the library's client has its session do it."""
        with self.app._get_oauth_client(**self.app.load_server_metadata()) as session:
            session.token = tokens
            return dict(session.refresh_token())

    def signed(self, claims: Json) -> str:
        """Return a token of this client for the provider."""
        about = {"iss": self.app.client_id, "aud": self.discovered["issuer"]}
        return jwt.encode({"alg": "RS256", "kid": KEY.kid}, about | claims, KEY)

    def opened(self, token: str, algorithm: str) -> JWTClaims:
        """Return the claims of a token of the provider for this client."""
        keys = KeySet.import_key_set(self.app.fetch_jwk_set())
        found = jwt.decode(token, keys, algorithms=[algorithm])
        options = {
            "iss": {"essential": True, "value": self.discovered["issuer"]},
            "aud": {"essential": True, "value": self.registered["client_id"]},
        }
        claims = JWTClaims(found.claims, found.header, options)
        claims.validate()
        return claims

"""The suite's client: it pushes requests, redeems codes and asks resources as each module does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from webtest import TestResponse

from oauthprov.credentials import mint_id
from oauthprov.protocol.authentication.private_key_jwt import TYPE
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey, parse_key_set
from oauthprov.records import Client
from tests.certificates import PROXY_SECRET, Certificate
from tests.conformance.fapi.variants import DPOP, MTLS, Variant
from tests.oauth import challenge
from tests.proofs import Holder
from tests.site import CALLBACK, VERIFIER, Browser, Site

Json = dict[str, Any]
CERTIFICATE = "X-Client-Certificate"
ALGORITHMS = ("PS256", "ES256", "EdDSA", "Ed25519")
"""Those of FAPI 2.0 Security Profile 5.4.1, with both names of EdDSA by Ed25519."""


@dataclass
class RelyingParty:
    """One client of a module, and the metadata of the server.

    ``key`` signs assertions and requests, ``holder`` proofs. ``certificate`` is presented where
    one is, at endpoints and resources.
    """

    site: Site
    variant: Variant
    server: Json
    client: Client
    key: PrivateKey
    certificate: Certificate
    holder: Holder = field(default_factory=Holder)

    @property
    def scheme(self) -> str:
        """The type of bound tokens: a certificate leaves them bearer tokens (RFC 8705)."""
        return "DPoP" if self.variant.sender_constrain == DPOP else "Bearer"

    @property
    def issuer(self) -> str:
        return self.site.issuer

    @property
    def now(self) -> int:
        return self.site.clock()

    # What proves this client and its requests

    def assertion(self, key: PrivateKey | None = None, **claims: Any) -> str:
        """A good client assertion, but for ``claims``; one of None is left out."""
        said = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": self.issuer,
            "jti": mint_id(),
            "iat": self.now,
            "exp": self.now + 60,
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jose.sign(said, key or self.key, typ=None)

    def credentials(self, **claims: Any) -> dict[str, str]:
        """The parameters that authenticate this client, or name it beside its certificate."""
        if self.variant.client_auth_type == MTLS:
            return {"client_id": self.client.client_id}
        return self.presenting(self.assertion(**claims))

    def presenting(self, assertion: str) -> dict[str, str]:
        """The parameters that carry an assertion."""
        return {"client_assertion_type": TYPE, "client_assertion": assertion}

    def binding(self, url: str, holder: Holder | None = None, **claims: Any) -> dict[str, str]:
        """The headers that bind what is issued to a key: that of a proof, or of a certificate."""
        if self.variant.sender_constrain == MTLS:
            return self.certified
        proof = (holder or self.holder).proof("POST", url, self.now, **claims)
        return {"DPoP": proof}

    @property
    def certified(self) -> dict[str, str]:
        """The headers of a proxy to which the certificate was presented."""
        return {CERTIFICATE: self.certificate.nginx, "Oauthprov-Proxy-Secret": PROXY_SECRET}

    @property
    def unauthenticated(self) -> dict[str, str]:
        """The headers of a token request that is bound, if that doesn't authenticate it too."""
        if self.variant.client_auth_type == self.variant.sender_constrain == MTLS:
            return {}
        return self.binding(self.server["token_endpoint"])

    # Pushing

    def asking(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a request; None leaves one out."""
        asked = {
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile profile:read" if self.variant.openid else "profile:read",
            "state": mint_id(),
            "nonce": mint_id() if self.variant.openid else None,
            "code_challenge": challenge(VERIFIER),
            "code_challenge_method": "S256",
            "response_mode": "jwt" if self.variant.signed else None,
        } | changes
        return {name: value for name, value in asked.items() if value is not None}

    def signed(
        self,
        asked: Json,
        key: PrivateKey | None = None,
        typ: str | None = "oauth-authz-req+jwt",
        **claims: Any,
    ) -> str:
        """A good request object of these parameters, but for ``claims``."""
        said = {
            "iss": self.client.client_id,
            "aud": self.issuer,
            "client_id": self.client.client_id,
            "nbf": self.now,
            "exp": self.now + 300,
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jose.sign(said | asked, key or self.key, typ=typ)

    def form(self, asked: Json, **claims: Any) -> Json:
        """What a client pushes: the parameters, or a request object of them."""
        if self.variant.signed:
            return {"request": self.signed(asked, **claims)}
        return asked

    def post(
        self, path: str, form: Json, headers: dict[str, str] | None = None, **claims: Any
    ) -> TestResponse:
        """Post a form to an endpoint as this client; ``claims`` are of its assertion.

        Empty ``headers`` bind to nothing, not to the certificate that authenticates either.
        """
        given = dict(headers or {})
        unbound = headers == {} and self.variant.sender_constrain == MTLS
        if self.variant.client_auth_type == MTLS and not unbound:
            given |= self.certified
        return self.site.post(path, self.credentials(**claims) | form, headers=given)

    def push(self, asked: Json, headers: dict[str, str] | None = None) -> TestResponse:
        """Push a request."""
        return self.post("/oauth/par", self.form(asked), headers)

    def pushed(self, asked: Json, headers: dict[str, str] | None = None) -> str:
        """Push a request that is good; return its ``request_uri``."""
        answer = self.push(asked, headers)
        assert (answer.status_int, answer.content_type) == (201, "application/json"), answer
        assert "no-store" in answer.headers["Cache-Control"]
        assert 5 <= answer.json["expires_in"] < 600
        return str(answer.json["request_uri"])

    # The authorization endpoint

    def url(self, request_uri: str, **beside: str) -> str:
        """The authorization URL of a pushed request, with parameters beside."""
        given = {"client_id": self.client.client_id, "request_uri": request_uri} | beside
        return self.site.url("/oauth/authorize?" + urlencode(given))

    def visit(self, browser: Browser, url: str, decision: str = "allow") -> TestResponse:
        """Go there as somebody who is signed in, and answer what is asked."""
        response = browser.follow(browser.get(url))
        return browser.decide(response, decision) if response.status_int == 200 else response

    def parameters(self, response: TestResponse) -> Json:
        """What arrives at the redirect URI, by the response mode of the variant."""
        assert response.status_int in (302, 303), response  # 307 would send a form on
        place, _, query = response.location.partition("?")
        assert place == CALLBACK
        assert not urlsplit(response.location).fragment
        given = dict(parse_qsl(query, strict_parsing=True))
        return self.opened(given) if self.variant.signed else given

    def opened(self, given: Json) -> Json:
        """What a JWT says that is a response, once it is verified (JARM section 2.4)."""
        assert set(given) == {"response"}
        claims = self.verified(given["response"], types=(None, "JWT"))
        assert claims.pop("aud") == self.client.client_id
        assert claims.pop("exp") - self.now <= 600
        claims.pop("iat", None)
        return claims

    def verified(
        self, token: str, types: tuple[str | None, ...], required: tuple[str, ...] = ("exp",)
    ) -> Json:
        """The claims of a token that the server signed with an algorithm of the profile."""
        keys = parse_key_set(json.dumps(self.site.get(self.server["jwks_uri"]).json))
        verified = jose.verify(
            token, keys, algorithms=ALGORITHMS, types=types, now=self.now, required=required
        )
        assert verified.claims["iss"] == self.issuer
        return dict(verified.claims)

    def allowed(self, browser: Browser, asked: Json, **beside: str) -> Json:
        """Push a request, have it allowed, check the response and return it."""
        given = self.parameters(self.visit(browser, self.url(self.pushed(asked), **beside)))
        assert "error" not in given, given
        assert given.get("state") == asked.get("state")
        assert given["iss"] == self.issuer
        return given

    # Tokens and resources

    def token(self, form: Json, headers: dict[str, str] | None = None) -> TestResponse:
        """Post to the token endpoint as this client, with a good proof unless others are given."""
        if headers is None:
            headers = self.binding(self.server["token_endpoint"])
        return self.post("/oauth/token", form, headers)

    def redeem(
        self, code: str, headers: dict[str, str] | None = None, **changes: str | None
    ) -> TestResponse:
        """Exchange a code; a parameter of None is left out."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        return self.token({name: text for name, text in form.items() if text}, headers)

    def granted(self, answer: TestResponse) -> Json:
        """The tokens of a response that is in order."""
        assert (answer.status_int, answer.content_type) == (200, "application/json"), answer
        assert "no-store" in answer.headers["Cache-Control"]
        tokens = dict(answer.json)
        assert tokens["token_type"] == self.scheme
        assert ("id_token" in tokens) is self.variant.openid
        return tokens

    def flow(self, browser: Browser, **changes: str | None) -> Json:
        """Go through it all; return the tokens, once the resource has taken the access token."""
        asked = self.asking(**changes)
        tokens = self.granted(self.redeem(self.allowed(browser, asked)["code"]))
        if self.variant.openid:
            assert self.id_token(tokens).get("nonce") == asked.get("nonce")
        assert self.resource(tokens["access_token"]).status_int == 200
        return tokens

    def id_token(self, tokens: Json) -> Json:
        """The claims of the ID token."""
        claims = self.verified(tokens["id_token"], types=("JWT",))
        assert claims["aud"] == self.client.client_id
        return claims

    def refresh(self, refresh_token: str, headers: dict[str, str] | None = None) -> TestResponse:
        """Use a refresh token."""
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token}, headers)

    def resource(
        self,
        access_token: str,
        proof: str | None = None,
        *,
        scheme: str | None = None,
        url: str | None = None,
        query: str = "",
        **claims: Any,
    ) -> TestResponse:
        """Ask a protected resource, with a good proof but for ``claims``, or with ``proof``."""
        url = url or f"{self.issuer}/api/me"
        headers = {"Authorization": f"{scheme or self.scheme} {access_token}"}
        if self.variant.sender_constrain == MTLS:
            headers |= self.certified
        else:
            made = self.holder.proof("GET", url, self.now, token=access_token, **claims)
            headers["DPoP"] = made if proof is None else proof
        return self.site.get(url + query, headers=headers)


def error(answer: TestResponse) -> str:
    """The error of a response in JSON (RFC 6749 section 5.2, RFC 9126 section 2.3)."""
    assert answer.status_int in (400, 401), answer
    assert answer.content_type == "application/json"
    assert set(answer.json) <= {"error", "error_description", "error_uri"}
    expected = 401 if answer.json["error"] == "invalid_client" else 400
    assert answer.status_int == expected
    return str(answer.json["error"])

"""The suite's client: it sends requests and checks every response as each module does."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import requests
from joserfc.jwk import RSAKey

from tests.conformance import authorization, id_tokens, registration, signing, tokens, userinfo
from tests.conformance.browser import Arrival, Browser, Page, trusting, with_query
from tests.conformance.id_tokens import IdToken
from tests.conformance.metadata import Server, discover
from tests.conformance.provider import Certified

Json = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """The variant that a plan runs its modules with."""

    response_type: str
    response_mode: str | None = None

    def __str__(self) -> str:
        words = [
            *self.response_type.split(),
            *([self.response_mode] if self.response_mode else []),
        ]
        return "+".join(words)

    @property
    def words(self) -> set[str]:
        return set(self.response_type.split())

    @property
    def gives_access_token(self) -> bool:
        return not self.words.isdisjoint({"code", "token"})


@dataclass(frozen=True)
class Outcome:
    """What a whole flow gave. ``response`` is that of the authorization endpoint."""

    response: dict[str, str]
    id_token: IdToken
    access_token: str | None
    tokens: Json
    request: dict[str, str]

    @property
    def sub(self) -> str:
        return str(self.id_token["sub"])


@dataclass
class RelyingParty:
    """One client of one module; ``client`` is what it knows of itself.

    ``key`` signs what it signs, for ``audience`` where that isn't the token endpoint.
    """

    provider: Certified
    http: requests.Session
    server: Server
    variant: Variant
    client: Json
    method: str = "client_secret_basic"
    scope: str = "openid"
    key: RSAKey = field(default_factory=lambda: registration.KEY)
    audience: str | None = None
    used: dict[str, str] = field(default_factory=dict)

    @property
    def redirect_uri(self) -> str:
        return self.client.get("redirect_uris", [f"{self.provider.suite_url}/callback"])[0]

    def asking(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of a request; None leaves one out."""
        asked = {
            "client_id": self.client["client_id"],
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": self.variant.response_type,
            "response_mode": self.variant.response_mode,
        } | changes
        return {name: value for name, value in asked.items() if value is not None}

    def ask(self, browser: Browser, asked: dict[str, str], method: str = "GET") -> Arrival | Page:
        """Send a browser to the authorization endpoint."""
        return browser.visit(self.url(asked), self.provider.entries(), method)

    def look(self, browser: Browser, asked: dict[str, str], module: str) -> Page:
        """Send a browser there for a module that ends on a page of the provider; return that."""
        return browser.look(self.url(asked), self.provider.entries(module))

    def url(self, asked: dict[str, str]) -> str:
        """Return the authorization URL of a request."""
        return with_query(self.server["authorization_endpoint"], asked)

    def refused(self, arrival: Arrival | Page, asked: dict[str, str]) -> str:
        """Return the error that an authorization response says, once it is in order."""
        return self.error(self.parameters(arrival), asked)

    def error(self, given: dict[str, str], asked: dict[str, str]) -> str:
        """Return the error among the parameters given, once they are in order."""
        return authorization.check_error(given, asked["state"], self.provider.issuer)

    def parameters(self, arrival: Arrival | Page) -> dict[str, str]:
        """Return what arrived at the redirect URI, in the place of the variant."""
        if isinstance(arrival, Arrival):
            arrival = arrival.beside(self.redirect_uri)
        variant = self.variant
        return authorization.parameters(arrival, variant.response_type, variant.response_mode)

    def flow(self, browser: Browser, method: str = "GET", **changes: str | None) -> Outcome:
        """Go through it all: the request, the tokens, and UserInfo."""
        asked = self.asking(**changes)
        return self.finish(self.ask(browser, asked, method), asked)

    def finish(self, arrival: Arrival | Page, asked: dict[str, str], **form: str) -> Outcome:
        """Check an authorization response and do all that follows it."""
        given = self.parameters(arrival)
        authorization.check_success(given, asked["state"], self.provider.issuer)
        granted = given
        if "code" in self.variant.words:
            authorization.check_entropy(given["code"], 96)
            granted = self.redeem(given["code"], **form)
        id_token = self.validated(granted["id_token"], asked.get("nonce"))
        access_token = granted.get("access_token")
        assert (access_token is not None) is self.variant.gives_access_token
        if access_token is not None:
            required = self.variant.response_type == "id_token token"
            id_tokens.check_hash(id_token, "at_hash", access_token, required=required)
            self.check_userinfo(access_token, id_token["sub"])
        return Outcome(given, id_token, access_token, granted, asked)

    def redeem(self, code: str, **form: str) -> Json:
        """Exchange a code; ``used`` keeps the form."""
        grant = {"grant_type": "authorization_code", "code": code}
        self.used = grant | {"redirect_uri": self.redirect_uri} | form
        return tokens.granted(self.token(**self.used))

    def token(self, **form: str) -> Any:
        """Post to the token endpoint as this client."""
        endpoint = self.server["token_endpoint"]
        if self.method == "private_key_jwt":
            client_id, audience = self.client["client_id"], self.audience or endpoint
            form |= signing.client_assertion(client_id, audience, self.key, self.provider.clock())
        return tokens.post(endpoint, self.http, self.client, self.method, **form)

    def userinfo(self, access_token: str, how: Any = userinfo.get) -> Any:
        """Ask UserInfo, one of the ways that userinfo.py has."""
        return how(self.server["userinfo_endpoint"], self.http, access_token)

    def check_userinfo(self, access_token: str, sub: str) -> None:
        """UserInfo has this client's format and the same person's ``sub``."""
        response, now = self.userinfo(access_token), self.provider.clock()
        if "userinfo_signed_response_alg" in self.client:
            userinfo.signed(response, self.server, self.client, sub, now)
        else:
            userinfo.said(response, sub, now)

    def validated(self, raw: str, nonce: str | None) -> IdToken:
        """Validate an ID token for this client."""
        now = self.provider.clock()
        token = id_tokens.validated(raw, self.server, self.client["client_id"], nonce, now)
        userinfo.check_types(token.claims, now)
        return token


class Suite:
    """What one module works with; ``way`` is how its clients are registered.

    ``method`` is how they authenticate, unless they are known for another.
    """

    def __init__(
        self,
        provider: Certified,
        variant: Variant,
        way: str,
        method: str = "client_secret_basic",
    ) -> None:
        self.provider = provider
        self.variant = variant
        self.way = way
        self.method = method
        self.http = trusting(provider.ca_file)
        self.http.headers["Accept"] = "application/json;charset=UTF-8"
        self.server = discover(provider.plan["server"]["discoveryUrl"], self.http)
        self._registered: list[Json] = []
        self._browsers: list[Browser] = []

    def browser(self) -> Browser:
        """A person with a new browser."""
        self._browsers.append(Browser(self.provider.ca_file, self.provider.suite_url))
        return self._browsers[-1]

    def client(
        self, name: str = "client", scope: str = "openid", module: str = "", **metadata: object
    ) -> RelyingParty:
        """Return the client of that name in the plan, or one that is registered now.

        ``module`` may have a static client of its own.
        """
        method = "client_secret_post" if name == "client_secret_post" else self.method
        assert method in self.server["token_endpoint_auth_methods_supported"]
        if self.way == "static":
            plan = self.provider.plan
            client = plan["override"].get(module, {}).get(name, plan[name])
        else:
            client = self.register(method, **metadata)
        return RelyingParty(
            self.provider, self.http, self.server, self.variant, client, method, scope
        )

    def register(self, method: str = "", **metadata: object) -> Json:
        """Register a client; it is removed at the end of the module."""
        asked = self._metadata(method or self.method, **metadata)
        client = registration.register(self.server["registration_endpoint"], self.http, asked)
        self._registered.append(client)
        return client

    def refused(self, **metadata: object) -> str:
        """Return the error of a registration that is refused."""
        asked = self._metadata(self.method, **metadata)
        return registration.refused(self.server["registration_endpoint"], self.http, asked)

    def _metadata(self, method: str, **metadata: object) -> Json:
        redirect_uri = f"{self.provider.suite_url}/callback"
        return registration.request(self.variant.response_type, redirect_uri, method, **metadata)

    def close(self) -> None:
        """Remove what was registered, and hang up."""
        for client in self._registered:
            registration.unregister(client, self.http)
        self.http.close()
        for browser in self._browsers:
            browser.close()

"""The flows as a client does them, each answer checked in full: what the load relies on."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bench.compare.browser import FORM, Browser, Lost
from bench.compare.serving import ISSUER, Server

CALLBACK = "https://app.example/callback"
VERIFIER = secrets.token_urlsafe(48)
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@contextmanager
def _judging() -> Iterator[None]:
    """Make Lost of what comes of an answer that lacks something or isn't well-formed."""
    try:
        yield
    except (KeyError, TypeError, ValueError, JoseError) as problem:
        raise Lost(f"a wrong answer: {problem!r}") from problem


@dataclass
class Seat:
    """What one connection of the load uses: a signed-in browser, and tokens."""

    browser: Browser
    access: str = ""
    refresh: str = ""


@dataclass(frozen=True)
class Client:
    """A client of one server, for the calls before and after the load."""

    server: Server
    password: str

    def basic(self, kind: str = "web") -> str:
        """Return the Authorization header of a client."""
        pair = ":".join(self.server.clients[kind])
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def sign_in(self) -> Seat:
        """Return a seat with a browser in which alice is signed in and has consented to all."""
        browser = Browser(self.server.port)
        seat = Seat(browser)
        self.authorize(seat, "openid profile:read")
        return seat

    @_judging()
    def authorize(self, seat: Seat, scope: str) -> dict[str, Any]:
        """Authorize and redeem the code: the seat has new tokens, and the response is returned.

        Raises Lost at a wrong answer.
        """
        nonce = secrets.token_urlsafe(12)
        query = {
            "response_type": "code",
            "client_id": self.server.clients["web"][0],
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": secrets.token_urlsafe(12),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        if "openid" in scope.split():
            query["nonce"] = nonce
        origin = ISSUER if self.server.target.ours else f"http://127.0.0.1:{self.server.port}"
        url = f"{origin}{self.server.target.paths.authorize}?{urlencode(query)}"
        answer = parse_qs(urlsplit(seat.browser.visit(url, self.password)).query)
        _expect(answer.get("state") == [query["state"]] and "code" in answer, answer)
        tokens = self.token(
            grant_type="authorization_code",
            code=answer["code"][0],
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )
        seat.access, seat.refresh = tokens["access_token"], tokens["refresh_token"]
        if "openid" in scope.split():
            tokens["sub"] = self._subject(tokens["id_token"], nonce)
        return tokens

    def _subject(self, id_token: str, nonce: str) -> str:
        keys = KeySet.import_key_set(self._get(self.server.target.paths.jwks))
        claims = jwt.decode(id_token, keys, algorithms=["RS256"]).claims
        _expect(claims["nonce"] == nonce, claims)
        return str(claims["sub"])

    def token(self, kind: str = "web", **form: str) -> dict[str, Any]:
        """Return a token response."""
        return self._send("POST", self.server.target.paths.token, self.basic(kind), form)

    def introspect(self, token: str) -> dict[str, Any]:
        path = self.server.target.paths.introspect
        return self._send("POST", path, self.basic(), {"token": token})

    def userinfo(self, token: str) -> dict[str, Any]:
        return self._send("GET", self.server.target.paths.userinfo, f"Bearer {token}")

    def _get(self, path: str) -> Any:
        return self._send("GET", path)

    def _send(
        self, method: str, path: str, authorization: str = "", form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": authorization} if authorization else {}
        if form is not None:
            headers["Content-Type"] = FORM
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request(method, path, urlencode(form or {}), headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise Lost(f"{method} {path} answered {response.status}: {body[:500]!r}")
        return dict(json.loads(body))


@_judging()
def prove(client: Client, seat: Seat) -> str:
    """Go through every flow once and return alice's ``sub``; raises Lost at a wrong answer."""
    tokens = client.authorize(seat, "openid")
    sub = str(tokens["sub"])
    _expect(client.userinfo(seat.access)["sub"] == sub, "UserInfo has another sub")
    tokens = client.authorize(seat, "profile:read")
    _expect("id_token" not in tokens, "an ID token without the scope openid")
    told = client.introspect(seat.access)
    _expect(told["active"] is True and "profile:read" in told["scope"].split(), told)
    old = seat.refresh
    new = client.token(grant_type="refresh_token", refresh_token=old)
    _expect(new["refresh_token"] != old and new["access_token"] != seat.access, new)
    _expect(client.introspect(new["access_token"])["active"] is True, "a dead new access token")
    machine = client.token("machine", grant_type="client_credentials", scope="profile:read")
    _expect(machine["token_type"].lower() == "bearer" and machine["access_token"], machine)
    _expect(client.introspect(seat.access[::-1])["active"] is False, "a token never issued")
    return sub


def prove_stored(client: Client) -> None:
    """Raise Lost unless a new token is a new record: only while nothing expires yet."""
    before = client.server.store.records()
    client.token("machine", grant_type="client_credentials", scope="profile:read")
    _expect(client.server.store.records() > before, "a token that isn't stored")


def _expect(right: object, what: object) -> None:
    if not right:
        raise Lost(f"a wrong answer: {what}")

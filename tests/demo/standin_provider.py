"""A stand-in for the provider, served over real HTTP: only one that errs on purpose can show what
the demo does then. The walk in tests/browser takes it to the real one.

It keeps the rules that the demo must keep to: PKCE, exact redirect URI, single use, rotation.
What it does wrong on purpose is said by its attributes, all off by default.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from urllib.parse import unquote_plus, urlencode, urlsplit

from webob import Request, Response

from tests.servers.wsgi import Server


class StandInProvider:
    """One client, one account, and the documents and endpoints that the demo uses."""

    def __init__(self, *, path: str = "", public: bool = False) -> None:
        self.client_id = "the demo"
        self.client_secret = None if public else "s:e/c+r%et"
        self.redirect_uri = "http://localhost:8000/callback"
        self.metadata_changes: dict[str, object] = {}
        self.response_changes: dict[str, str | None] = {}
        self.deny: str | None = None
        self.expires_in = 3600
        self.gives_refresh_token = True
        self.metadata_answer: Response | None = None
        self.token_answer: Response | None = None
        self.resource_answer: Response | None = None
        self.revocation_answer: Response | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.access_tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.secrets_seen = [self.client_secret] if self.client_secret else []
        self.calls: list[str] = []
        self.token_requests: list[dict[str, str]] = []
        self._server = Server()
        self.root = self._server.root
        self.path = path
        self.issuer = self.root + path
        self._server.start(self)

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def kill_all_tokens(self) -> None:
        """Do what a person does on the page of connected apps."""
        self.access_tokens.clear()
        self.refresh_tokens.clear()

    def __call__(self, environ, start_response):
        request = Request(environ)
        self.calls.append(request.path)
        endpoint = self.endpoints().get(request.path)
        response = endpoint(request) if endpoint else Response(status=404)
        return response(environ, start_response)

    def endpoints(self) -> dict[str, Callable[[Request], Response]]:
        """Where what is answered."""
        return {
            "/.well-known/oauth-authorization-server" + self.path: self._metadata,
            self.path + "/oauth/authorize": self._authorize,
            self.path + "/oauth/token": self._token,
            self.path + "/oauth/revoke": self._revoke,
            self.path + "/api/me": self._me,
        }

    def issued(self, answer: dict[str, object], asked: dict[str, str]) -> dict[str, object]:
        """Return the token response to a request, which begins as ``answer``."""
        return answer

    def metadata(self) -> dict[str, object]:
        """Return what the provider says about itself, faults included."""
        document: dict[str, object] = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/oauth/authorize",
            "token_endpoint": self.issuer + "/oauth/token",
            "revocation_endpoint": self.issuer + "/oauth/revoke",
            "scopes_supported": ["profile", "email"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        document |= self.metadata_changes
        return {k: v for k, v in document.items() if v is not None}

    def _metadata(self, request: Request) -> Response:
        return self.metadata_answer or Response(json_body=self.metadata())

    def _authorize(self, request: Request) -> Response:
        asked = request.GET
        known = asked["client_id"] == self.client_id
        if not known or asked["redirect_uri"] != self.redirect_uri:
            return Response("Unknown client or redirect URI", status=400)
        answer: dict[str, str | None] = {"state": asked["state"], "iss": self.issuer}
        if self.deny is not None:
            answer |= {"error": self.deny, "error_description": "alice said <no>"}
        elif asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            answer |= {"error": "invalid_request", "error_description": "PKCE is missing"}
        else:
            answer["code"] = self._mint()
            self.codes[answer["code"]] = dict(asked)
        answer |= self.response_changes
        query = urlencode({k: v for k, v in answer.items() if v is not None})
        return Response(status=303, location=f"{self.redirect_uri}?{query}")

    def _token(self, request: Request) -> Response:
        if self.token_answer is not None:
            return self.token_answer
        if not self._authenticated(request):
            return _error("invalid_client", 401)
        form = request.POST
        self.token_requests.append(dict(form))
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return _error("invalid_grant")
            self.refresh_tokens.remove(form["refresh_token"])
            return self._issue({})
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return _error("invalid_grant")
        return self._issue(asked)

    def _issue(self, asked: dict[str, str]) -> Response:
        answer = {"access_token": self._mint(), "token_type": "Bearer"}
        answer["expires_in"] = self.expires_in
        if "scope" in asked:
            answer["scope"] = asked["scope"]
        self.access_tokens = {answer["access_token"]}
        if self.gives_refresh_token:
            answer["refresh_token"] = self._mint()
            self.refresh_tokens.add(answer["refresh_token"])
        return Response(json_body=self.issued(answer, asked))

    def _revoke(self, request: Request) -> Response:
        if self.revocation_answer is not None:
            return self.revocation_answer
        if not self._authenticated(request):
            return _error("invalid_client", 401)
        if request.POST["token"] in self.refresh_tokens | self.access_tokens:
            self.kill_all_tokens()
        return Response()

    def _me(self, request: Request) -> Response:
        if self.resource_answer is not None:
            return self.resource_answer
        _, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if token not in self.access_tokens:
            challenge = 'Bearer realm="api", error="invalid_token", error_description="It ended"'
            return Response(status=401, headerlist=[("WWW-Authenticate", challenge)])
        return Response(json_body={"username": "alice <b>", "scopes": ["profile"]})

    def _authenticated(self, request: Request) -> bool:
        if self.client_secret is None:
            return request.POST.get("client_id") == self.client_id
        scheme, _, credentials = (request.headers.get("Authorization") or "").partition(" ")
        if scheme != "Basic":
            return False
        name, _, secret = base64.b64decode(credentials).decode().partition(":")
        return [unquote_plus(name), unquote_plus(secret)] == [self.client_id, self.client_secret]

    def _mint(self) -> str:
        secret = secrets.token_urlsafe(32)
        self.secrets_seen.append(secret)
        return secret


def path_and_query(url: str) -> str:
    """Return what a browser that follows ``url`` puts in its request line."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _error(code: str, status: int = 400) -> Response:
    body = {"error": code, "error_description": f"{code}, says the stand-in"}
    return Response(json_body=body, status=status)

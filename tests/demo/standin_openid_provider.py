"""The stand-in as an OpenID provider: it signs with real keys, and misbehaves on demand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from webob import Request, Response

from tests.demo.standin_provider import StandInProvider

EVENT = "http://schemas.openid.net/event/backchannel-logout"
_MAKERS: dict[str, Callable[[], Key]] = {
    "RS256": lambda: RSAKey.generate_key(2048),
    "PS256": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
}
_MADE: dict[tuple[str, str], Key] = {}


def key_of(alg: str, kid: str = "first") -> Key:
    """The one key of that name, as making one takes a while."""
    if (alg, kid) not in _MADE:
        _MADE[alg, kid] = _MAKERS[alg]()
    return _MADE[alg, kid]


def said_in(token: str) -> dict[str, object]:
    """The claims of a token, whoever signed it."""
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def forged(token: str) -> str:
    """The same claims under the right key name, signed by somebody else."""
    return jwt.encode({"alg": "RS256", "kid": "first"}, said_in(token), key_of("RS256", "mallory"))


class StandInOpenIDProvider(StandInProvider):
    """Alice, signed in. ``claims`` and ``header`` change her ID token; None drops a member."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.clock = clock
        self.alg, self.kid = "RS256", "first"
        self.claims: dict[str, object] = {}
        self.header: dict[str, object] = {}
        self.userinfo: dict[str, object] = {}
        self.userinfo_answer: Response | None = None
        self.change_token: Callable[[str], str | None] = lambda token: token
        self.id_tokens: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.published: list[dict[str, object]] | None = None
        super().__init__()

    def endpoints(self) -> dict[str, Callable[[Request], Response]]:
        return super().endpoints() | {
            "/.well-known/openid-configuration": lambda _: Response(json_body=self.metadata()),
            "/jwks": lambda _: Response(json_body=self.jwks()),
            "/userinfo": self._userinfo,
        }

    def metadata(self) -> dict[str, object]:
        openid = {
            "jwks_uri": f"{self.root}/jwks",
            "userinfo_endpoint": f"{self.root}/userinfo",
            "end_session_endpoint": f"{self.root}/logout",
            "id_token_signing_alg_values_supported": [self.alg],
        }
        left_out = {name for name, value in self.metadata_changes.items() if value is None}
        document = openid | super().metadata()
        return {name: value for name, value in document.items() if name not in left_out}

    def jwks(self) -> dict[str, object]:
        if self.published is not None:
            return {"keys": self.published}
        return {"keys": [self.jwk()]}

    def jwk(self) -> dict[str, object]:
        """The public part of the key that signs."""
        members = {"kid": self.kid, "alg": self.alg, "use": "sig"}
        return key_of(self.alg, self.kid).as_dict(private=False) | members

    def issued(self, answer: dict[str, object], asked: dict[str, str]) -> dict[str, object]:
        if "nonce" not in asked:
            return answer
        self.requests.append(asked)
        now = self.clock()
        hashed = hashlib.sha512 if self.alg == "Ed25519" else hashlib.sha256
        digest = hashed(str(answer["access_token"]).encode()).digest()
        half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
        claims = self._claims() | {"nonce": asked["nonce"], "at_hash": half, "auth_time": now}
        token = self.change_token(self.sign(claims | self.claims, self.header))
        if token is None:
            return answer
        self.id_tokens.append(token)
        return answer | {"id_token": token}

    def logout_token(self, header: dict[str, object] | None = None, **changes: object) -> str:
        """A logout token for alice's session, with ``changes``."""
        claims = self._claims() | {"jti": self._mint(), "events": {EVENT: {}}}
        return self.sign(claims | changes, {"typ": "logout+jwt"} | (header or {}))

    def sign(self, claims: dict[str, object], header: dict[str, object]) -> str:
        """Sign what isn't None of both; ``alg`` of the header may be another."""
        made = {"alg": self.alg, "kid": self.kid, "typ": "JWT"} | header
        made = {name: value for name, value in made.items() if value is not None}
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(made, given, key_of(self.alg, self.kid), algorithms=[self.alg])

    def _claims(self) -> dict[str, object]:
        now = self.clock()
        return {
            "iss": self.issuer,
            "sub": "account-of-alice",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 120,
            "sid": "session-1",
        }

    def _userinfo(self, request: Request) -> Response:
        _, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if token not in self.access_tokens:
            return Response(status=401)
        said = {
            "sub": "account-of-alice",
            "name": "Alice <b>",
            "preferred_username": "alice",
            "email": "alice@example.org",
        }
        return self.userinfo_answer or Response(json_body=said | self.userinfo)

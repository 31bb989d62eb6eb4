"""``server.py`` for tokens that are bound to a key of the client (DPoP, RFC 9449).

FastMCP knows neither the scheme ``DPoP`` nor ``cnf``, so what is here stands around it: a request
by that scheme has its proof verified and goes on as a bearer request, and a bound token is valid
only with the proof of its key. A token without a key remains a bearer token.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

import uvicorn
from fastmcp.server.auth import AccessToken, TokenVerifier
from server import ORIGIN, RESOURCE, StepUp, auth, introspection, server
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from oauthprov.failures import JoseError
from oauthprov.protocol.keys.dpop import verify_proof
from oauthprov.protocol.keys.jwk import ALGORITHMS
from oauthprov.resource_server.proofs import InMemory

METADATA = f"{ORIGIN}/.well-known/oauth-protected-resource{RESOURCE.path}"
used = InMemory(time.time)
"""The proofs that this process has accepted."""
proven: ContextVar[str | None] = ContextVar("proven", default=None)
"""The thumbprint of the key whose proof the request has."""


class Proofs:
    """Verifies the proof of a request by the scheme ``DPoP``, whatever its token is."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        proven.set(None)
        request = Request(scope) if scope["type"] == "http" else None
        header = request.headers.get("authorization", "") if request is not None else ""
        scheme, _, token = header.partition(" ")
        if request is None or scheme.lower() != "dpop":
            await self.app(scope, receive, send)
            return
        try:
            proven.set(thumbprint(request, token.strip()))
        except JoseError as wrong:
            await refuse(wrong.reason)(scope, receive, send)
            return
        others = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
        bearer = (b"authorization", f"Bearer {token.strip()}".encode())
        await self.app({**scope, "headers": [*others, bearer]}, receive, send)


def thumbprint(request: Request, token: str) -> str:
    """Return that of the key that signed the proof, which is used up. Raises JoseError."""
    proof = verify_proof(
        ", ".join(request.headers.getlist("dpop")),
        method=request.method,
        url=RESOURCE.geturl(),  # the server's own name for itself, never that of the Host header
        now=int(time.time()),
        access_token=token,
    )
    if not used.is_first_use(proof):
        raise JoseError("the proof was used before")
    return proof.thumbprint


class Bound(TokenVerifier):
    """Accepts a token if its binding, or that it has none, is what the request has proven."""

    def __init__(self, verifier: TokenVerifier) -> None:
        super().__init__(required_scopes=verifier.required_scopes)
        self.verifier = verifier

    async def verify_token(self, token: str) -> AccessToken | None:
        found = await self.verifier.verify_token(token)
        if found is None:
            return None
        known = {} if proven.get() is None else {"jkt": proven.get()}
        return found if found.claims.get("cnf", {}) == known else None


def refuse(why: str) -> JSONResponse:
    answer = JSONResponse({"error": "invalid_dpop_proof", "error_description": why}, 401)
    bearer = f'Bearer resource_metadata="{METADATA}"'
    algorithms = " ".join(ALGORITHMS)
    dpop = f'DPoP error="invalid_dpop_proof", algs="{algorithms}", resource_metadata="{METADATA}"'
    for challenge in (bearer, dpop):  # some clients read the first challenge only
        answer.headers.append("WWW-Authenticate", challenge)
    return answer


auth.token_verifier = Bound(introspection)

if __name__ == "__main__":
    app = server.http_app(path=RESOURCE.path, middleware=[Middleware(StepUp)])
    uvicorn.run(Proofs(app), host="127.0.0.1", port=RESOURCE.port, log_level="warning")

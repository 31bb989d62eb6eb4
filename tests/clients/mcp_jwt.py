"""FastMCP's JWTVerifier, as a program: ``python mcp_jwt.py ISSUER RESOURCE TOKEN...``.

Its outcome has the scopes of each token that it accepts, and None for the others.
"""

from __future__ import annotations

import asyncio
import json
import sys

from fastmcp.server.auth.providers.jwt import JWTVerifier

issuer, resource, *tokens = sys.argv[1:]
verifier = JWTVerifier(
    jwks_uri=f"{issuer}/oauth/jwks", issuer=issuer, audience=resource, algorithm="RS256"
)


async def main() -> list[list[str] | None]:
    found = [await verifier.verify_token(token) for token in tokens]
    return [one and sorted(one.scopes) for one in found]


print(json.dumps({"outcome": {"accepted": asyncio.run(main())}}), flush=True)

"""Whether the sender of a request holds the key that its access token is bound to (RFC 9449 7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from oauthprov.failures import JoseError
from oauthprov.protected_resource import bindings
from oauthprov.protected_resource.schemes import token_in
from oauthprov.protected_resource.tokens import UNPROVEN, TokenInfo, TokenProblem
from oauthprov.protocol.keys.dpop import DPoPProof, verify_proof
from oauthprov.settings.values import ALGORITHMS

REPLAYED = replace(UNPROVEN, why="the proof was used before")
"""The problem of a proof that an earlier request has used up."""


def proof_of(
    found: TokenInfo,
    *,
    authorization: str,
    proof: str | None,
    method: str,
    urls: Sequence[str],
    now: int,
    algorithms: Collection[str] = ALGORITHMS,
) -> DPoPProof | TokenProblem:
    """Return the proof of a request with a bound token, verified for that token.

    ``authorization`` and ``proof`` are the values of its headers, ``urls`` are its URLs as this
    server names itself, ``now`` is the time in seconds since 1970. The caller uses the proof up,
    once everything else is checked.
    """
    if proof is None:
        return replace(UNPROVEN, why="there is no DPoP header")
    token, (url, *aliases) = token_in(authorization), urls
    try:
        made = verify_proof(
            proof,
            method=method,
            url=url,
            now=now,
            access_token=token or "",
            aliases=aliases,
            algorithms=algorithms,
        )
    except JoseError as wrong:
        return replace(UNPROVEN, why=wrong.reason)
    if found.confirmation != bindings.confirmation(bindings.JKT, made.thumbprint):
        return replace(UNPROVEN, why="the proof is by another key than that of the token")
    return made

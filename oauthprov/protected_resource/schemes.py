"""The schemes by which a request may present an access token (RFC 9110 section 11.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme: its name, and the form of an Authorization header, whose first group is the token.

    The name is also the ``token_type`` of the tokens that it presents. A request without a
    sufficient token is told of every scheme, by a challenge for each. ``has_proofs``: a request by
    it has a proof too, and its challenge names the algorithms for that.
    """

    name: str
    header: re.Pattern[str]
    has_proofs: bool = False


SCHEMES: Mapping[str, Scheme] = {
    scheme.name.lower(): scheme
    for scheme in (
        # RFC 6750 section 2.1: b64token. A second header leaves a comma and doesn't match.
        Scheme("Bearer", re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)),
        # RFC 9449 section 7.1: for tokens that are bound to a key. Some clients read only the
        # first challenge, so it stands behind that of bearer tokens.
        Scheme(
            "DPoP",
            re.compile(r"dpop +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE),
            has_proofs=True,
        ),
    )
}
"""The schemes by their names in lower case, in the order of the challenges."""


def scheme_in(authorization: str | None) -> str | None:
    """Return the scheme of an Authorization header in lower case, None if it isn't one of ours."""
    name = (authorization or "").split(" ", 1)[0].lower()
    return name if name in SCHEMES else None


def token_in(authorization: str) -> str | None:
    """Return the token of an Authorization header, None for one that is malformed."""
    name = scheme_in(authorization)
    match = SCHEMES[name].header.fullmatch(authorization.strip()) if name else None
    return match and match[1]

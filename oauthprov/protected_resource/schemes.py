"""The schemes by which a request may present an access token (RFC 9110 section 11.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme: its name, and the form of an Authorization header, whose first group is the token.

    A request without a sufficient token is told of every scheme, by a challenge for each.
    """

    name: str
    header: re.Pattern[str]


SCHEMES: Mapping[str, Scheme] = {
    scheme.name.lower(): scheme
    for scheme in (
        # RFC 6750 section 2.1: b64token. A second header leaves a comma and doesn't match.
        Scheme("Bearer", re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)),
    )
}
"""The schemes by their names in lower case, in the order of the challenges."""

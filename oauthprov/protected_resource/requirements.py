"""What a view may require of an access token besides its resource: a row for each view option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oauthprov.protected_resource.tokens import (
    INSUFFICIENT,
    UNAUTHENTICATED,
    TokenInfo,
    TokenProblem,
)

UNAUTHORIZED = 401

Required = Mapping[str, Any]
"""What a view requires: the values of its options, by their names."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement.

    * ``option`` is the view option whose value says what is required.
    * ``is_met`` tells whether a token meets such a value at a time, in epoch seconds; ``problem``
      is that of a token that doesn't. ``told`` returns the parameters by which a challenge names
      the value, to requests with that problem and to those without a good token.
    """

    option: str
    problem: TokenProblem
    is_met: Callable[[TokenInfo, Any, int], bool]
    told: Callable[[Any], Mapping[str, str]]


def _has_scopes(found: TokenInfo, scopes: Sequence[str], now: int) -> bool:
    return set(scopes).issubset(found.scopes)


def _scope(scopes: Sequence[str]) -> Mapping[str, str]:
    return {"scope": " ".join(scopes)} if scopes else {}


SCOPES = Requirement("oauth_scopes", INSUFFICIENT, _has_scopes, _scope)
ACR_VALUES = Requirement(
    "oauth_acr_values",
    UNAUTHENTICATED,
    lambda found, values, now: found.acr in values,
    lambda values: {"acr_values": " ".join(values)},
)
"""Levels of authentication, one of which the user must have proven (RFC 9470)."""
MAX_AGE = Requirement(
    "oauth_max_age",
    UNAUTHENTICATED,
    lambda found, seconds, now: found.auth_time is not None and now - found.auth_time <= seconds,
    lambda seconds: {"max_age": str(seconds)},
)
"""Seconds since the user signed in, at most (RFC 9470)."""
REQUIREMENTS: tuple[Requirement, ...] = (SCOPES, ACR_VALUES, MAX_AGE)
"""The rows, in the order in which they are judged."""


def meeting(
    found: TokenInfo | TokenProblem, required: Required, now: int
) -> TokenInfo | TokenProblem:
    """Return the token if it meets all that is ``required`` at the time ``now``."""
    if isinstance(found, TokenInfo):
        for row in REQUIREMENTS:
            if row.option in required and not row.is_met(found, required[row.option], now):
                return row.problem
    return found


def told(problem: TokenProblem, required: Required) -> Mapping[str, str]:
    """Return the parameters of a challenge that name what a sufficient token must meet.

    A request without a good token learns all that it needs for its next one; MCP clients ask the
    authorization server for just that.
    """
    made: dict[str, str] = {}
    for row in REQUIREMENTS:
        if row.option in required and (problem.status == UNAUTHORIZED or problem == row.problem):
            made |= row.told(required[row.option])
    return made

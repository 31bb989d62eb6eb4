"""What a view may require of an access token besides its resource: a row for each view option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oauthprov.protected_resource.tokens import INSUFFICIENT, MISSING, TokenInfo, TokenProblem

Required = Mapping[str, Any]
"""What a view requires: the values of its options, by their names."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement.

    * ``option`` is the view option whose value says what is required.
    * ``is_met`` tells whether a token meets such a value; ``problem`` is that of a token that
      doesn't. ``told`` returns the parameters by which a challenge names the value, to requests
      with that problem and to those without a token.
    """

    option: str
    problem: TokenProblem
    is_met: Callable[[TokenInfo, Any], bool]
    told: Callable[[Any], Mapping[str, str]]


def _has_scopes(found: TokenInfo, scopes: Sequence[str]) -> bool:
    return set(scopes).issubset(found.scopes)


def _scope(scopes: Sequence[str]) -> Mapping[str, str]:
    return {"scope": " ".join(scopes)} if scopes else {}


SCOPES = Requirement("oauth_scopes", INSUFFICIENT, _has_scopes, _scope)
REQUIREMENTS: tuple[Requirement, ...] = (SCOPES,)
"""The rows, in the order in which they are judged."""


def meeting(found: TokenInfo | TokenProblem, required: Required) -> TokenInfo | TokenProblem:
    """Return the token if it meets all that is ``required``."""
    if isinstance(found, TokenInfo):
        for row in REQUIREMENTS:
            if row.option in required and not row.is_met(found, required[row.option]):
                return row.problem
    return found


def told(problem: TokenProblem, required: Required) -> Mapping[str, str]:
    """Return the parameters of a challenge that name what a sufficient token must meet."""
    made: dict[str, str] = {}
    for row in REQUIREMENTS:
        if row.option in required and problem in (MISSING, row.problem):
            made |= row.told(required[row.option])
    return made

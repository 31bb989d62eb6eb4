"""Proof keys for code exchange: for every client, and S256 only (RFC 7636, RFC 9700 2.1.1)."""

from __future__ import annotations

import re

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    MissingCodeChallengeError,
    UnsupportedCodeChallengeMethodError,
)

METHOD = "S256"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge(request: Request) -> str:
    """Return the challenge of an authorization request.

    Raises InvalidRequestError or a kind of it when it is missing, not S256 or malformed. An absent
    method means plain (RFC 7636 section 4.3), so it is refused as well.
    """
    given = request.code_challenge
    if not given:
        raise MissingCodeChallengeError(request=request)
    if request.code_challenge_method != METHOD:
        raise UnsupportedCodeChallengeMethodError(
            "The code_challenge_method must be S256.", request=request
        )
    if not _CHALLENGE.fullmatch(given):
        raise InvalidRequestError("The code_challenge is malformed.", request=request)
    return str(given)


def check_verifier(request: Request) -> None:
    """Raise InvalidRequestError when a verifier is there but isn't one (RFC 7636 section 4.1)."""
    given = request.code_verifier
    if given is not None and not _VERIFIER.fullmatch(given):
        raise InvalidRequestError("The code_verifier is malformed.", request=request)

"""Proof keys for code exchange, S256 only (RFC 7636, RFC 9700 section 2.1.1)."""

from __future__ import annotations

import re

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    MissingCodeChallengeError,
    MissingCodeVerifierError,
    UnsupportedCodeChallengeMethodError,
)

from oauthprov.credentials import digest
from oauthprov.events import Reason
from oauthprov.protocol.clients.members.access import PKCE_AND_NONCE_OPTIONAL
from oauthprov.protocol.clients.methods import is_confidential
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.operations import Authorizing
from oauthprov.records import Client

METHOD = "S256"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_required(context: Context, client: Client) -> bool:
    """Tell whether an authorization request needs a challenge.

    It always does, except in an authentication request of a confidential client that the operator
    lets omit it, or with ``oauthprov.pkce = public-only``, as the certification of OpenID
    providers does.
    """
    operation = context.operation
    asked = operation.found if isinstance(operation, Authorizing) else None
    return asked is None or not asked.openid or not may_omit(context, client)


def may_omit(context: Context, client: Client) -> bool:
    """Tell whether the client's authentication requests may lack a challenge."""
    freed = context.settings.pkce != "required" or client.pkce is not None
    return freed and is_confidential(client) and not context.settings.fapi


def needs_nonce(context: Context, client: Client) -> bool:
    """Tell whether a nonce must protect the client's codes where no challenge does.

    A nonce in the ID token shows the client that a code was injected (RFC 9700 section 2.1.1).
    """
    freed = context.settings.pkce != "required" or client.pkce == PKCE_AND_NONCE_OPTIONAL
    return not freed


def challenge(context: Context, client: Client, request: Request) -> str:
    """Return the challenge of an authorization request, empty if it may omit one and does.

    Raises InvalidRequestError or a subclass when it is missing, not S256 or malformed. An absent
    method means plain (RFC 7636 section 4.3), so it is refused as well.
    """
    given = request.code_challenge
    if not given and not is_required(context, client):
        return ""
    if not given:
        raise MissingCodeChallengeError(
            "PKCE is required here: send code_challenge with S256.", request=request
        )
    if request.code_challenge_method != METHOD:
        raise UnsupportedCodeChallengeMethodError(
            "The code_challenge_method must be S256.", request=request
        )
    if not _CHALLENGE.fullmatch(given):
        raise InvalidRequestError("The code_challenge is malformed.", request=request)
    return str(given)


def check_verifier_form(context: Context, client: Client, request: Request) -> None:
    """Raise InvalidRequestError for a malformed verifier (RFC 7636 section 4.1), or a missing one.

    The check runs before the code is read, so a live and a dead code get the same response. Under
    a FAPI 2.0 profile a missing one is an InvalidGrantError, as its conformance tests demand.
    """
    given = request.code_verifier
    if given is not None and not _VERIFIER.fullmatch(given):
        raise InvalidRequestError("The code_verifier is malformed.", request=request)
    if given is None and context.settings.fapi:
        context.note(Reason.VERIFIER_WRONG, compared="no code_verifier was sent")
        raise InvalidGrantError(request=request)
    if given is None and not may_omit(context, client):
        raise MissingCodeVerifierError(request=request)


def check_verifier(context: Context, request: Request, expected: str) -> None:
    """Raise InvalidGrantError for a verifier without a challenge (RFC 9700 section 2.1.1)."""
    given = request.code_verifier
    if given is not None and not expected:
        context.note(Reason.VERIFIER_UNEXPECTED)
        raise InvalidGrantError("The code has no challenge.", request=request)


def compared(verifier: str, challenge: str) -> str:
    """Return the challenge of a verifier that was sent, and the one that was expected.

    A challenge is no secret: it was part of a URL.
    """
    if verifier == challenge:
        return "the code_challenge was the code_verifier itself, without S256"
    return f"S256 of what was sent is {digest(verifier)!r}, code_challenge was {challenge!r}"

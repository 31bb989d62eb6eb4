"""Reading registration requests, and sending their errors (RFC 7591 section 3)."""

from __future__ import annotations

import re
from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidTokenError, OAuth2Error

from oauthprov.errors import InvalidClientMetadataError, InvalidRedirectURIError
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.wire import members
from oauthprov.protocol.engine.client_endpoint import NO_STORE
from oauthprov.protocol.keys.json_object import parse_object
from oauthprov.protocol.request.answers import Answer, Call

BODY_LIMIT = 32 * 1024
DESCRIPTION_LIMIT = 500

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class NoToken(InvalidTokenError):
    """The request has no token, so the challenge names no error (RFC 6750 section 3.1)."""


def bearer(call: Call) -> str:
    """Return the token of the Authorization header, the only place where it is accepted.

    Raises InvalidTokenError when it can't be read, NoToken when there is none.
    """
    header = call.headers.get("authorization")
    if header is None:
        raise NoToken("The token is missing.")
    match = _BEARER.fullmatch(header.strip())
    if match is None:
        raise InvalidTokenError("The Authorization header has no bearer token.")
    return match[1]


def parsed(call: Call) -> dict[str, Any]:
    """Return the body, a single JSON object. Raises InvalidClientMetadataError."""
    kind, _, _ = call.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise InvalidClientMetadataError("The body must be application/json.")
    if len(call.body) > BODY_LIMIT:
        raise InvalidClientMetadataError("The body is too large.")
    try:
        return parse_object(call.body)
    except ValueError:
        raise InvalidClientMetadataError(
            "The body must be one JSON object in UTF-8 without duplicate members."
        ) from None


def as_registered(invalid: InvalidMetadata) -> OAuth2Error:
    """Return the registered error for invalid metadata (RFC 7591 section 3.2.2)."""
    names = members.NAMES
    told = [f"{names.get(name, name)}: {text}" for name, text in invalid.problems.items()]
    # Plain ASCII (section 3.2.2), also because it is logged and may quote the request.
    plain = (c if " " <= c <= "~" else "?" for c in " ".join(told)[:DESCRIPTION_LIMIT])
    wrong_uri = "redirect_uris" in invalid.problems
    error = InvalidRedirectURIError if wrong_uri else InvalidClientMetadataError
    return error("".join(plain))


def refusal(error: OAuth2Error, issuer: str) -> Answer:
    """Return the error response, with a challenge if a valid token is missing."""
    headers, body = dict(NO_STORE), dict(error.twotuples)
    if error.status_code == 401:
        said = f'Bearer realm="{issuer}"'
        if isinstance(error, NoToken):
            body = {}
        else:
            said += "".join(f', {name}="{value}"' for name, value in body.items())
        headers["WWW-Authenticate"] = said
    return Answer(error.status_code, body, headers)

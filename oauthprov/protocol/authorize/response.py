"""What answers an authorization request (RFC 6749 section 4.1.2); always with ``iss``."""

from __future__ import annotations

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from oauthprov.protocol.request.answers import Redirect, Refusal
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs


class ResponseReady(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Redirect | Refusal) -> None:
        super().__init__(answer)
        self.answer = answer


def response(context: Context, redirect_uri: str, told: Pairs, pairs: Pairs) -> Redirect:
    """Return what tells the client ``told``, the ``state`` of the request, and ``iss`` (RFC 9207).

    ``pairs`` are the parameters of the request.
    """
    state = tuple(pair for pair in pairs if pair[0] == "state")
    told = (*told, *state, ("iss", context.settings.issuer))
    return Redirect(redirect_uri, told, context.response_mode)


def error_response(
    context: Context, error: OAuth2Error, redirect_uri: str, pairs: Pairs
) -> Redirect:
    """Return what tells the client of an error, once its redirect URI is proven."""
    told = [("error", error.error or "invalid_request")]
    if error.description:
        told.append(("error_description", error.description))
    return response(context, redirect_uri, tuple(told), pairs)


def refusal(error: OAuth2Error) -> Refusal:
    """Return what tells the person of an error that may not go to a client."""
    described = error.description or "The request can't be used."
    status = error.status_code if error.status_code >= 500 else 400
    return Refusal(error.error or "invalid_request", described, status)

"""Authorization responses (RFC 6749 section 4.1.2); they always include ``iss``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from oauthlib.oauth2.rfc6749.errors import (
    InvalidClientIdError,
    InvalidRedirectURIError,
    MismatchingRedirectURIError,
    MissingClientIdError,
    MissingRedirectURIError,
    OAuth2Error,
)

from oauthprov.errors import ClientDocumentError
from oauthprov.messages import N_
from oauthprov.protocol.request import refusals
from oauthprov.protocol.request.answers import Outcome, Redirect, Refusal, ResponseMode
from oauthprov.protocol.request.params import Pairs, Parsed
from oauthprov.records import Client

_FATAL: Mapping[type[OAuth2Error], tuple[str, tuple[str, ...]]] = {
    MissingClientIdError: (N_("The request names no app: it has no client ID."), ()),
    InvalidClientIdError: (
        N_("No app is registered here with this client ID, or the app is disabled."),
        ("client_id",),
    ),
    ClientDocumentError: ("", ("client_id",)),
    MissingRedirectURIError: (
        N_("The request has no redirect URI, and there is none to use instead."),
        ("client_id",),
    ),
    InvalidRedirectURIError: (
        N_("The redirect URI is not an absolute URI."),
        ("redirect_uri", "client_id"),
    ),
    MismatchingRedirectURIError: (
        N_("The app is not registered with this redirect URI."),
        ("redirect_uri", "client_id"),
    ),
}
"""Our sentence for each error that a page shows, and the parameters at fault.

Without a sentence the page shows the error's own.
"""


class ResponseReady(Exception):
    """The request ends here, with this outcome."""

    def __init__(self, answer: Outcome) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Target:
    """Where the response goes, once client and redirect URI are proven, and what it repeats.

    ``sign`` makes a JWT of its parameters, None if the client gets them as they are.
    """

    issuer: str
    redirect_uri: str
    response_mode: ResponseMode
    state: str | None
    sign: Callable[[Pairs], str] | None = field(default=None, repr=False)

    def response(self, *params: tuple[str, str]) -> Redirect:
        """Return the response with ``params``, the ``state``, and ``iss`` (RFC 9207)."""
        state: Pairs = () if self.state is None else (("state", self.state),)
        every = (*params, *state, ("iss", self.issuer))
        return Redirect(self.redirect_uri, every, self.response_mode, self.sign)

    def error(self, error: OAuth2Error) -> Redirect:
        """Return the error response."""
        params = [("error", error.error or "invalid_request")]
        if error.description:
            params.append(("error_description", error.description))
        return self.response(*params)


def refusal(
    error: OAuth2Error, parsed: Parsed | None = None, client: Client | None = None
) -> Refusal:
    """Return the error page's content for an error that may not go to a client.

    ``parsed`` are the parameters of the request, of which the page shows those at fault;
    ``client`` is the client that it names, if there is one.
    """
    described = error.description or N_("The request can't be used.")
    sentence, names = _FATAL.get(type(error), ("", ()))
    given = [(name, parsed.get(name) if parsed else None) for name in names]
    sent = tuple((name, refusals.shown(value)) for name, value in given if value)
    status = error.status_code if error.status_code >= 500 else 400
    return Refusal(error.error or "invalid_request", sentence or described, status, sent, client)

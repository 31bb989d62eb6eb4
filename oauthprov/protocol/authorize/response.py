"""Authorization responses (RFC 6749 section 4.1.2); they always include ``iss``."""

from __future__ import annotations

from dataclasses import dataclass

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from oauthprov.messages import N_
from oauthprov.protocol.request.answers import Redirect, Refusal, ResponseMode
from oauthprov.protocol.request.params import Pairs

_BY_OAUTHLIB = (
    N_("Invalid client_id parameter value."),
    N_("Invalid redirect URI."),
    N_("Mismatching redirect URI."),
    N_("Missing client_id parameter."),
    N_("Missing redirect URI."),
    N_("Missing response_type parameter."),
)
"""What oauthlib says in errors that pages show: marked here, since extraction doesn't read it."""


class ResponseReady(Exception):
    """The request ends here, with this response."""

    def __init__(self, answer: Redirect | Refusal) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Target:
    """Where the response goes, once client and redirect URI are proven, and what it repeats."""

    issuer: str
    redirect_uri: str
    response_mode: ResponseMode
    state: str | None

    def response(self, *params: tuple[str, str]) -> Redirect:
        """Return the response with ``params``, the ``state``, and ``iss`` (RFC 9207)."""
        state: Pairs = () if self.state is None else (("state", self.state),)
        every = (*params, *state, ("iss", self.issuer))
        return Redirect(self.redirect_uri, every, self.response_mode)

    def error(self, error: OAuth2Error) -> Redirect:
        """Return the error response."""
        params = [("error", error.error or "invalid_request")]
        if error.description:
            params.append(("error_description", error.description))
        return self.response(*params)


def refusal(error: OAuth2Error) -> Refusal:
    """Return the error page's content for an error that may not go to a client."""
    described = error.description or N_("The request can't be used.")
    status = error.status_code if error.status_code >= 500 else 400
    return Refusal(error.error or "invalid_request", described, status)

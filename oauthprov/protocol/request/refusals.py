"""How a request ended: what its steps have noted, and the error that was sent.

Each step of a request notes its reasons on the context; when the request ends, :func:`report`
publishes them together with the error that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from oauthprov import credentials
from oauthprov.events import RequestNoted, RequestRefused, publish, refused_with
from oauthprov.logs import moment
from oauthprov.protocol.request.answers import Answer, Redirect, Refusal

VALUE_LIMIT = 100
"""Characters of a client's value in a log line, at most."""
SHOWN_LIMIT = 300
"""Characters of a client's value in an error, at most."""
_IN_URIS = "!#$%&'()*+,/:;=?@[]-._~"  # RFC 3986 section 2

_SECRETS = re.compile(rf"(?<=://)[^/?#\s@]+(?=@)|{credentials.SECRET}")

Endpoint = Literal[
    "authorize",
    "par",
    "token",
    "introspect",
    "revoke",
    "device_authorization",
    "register",
    "resource",
    "logout",
]
"""The endpoint of a request; ``resource`` is every view behind an access token, UserInfo too."""


@dataclass(frozen=True, slots=True)
class SentError:
    """The error that was sent: a registered code and its description."""

    error: str
    description: str = ""


def error_of(answer: object) -> SentError | None:
    """Return the error that an answer of the provider carries, None when it carries none."""
    said: Mapping[str, object]
    match answer:
        case Answer():
            if answer.status < 400 or not isinstance(answer.body, Mapping):
                return None
            said = answer.body
        case Redirect():
            said = dict(answer.params)
        case Refusal():
            return SentError(answer.error, answer.description)
        case _:
            return None
    if "error" not in said:
        return None
    return SentError(str(said["error"]), str(said.get("error_description") or ""))


def report(noted: Sequence[RequestNoted], request: RequestNoted, sent: SentError | None) -> None:
    """Publish the events of a request, the last one as the reason of the error that was sent.

    ``request`` stands in when an error was sent and nothing was noted.
    """
    *earlier, last = noted or (request,)
    for event in earlier:
        publish(event)
    if sent is not None:
        refused(last, sent.error, sent.description)
    elif noted:
        publish(last)


def refused(noted: RequestNoted, error: str, description: str | None = None) -> None:
    """Publish that the request was refused with ``error`` because of what was noted."""
    refused_with(error)
    publish(
        RequestRefused(
            endpoint=noted.endpoint,
            error=error,
            reason=noted.reason,
            description="" if noted.reason else description or "",
            account_id=noted.account_id,
            client_id=noted.client_id,
            grant_id=noted.grant_id,
            compared=noted.compared,
            origin=noted.origin,
        )
    )


def cut(text: str) -> str:
    """Return the beginning of a value that a client sent and that may be of any length.

    A clumsy client may send a secret in its place: the password of a URL and what looks like a
    token or a secret of ours are left out.
    """
    text = _SECRETS.sub("***", text)
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def quoted(text: str) -> str:
    """Return a client's value as :attr:`RequestNoted.compared` quotes it: escaped and cut."""
    return repr(cut(text))


def shown(text: str) -> str:
    """Return the beginning of a client's value as errors and pages show it, in ASCII.

    All that no URI holds is percent-encoded, so that it can't look like text of ours.
    """
    encoded = quote(text, safe=_IN_URIS)
    return encoded if len(encoded) <= SHOWN_LIMIT else f"{encoded[:SHOWN_LIMIT]}..."


def issued_to(client_id: str) -> str:
    """Return the client that a code or token was issued to, for :attr:`RequestNoted.compared`."""
    return f"issued to {client_id!r}"


def expired(at: int, now: int) -> str:
    """Return the expiry and the current time (epoch seconds), for an event's ``compared``."""
    return f"expired at {moment(at)}, now {moment(now)}"


def replayed(first: int, now: int) -> str:
    """Return when a code was redeemed and when again (epoch seconds), for ``compared``."""
    return f"redeemed at {moment(first)}, again at {moment(now)}"

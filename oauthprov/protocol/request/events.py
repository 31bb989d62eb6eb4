"""How a request ended: the reasons as a closed list, and the log line that gives one.

Each step of a request notes its reasons on the context; when the request ends, :func:`report` logs
them together with the error that was sent. The client receives only the error, so the reasons may
be as precise as an operator needs. None of them quotes a secret, a code or a token.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Literal
from urllib.parse import quote

from oauthprov import logs
from oauthprov.protocol.request.answers import Answer, Redirect, Refusal

VALUE_LIMIT = 100
"""Characters of a client's value in a log line, at most."""
SHOWN_LIMIT = 300
"""Characters of a client's value in an error, at most."""
_IN_URIS = "!#$%&'()*+,/:;=?@[]-._~"  # RFC 3986 section 2

log = logs.logger(__name__)

Endpoint = Literal["authorize", "token", "introspect", "revoke", "register", "resource", "logout"]
"""The endpoint of a request; ``resource`` is every view behind an access token, UserInfo too."""


class Reason(StrEnum):
    """Why a request was refused, or another fact about it that an operator should know.

    Each has a ``meaning``, one sentence. The values are stable: dashboards search for them.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Reason:
        """Make a member from its value and its meaning."""
        made = str.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made

    CODE_UNKNOWN = "code_unknown", "No such authorization code is stored."
    CODE_EXPIRED = "code_expired", "The authorization code has expired."
    CODE_OF_ANOTHER_CLIENT = (
        "code_of_another_client",
        "The authorization code was issued to another client.",
    )
    CODE_REPLAYED = (
        "code_replayed",
        "The authorization code was redeemed before, so its grant is now revoked.",
    )
    VERIFIER_WRONG = (
        "verifier_wrong",
        "The code_verifier doesn't match the code_challenge of the authorization request.",
    )
    VERIFIER_UNEXPECTED = (
        "verifier_unexpected",
        "The request has a code_verifier, but the authorization request had no code_challenge.",
    )
    REDIRECT_URI_MISMATCH = (
        "redirect_uri_mismatch",
        "The redirect_uri differs from that of the authorization request.",
    )
    REDIRECT_URI_UNREGISTERED = (
        "redirect_uri_unregistered",
        "The client hasn't registered the redirect_uri.",
    )
    REFRESH_TOKEN_UNKNOWN = "refresh_token_unknown", "No such refresh token is stored."
    REFRESH_TOKEN_EXPIRED = "refresh_token_expired", "The refresh token has expired."
    REFRESH_TOKEN_REVOKED = "refresh_token_revoked", "The grant of the refresh token is revoked."
    REFRESH_TOKEN_OF_ANOTHER_CLIENT = (
        "refresh_token_of_another_client",
        "The refresh token was issued to another client.",
    )
    REFRESH_TOKEN_REPLAYED = (
        "refresh_token_replayed",
        "The refresh token was used before, so its grant is now revoked.",
    )
    RECEIPT_USED = (
        "receipt_used",
        "A used refresh token was sent again within the grace period and got the same response.",
    )
    ENDED = (
        "ended",
        "The account, consent or session behind the code or grant has ended.",
    )
    TOKEN_UNKNOWN = "token_unknown", "No such token is stored, or it isn't an access token."
    TOKEN_EXPIRED = "token_expired", "The token has expired."
    TOKEN_REVOKED = (
        "token_revoked",
        "The token or its grant is revoked, or the token has been used.",
    )
    TOKEN_OF_ANOTHER_CLIENT = (
        "token_of_another_client",
        "The token to revoke was issued to another client.",
    )
    INTROSPECTION_NOT_ALLOWED = (
        "introspection_not_allowed",
        "The client may not introspect this token.",
    )
    CLIENT_UNIDENTIFIED = (
        "client_unidentified",
        "The request names no client, or its credentials can't be read.",
    )
    CLIENT_UNKNOWN = "client_unknown", "The client is unknown or disabled."
    CLIENT_METHOD_MISMATCH = (
        "client_method_mismatch",
        "The client didn't authenticate with its registered method.",
    )
    CLIENT_SECRET_WRONG = "client_secret_wrong", "The client secret is wrong."
    CLIENT_ASSERTION_REFUSED = (
        "client_assertion_refused",
        "The client assertion can't be verified.",
    )
    CLIENT_ASSERTION_REPLAYED = (
        "client_assertion_replayed",
        "The client assertion was used before.",
    )
    CLIENT_KEYS_BUSY = (
        "client_keys_busy",
        "The client's keys can't be fetched now, because too many fetches are in progress.",
    )
    GRANT_TYPE_NOT_ALLOWED = (
        "grant_type_not_allowed",
        "The client isn't registered for the grant type.",
    )
    RESPONSE_TYPE_NOT_ALLOWED = (
        "response_type_not_allowed",
        "The client isn't registered for the response type.",
    )
    REQUEST_OBJECT_REFUSED = (
        "request_object_refused",
        "The signed request object can't be fetched, verified or used.",
    )
    SIGNING_KEY_SEALED = (
        "signing_key_sealed",
        "No signing key can be decrypted with oauthprov.secret, so no token can be signed.",
    )
    SCOPE_NOT_ALLOWED = (
        "scope_not_allowed",
        "A requested scope is unknown, or not allowed for the client or the grant.",
    )

    RESOURCE_NOT_ALLOWED = (
        "resource_not_allowed",
        "A requested resource is not declared, not one of the grant's, or one whose token can be"
        " for no other.",
    )

    @property
    def level(self) -> int:
        """The log level of its line."""
        return _LEVELS.get(self, logging.INFO)


_LEVELS = {
    Reason.CODE_REPLAYED: logging.WARNING,
    Reason.REFRESH_TOKEN_REPLAYED: logging.WARNING,
    Reason.RECEIPT_USED: logging.WARNING,
    Reason.CLIENT_ASSERTION_REPLAYED: logging.WARNING,
    Reason.CLIENT_KEYS_BUSY: logging.WARNING,
    Reason.SIGNING_KEY_SEALED: logging.ERROR,
}
"""Levels other than INFO: a secret may have leaked, responses get lost, or nothing works."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a request; unknown fields are None.

    ``error`` is the registered code that was sent, ``compared`` the values that differed.
    """

    endpoint: Endpoint | None = None
    error: str | None = None
    reason: Reason | None = None
    client_id: str | None = None
    grant_id: str | None = None
    compared: str | None = None


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
            if answer.status < 400:
                return None
            said = answer.body or {}
        case Redirect():
            said = dict(answer.params)
        case Refusal():
            return SentError(answer.error, answer.description)
        case _:
            return None
    if "error" not in said:
        return None
    return SentError(str(said["error"]), str(said.get("error_description") or ""))


def report(noted: Sequence[Event], request: Event, sent_error: SentError | None) -> None:
    """Log the events of a request, the last one as the reason of the error that was sent.

    ``request`` stands in when an error was sent and no event was noted.
    """
    if sent_error is None:
        for event in noted:
            emit(event)
        return
    *earlier, last = noted or (request,)
    for event in earlier:
        emit(event)
    emit(replace(last, error=sent_error.error), sent_error.description)


def emit(event: Event, description: str = "") -> None:
    """Write one event into the log; ``description`` is added when the event has no reason."""
    named = [(field.name, getattr(event, field.name)) for field in fields(event)]
    extra = {name: value for name, value in named if value is not None}
    words = "noted" if event.error is None else "refused"
    if description and event.reason is None:
        words = f"{words}: {description}"
    log.log(event.reason.level if event.reason else logging.INFO, "%s", words, extra=extra)


def cut(text: str) -> str:
    """Return the beginning of a value that a client sent and that may be of any length."""
    return text if len(text) <= VALUE_LIMIT else text[: VALUE_LIMIT - 1] + "…"


def quoted(text: str) -> str:
    """Return a client's value as :attr:`Event.compared` quotes it: escaped and cut."""
    return repr(cut(text))


def shown(text: str) -> str:
    """Return the beginning of a client's value as errors and pages show it, in ASCII.

    All that no URI holds is percent-encoded, so that it can't look like text of ours.
    """
    encoded = quote(text, safe=_IN_URIS)
    return encoded if len(encoded) <= SHOWN_LIMIT else f"{encoded[:SHOWN_LIMIT]}..."


def issued_to(client_id: str) -> str:
    """Return the client that a code or token was issued to, for :attr:`Event.compared`."""
    return f"issued to {client_id!r}"


def expired(at: int, now: int) -> str:
    """Return the expiry and the current time (epoch seconds), for :attr:`Event.compared`."""
    return f"expired at {at}, now {now}"

"""The messages on pages after an action or a failure."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.demo.errors import (
    AccessExpired,
    AccessRemoved,
    OAuthFailure,
    ProviderUnavailable,
    TokenRefused,
)

FAILURES = (AccessRemoved, AccessExpired, OAuthFailure, ProviderUnavailable)

_ADVICE = {
    "access_denied": "Nothing was shared. Connect again if you change your mind.",
    "login_required": "Nobody is signed in at the provider. Sign in there.",
    "invalid_client": (
        "The provider doesn't know this client, or the secret is wrong. Compare the client ID "
        "and secret with the provider's developer console, then start the demo again."
    ),
    "invalid_grant": "The code was too old or already used. Connect again.",
    "invalid_request": "The provider refused the request of the demo. Read the provider's log.",
    "invalid_scope": (
        "The client may not ask for one of these scopes. Choose fewer, or allow more in the "
        "provider's developer console."
    ),
    "invalid_target": (
        "The provider doesn't know the resource that the demo requests. Change or remove "
        "demo.resource_indicator."
    ),
    "unauthorized_client": (
        "The client may not use this flow. Register it as a web server at the provider's "
        "developer console."
    ),
    "server_error": "The provider failed. Try again in a moment.",
    "temporarily_unavailable": "The provider is busy. Try again in a moment.",
}
_OTHER_ADVICE = "Try again. If it happens again, read the log of the provider."


@dataclass(frozen=True, slots=True)
class Notice:
    """A message on a page. ``code`` is the registered error code, if there is one."""

    title: str
    advice: str = ""
    code: str = ""
    description: str = ""
    failed: bool = False


def notice_of(failure: Exception) -> Notice:
    """Return the message for users about one of ``FAILURES``, or a ``TokenRefused``."""
    match failure:
        case AccessRemoved():
            return Notice(
                "Access was removed",
                "The provider no longer accepts the tokens of the demo, so it forgot them. "
                "Connect again to give it access.",
                failed=True,
            )
        case AccessExpired():
            return Notice(
                "Access has expired",
                "The access token has expired, and the provider gave no refresh token to renew "
                "it with. Connect again.",
                failed=True,
            )
        case TokenRefused():
            return Notice(
                "The sign-in was refused",
                "The proof that the provider sent is not valid. Nobody was signed in.",
                description=str(failure),
                failed=True,
            )
        case OAuthFailure(code="access_denied"):
            title = "You did not give access"
        case OAuthFailure():
            title = "The provider refused"
        case _:
            return Notice(
                "The provider can't be used right now",
                "Check that the provider runs at the address the demo is set up for, then try "
                "again.",
                description=str(failure)[:300],
                failed=True,
            )
    advice = _ADVICE.get(failure.code, _OTHER_ADVICE)
    return Notice(title, advice, failure.code, failure.description, failed=True)

"""The values that labels may have: closed lists, so that no request can make a new series.

The list of grant types is handed in, where the counts of an app are made.
"""

from __future__ import annotations

from collections.abc import Container

OTHER = "other"
"""The value of whatever isn't in its list."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})

STATUSES = ("other", "1xx", "2xx", "3xx", "4xx", "5xx")
"""Classes of status codes, by their first digit."""

ERRORS = frozenset(
    {
        # RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1
        *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope"),
        *("unauthorized_client", "unsupported_grant_type", "unsupported_response_type"),
        *("access_denied", "server_error", "temporarily_unavailable"),
        *("invalid_token", "insufficient_scope", "insufficient_user_authentication"),
        # RFC 7009, RFC 7591, RFC 8707
        *("unsupported_token_type", "invalid_redirect_uri", "invalid_client_metadata"),
        *("invalid_software_statement", "unapproved_software_statement", "invalid_target"),
        # RFC 8628 section 3.5
        *("authorization_pending", "slow_down", "expired_token"),
        # RFC 9449 section 12.2
        *("invalid_dpop_proof", "use_dpop_nonce"),
        # OpenID Connect Core section 3.1.2.6, and its extension of essential acr values
        *("interaction_required", "login_required", "account_selection_required"),
        *("consent_required", "invalid_request_uri", "invalid_request_object"),
        *("request_not_supported", "request_uri_not_supported", "registration_not_supported"),
        "unmet_authentication_requirements",
        # our own, of requests that no client makes
        "not_found",
    }
)
"""The error codes of responses."""

SIGN_INS = frozenset({"password", "passkey", "second_step", "step_up", "limit"})
"""Where a sign-in may fail."""


def closed(value: str, known: Container[str]) -> str:
    """Return ``value`` if it is ``known`` or empty, else OTHER."""
    return value if not value or value in known else OTHER


def status_class(status: int) -> str:
    """Return the class of a status code, such as ``4xx``."""
    first = status // 100
    return STATUSES[first] if 0 < first < len(STATUSES) else OTHER

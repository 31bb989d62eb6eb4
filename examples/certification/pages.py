"""Browser entries for our pages that the suite needs a screenshot of, and for signing out.

Each module that ends on such a page has its own browser entries, which replace the plan's.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PATIENCE = 10
"""Seconds that the suite's browser waits for a page."""

REFUSED = (
    "oidcc-ensure-registered-redirect-uri",
    "oidcc-ensure-redirect-uri-in-authorization-request",
    "oidcc-redirect-uri-query-mismatch",
    "oidcc-redirect-uri-query-added",
)
SIGN_IN = (
    "oidcc-registration-logo-uri",
    "oidcc-registration-policy-uri",
    "oidcc-registration-tos-uri",
)
LOGOUT_REFUSED = {
    "oidcc-rp-initiated-logout-bad-id-token-hint": "id_token_hint",
    "oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": "post_logout_redirect_uri",
    "oidcc-rp-initiated-logout-modified-id-token-hint": "id_token_hint",
    "oidcc-rp-initiated-logout-no-id-token-hint": "id_token_hint",
    "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": (
        "post_logout_redirect_uri"
    ),
}
SIGNED_OUT = (
    "oidcc-rp-initiated-logout-no-params",
    "oidcc-rp-initiated-logout-no-post-logout-redirect-uri",
    "oidcc-rp-initiated-logout-only-state",
)


def overrides(issuer: str, signing_in: Json) -> Json:
    """Return each such module's entries; ``signing_in`` is the plan's entry for signing in."""
    authorize, logout = f"{issuer}/oauth/authorize*", f"{issuer}/oauth/logout*"
    made = {module: [_ends(authorize, "error", "redirect")] for module in REFUSED}
    sign_in = _ends(authorize, "sign-in", "Sign in", at=f"{issuer}/login*")
    made |= {module: [sign_in] for module in SIGN_IN}
    for module, words in LOGOUT_REFUSED.items():
        made[module] = [signing_in, _ends(logout, "error", words)]
    for module in SIGNED_OUT:
        made[module] = [signing_in, _ends(logout, "signed-out", "signed out", _confirm(issuer))]
    return {module: {"browser": entries} for module, entries in made.items()}


def logout(issuer: str, suite_url: str) -> Json:
    """Return the entry for signing out and returning to the suite."""
    back = {"task": "Be back", "match": f"{suite_url}/post_logout_redirect*"}
    return {"match": f"{issuer}/oauth/logout*", "tasks": [_confirm(issuer), back]}


def screenshot(element: str, words: str, *, optional: bool = False) -> list[Any]:
    """Return the command that uploads a screenshot for a person to review."""
    action = "update-image-placeholder" + ("-optional" if optional else "")
    return ["wait", "id", element, PATIENCE, words, action]


def _ends(match: str, element: str, words: str, *first: Json, at: str = "") -> Json:
    """Return the entry for URLs like ``match`` that end on a page with ``words`` in ``element``.

    ``at`` is the URL of the page, if it differs. The module ends with the screenshot; any further
    browser command would interrupt it.
    """
    seen = {"task": "See it", "match": at or match, "commands": [screenshot(element, words)]}
    return {"match": match, "tasks": [*first, seen]}


def _confirm(issuer: str) -> Json:
    return {
        "task": "Sign out",
        "match": f"{issuer}/oauth/logout/confirm*",
        "optional": True,
        "commands": [["click", "id", "sign-out"]],
    }

"""The response types (Multiple Response Types section 3), and those that are off by default."""

from __future__ import annotations

from oauthprov.settings import Settings

CODE = "code"
WITHOUT_CODE = ("id_token", "id_token token")
"""The response types of the implicit grant (OpenID Connect Core section 3.2)."""
IMPLICIT = "implicit"
"""The grant type of clients that get ID tokens directly from the authorization endpoint."""


def implicit_is_on(settings: Settings) -> bool:
    """Tell whether any client may use the response types of the implicit grant."""
    return settings.openid_implicit and settings.openid

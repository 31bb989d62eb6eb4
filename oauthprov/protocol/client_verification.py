"""The operator's word that a client is who it says it is, and when it ends.

It is about what people are shown: whoever changes that needs the word anew, or a client that was
verified as one app could turn into another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oauthprov.records import Client

SHOWN = (
    "name",
    "redirect_uris",
    "homepage_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "initiate_login_uri",
)
"""The fields that the word is about."""


def after(client: Client, values: Mapping[str, Any]) -> bool:
    """Tell whether a client is verified once it has ``values``, which may give the word anew."""
    if "verified" in values:
        return bool(values["verified"])
    return client.verified and all(
        values.get(field, getattr(client, field)) == getattr(client, field) for field in SHOWN
    )

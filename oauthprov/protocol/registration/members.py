"""The members of client metadata on the wire (RFC 7591 section 2), and the fields they fill.

One row a member that stands for a field as it is. Those that need more than a row, such as
``grant_types``, are in :mod:`oauthprov.protocol.registration.document`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oauthprov.protocol.clients import signed_responses
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.subjects import PUBLIC
from oauthprov.records import Client
from oauthprov.settings import OPENID

Given = Mapping[str, Any]


def text(given: Given, member: str) -> str | None:
    """Return a string, None when it is left out. Raises InvalidMetadata."""
    value = given.get(member)
    if value is not None and not isinstance(value, str):
        raise InvalidMetadata({member: "It must be a string."})
    return value


def strings(given: Given, member: str) -> list[str]:
    """Return a list of strings, empty when it is left out. Raises InvalidMetadata."""
    value = given.get(member, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidMetadata({member: "It must be a list of strings."})
    return value


def flag(given: Given, member: str) -> bool:
    """Return true or false, false when it is left out. Raises InvalidMetadata."""
    value = given.get(member, False)
    if not isinstance(value, bool):
        raise InvalidMetadata({member: "It must be true or false."})
    return value


def number(given: Given, member: str) -> int | None:
    """Return a whole number, None when it is left out. Raises InvalidMetadata."""
    value = given.get(member)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidMetadata({member: "It must be a whole number."})
    return value


def subject_type(given: Given, member: str) -> str:
    """Return the type, public when it is left out. Raises InvalidMetadata."""
    return text(given, member) or PUBLIC


def key_set(given: Given, member: str) -> dict[str, Any] | None:
    """Return an object, None when it is left out. Raises InvalidMetadata."""
    value = given.get(member)
    if value is not None and not isinstance(value, dict):
        raise InvalidMetadata({member: "It must be an object."})
    return value


@dataclass(frozen=True, slots=True)
class Member:
    """A member, the field of a client that it fills, and how it is read.

    ``openid`` tells that it is read only where OpenID Connect is on. ``default`` is what it
    means to leave it out: only clients with the scope ``openid`` are told that.
    """

    name: str
    field: str
    read: Callable[[Given, str], Any]
    openid: bool = False
    default: object = None

    def told(self, client: Client) -> object:
        """Return what a client is told that it registered; None for nothing."""
        value = getattr(client, self.field)
        if isinstance(value, tuple):
            return list(value) or None
        value = self.default if value is None else value
        return value if value != self.default or OPENID in client.scopes else None


ROWS = (
    Member("client_uri", "homepage_uri", text),
    Member("logo_uri", "logo_uri", text),
    Member("policy_uri", "policy_uri", text),
    Member("tos_uri", "tos_uri", text),
    Member("contacts", "contacts", strings),
    Member("software_id", "software_id", text),
    Member("software_version", "software_version", text),
    Member("jwks_uri", "jwks_uri", text),
    Member("jwks", "jwks", key_set),
    Member("token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg", text),
    Member("initiate_login_uri", "initiate_login_uri", text, openid=True),
    Member("post_logout_redirect_uris", "post_logout_redirect_uris", strings, openid=True),
    Member("backchannel_logout_uri", "backchannel_logout_uri", text, openid=True),
    Member(
        "backchannel_logout_session_required",
        "backchannel_logout_session_required",
        flag,
        openid=True,
    ),
    Member("subject_type", "subject_type", subject_type, openid=True, default=PUBLIC),
    Member("sector_identifier_uri", "sector_identifier_uri", text, openid=True),
    Member(
        "id_token_signed_response_alg",
        "id_token_signed_response_alg",
        text,
        openid=True,
        default=signed_responses.DEFAULT,
    ),
    Member("userinfo_signed_response_alg", "userinfo_signed_response_alg", text, openid=True),
    Member("default_max_age", "default_max_age", number, openid=True),
    Member("require_auth_time", "require_auth_time", flag, openid=True, default=False),
    Member("default_acr_values", "default_acr_values", strings, openid=True),
    Member("request_uris", "request_uris", strings),
    Member("request_object_signing_alg", "request_object_signing_alg", text),
    Member("require_signed_request_object", "require_signed_request_object", flag, default=False),
)
NAMES = {
    "name": "client_name",
    "scopes": "scope",
    "auth_method": "token_endpoint_auth_method",
} | {row.field: row.name for row in ROWS}
"""What each field is called on the wire."""


def fields(given: Given, openid: bool) -> dict[str, Any]:
    """Return the field of each row as it is given, or its empty value. Raises InvalidMetadata."""
    rows = (row for row in ROWS if openid or not row.openid)
    return {row.field: row.read(given, row.name) for row in rows}

"""Values for the members of a client, made of the rows of the table: a new row needs none here."""

from __future__ import annotations

import json

from oauthprov.protocol.clients.members import MEMBERS, Datatype, Member
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.settings import Settings

WEB = CLIENT_TYPES["web"]
KEYS = [
    json.dumps({"keys": [PrivateKey.generate("ES256").public()]}, separators=(",", ":"))
    for _ in range(2)
]

# Where the name and the datatype of a row don't tell what its rule takes.
CHOSEN = {
    "scopes": [("profile:read", "openid"), ("profile:read", "photos:read", "openid")],
    "default_scopes": [("photos:read",), ("profile:read",)],
    "grant_types": [("authorization_code",), ("authorization_code", "refresh_token", "implicit")],
    "response_types": [("id_token",), ("code",)],
    "auth_method": ["client_secret_post", "private_key_jwt"],
    "introspects": [("https://photos.example/",), ("*",)],
    "pkce": ["optional", "optional-without-nonce"],
    "default_acr_values": [("2", "1"), ("1",)],
    "token_endpoint_auth_signing_alg": ["ES256", "RS256"],
    "request_object_signing_alg": ["RS256", "ES256"],
    "userinfo_signed_response_alg": ["ES256", "RS256"],
    "tls_client_auth_subject_dn": ["CN=one,O=Example", "CN=other"],
    "tls_client_auth_san_dns": ["one.example", "other.example"],
    "tls_client_auth_san_uri": ["spiffe://example/one", "urn:example:other"],
    "tls_client_auth_san_ip": ["192.0.2.7", "2001:db8::7"],
    "tls_client_auth_san_email": ["alice@example.org", "bob@example.org"],
}
# What a member can't do without.
BESIDE = {
    "auth_method": {"jwks": KEYS[0]},
    "require_signed_request_object": {"jwks": KEYS[0]},
    "backchannel_logout_session_required": {"backchannel_logout_uri": "https://localhost/out"},
    "response_types": {
        "grant_types": ("authorization_code", "refresh_token", "implicit"),
    },
}


def samples(member: Member, settings: Settings, origin: str) -> tuple[object, object]:
    """Two values of a member as they are stored; addresses lie below ``origin``."""
    if member.field in CHOSEN:
        first, second = CHOSEN[member.field]
        return first, second
    if member.choices is not None:
        *_, second, first = member.choices(WEB, settings)
        return first, second
    one, other = (f"{n} {member.field}" for n in ("one", "other"))
    uris = [f"{origin}/{text.replace(' ', '/')}" for text in (one, other)]
    match member.datatype:
        case Datatype.URI:
            return uris[0], uris[1]
        case Datatype.URIS:
            return tuple(uris), tuple(uris[1:])
        case Datatype.TEXTS:
            return (one, other), (other,)
        case Datatype.FLAG:
            return True, False
        case Datatype.NUMBER:
            return 7, 11
        case Datatype.KEY_SET:
            return KEYS[0], KEYS[1]
        case Datatype.SCOPES:
            raise AssertionError(f"choose scopes for {member.field} above")
    return one, other


def beside(field: str, origin: str) -> dict[str, object]:
    """What a web client is registered with beside a sample of ``field``."""
    needed = {
        "name": "Printer",
        "redirect_uris": (f"{origin}/callback",),
        "scopes": ("profile:read", "photos:read", "openid"),
    }
    more = needed | BESIDE.get(field, {})
    return {name: value for name, value in more.items() if name != field}


def on_the_wire(member: Member, value: object) -> object:
    """A value as a JSON document has it (RFC 7591 section 2)."""
    if member.datatype is Datatype.SCOPES:
        return " ".join(value)
    if member.datatype is Datatype.KEY_SET:
        return json.loads(value)
    return list(value) if isinstance(value, tuple) else value


def document(values: dict[str, object]) -> dict[str, object]:
    """Client metadata with these values, by field."""
    rows = ((MEMBERS[field], value) for field, value in values.items())
    return {row.name: on_the_wire(row, value) for row, value in rows}

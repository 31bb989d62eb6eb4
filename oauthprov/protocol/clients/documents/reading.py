"""From the bytes of a document to the record of its client.

draft-ietf-oauth-client-id-metadata-document, section "Client Metadata Document". The members have
the rules of a registration (RFC 7591). Beyond them:

* ``client_id`` is the URL of the document, byte by byte.
* Nobody can share a secret by it: it may contain none, and name no method that uses one. Without a
  method the client is public.
* The client acts for users, by codes or on a device. Other grant types are left out, and so are
  scopes that this server doesn't have.
* Its subjects are those of its host, so it names no sector (OpenID Connect Core section 8.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from oauthprov.protocol.clients import methods, verification
from oauthprov.protocol.clients.grant_types import AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN
from oauthprov.protocol.clients.metadata import InvalidMetadata
from oauthprov.protocol.clients.redirects import destination
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.clients.wire.document import read_document
from oauthprov.protocol.clients.wire.members import NAMES
from oauthprov.protocol.keys.json_object import parse_object
from oauthprov.records import Client
from oauthprov.settings import Settings

_GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE)
_METHODS = (methods.NONE, "private_key_jwt")
_SECRETS = ("client_secret", "client_secret_expires_at")
_LEFT_OUT = ("sector_identifier_uri",)
_KEPT = ("verified", "logo", "disabled_at", "last_used_at", "created_at")
"""What a server notes of a client, and doesn't read in its document."""
_FETCHING = ("fetched_at", "fresh_until", "changed_at")


class DocumentRefused(Exception):
    """The document can't be used; the message says why, for the log and the operator."""


def read(client_id: str, content: bytes, settings: Settings, registrar: Registrar) -> Client:
    """Return the client that a document describes. Raises DocumentRefused, FetchBusy."""
    document = _parsed(content)
    if document.get("client_id") != client_id:
        raise DocumentRefused("its client_id isn't its URL")
    given = {name: value for name, value in document.items() if value is not None}
    for name in _SECRETS:
        if name in given:
            raise DocumentRefused(f"it has a {name}")
    method = given.setdefault("token_endpoint_auth_method", methods.NONE)
    if isinstance(method, str) and method not in _METHODS:
        raise DocumentRefused(f"its token_endpoint_auth_method is none of {', '.join(_METHODS)}")
    for name in _LEFT_OUT:
        given.pop(name, None)
    try:
        kind, metadata = read_document(_narrowed(given, settings), settings)
        client, _ = registrar.prepare(type=kind, client_id=client_id, **metadata)
    except InvalidMetadata as wrong:
        problems = wrong.problems.items()
        said = "; ".join(f"{NAMES.get(field, field)}: {problem}" for field, problem in problems)
        raise DocumentRefused(said) from None
    return client


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return parse_object(content)
    except ValueError as wrong:
        raise DocumentRefused(f"it {wrong}") from None


def _narrowed(given: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the members with those of the grant types that such a client may have.

    Scopes that are all those of other servers count as none: one document is for many servers.
    """
    narrowed = dict(given)
    scope = given.get("scope")
    if isinstance(scope, str) and settings.scope_names.isdisjoint(scope.split(" ")):
        del narrowed["scope"]
    asked = given.get("grant_types")
    if isinstance(asked, list) and all(isinstance(name, str) for name in asked):
        chosen = [name for name in asked if name in _GRANT_TYPES]
        if not chosen:
            raise DocumentRefused(f"it has none of the grant types {', '.join(_GRANT_TYPES)}")
        narrowed["grant_types"] = chosen
    return narrowed


def renewed(before: Client, read: Client, now: int) -> tuple[Client, tuple[str, ...]]:
    """Return the client of a document fetched again, and the fields that have changed.

    The operator's decisions stay, but ``verified`` ends with a change of what users see.
    """
    kept = {name: getattr(before, name) for name in (*_KEPT, *_FETCHING)}
    after = replace(read, **kept)
    values = {name: getattr(after, name) for name in verification.SHOWN}
    marks = verification.marks_after(before, values, by_operator=False)
    after = replace(after, verified=marks["verified"])
    if _trusted(before) != _trusted(after):
        after = replace(after, changed_at=now)
    names = [field.name for field in fields(Client)]
    changed = tuple(name for name in names if getattr(before, name) != getattr(after, name))
    return after, changed


def _trusted(client: Client) -> tuple[object, ...]:
    """Return what users have trusted: where codes go, and how the client proves itself."""
    hosts = frozenset(map(destination, client.redirect_uris))
    return hosts, client.jwks, client.jwks_uri, client.auth_method

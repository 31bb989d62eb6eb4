"""Client metadata on the wire (RFC 7591 section 2): read from a request, written to a response.

How the client type is determined:

* With an empty list of grant types and no redirect URIs the client is an ``api``, which gets no
  tokens. It may register only with an initial access token; the operator then says which tokens it
  may introspect.
* Without a grant type in which a user allows something the client is a ``machine``. No user
  consents before a machine gets tokens, so it may register only with an initial access token.
* With the authentication method ``none`` it is ``native`` if ``application_type`` says so, or if
  that is absent and a redirect URI is on the user's device: a loopback address, with any port, or
  a private-use scheme. MCP clients register this way. It is ``native`` too if a ``browser``
  app can't have its grant types. Otherwise it is a ``browser`` app.
* With a secret or a key of its own it is a ``web`` server, whose loopback redirect URIs keep their
  port; the same holds for an app on a device that requests a secret (RFC 8252 section 8.4). A
  ``native`` client that names no method gets ``none``.

A client keeps its type. Of several values the unsupported ones are left out, as section 3.2.1
allows, and the response shows what is registered; if none is left, that is an error. Unknown
members are ignored, and so are names in other languages (``client_name#de``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oauthprov.protocol.clients import grant_types, methods
from oauthprov.protocol.clients.metadata import InvalidMetadata, Metadata
from oauthprov.protocol.clients.redirects import leaves_browser
from oauthprov.protocol.clients.types import CLIENT_TYPES
from oauthprov.protocol.clients.wire import members
from oauthprov.protocol.clients.wire.members import strings, text
from oauthprov.records import Client
from oauthprov.settings import Settings

NAMELESS = "Unnamed app"
"""The name of a client that provides none."""
_NATIVE = ("native", "device")
"""The types whose clients run on a device of their users."""


def read_document(
    document: Mapping[str, Any],
    settings: Settings,
    current: Client | None = None,
    *,
    trusted: bool = False,
) -> tuple[str, Metadata]:
    """Return the client's type and all its fields, with a default for each absent one.

    null counts as absent too (RFC 7592 section 2.2). ``current`` is the client to update,
    ``trusted`` means that the request has an initial access token. Raises InvalidMetadata.
    """
    given = {name: value for name, value in document.items() if value is not None}
    if current is not None and not CLIENT_TYPES[current.client_type].has_users:
        trusted = True
    grants = _grants(given, settings, trusted)
    uris = strings(given, "redirect_uris")
    kind, method = _placed(given, grants, uris, settings)
    if current is not None:
        kind = _kept(given, kind, current)
    metadata = members.fields(given, settings) | {
        "name": (text(given, "client_name") or "").strip() or NAMELESS,
        "grant_types": grants,
        "response_types": _restricted(given, grants),
        "auth_method": method,
    }
    return kind, metadata | _scopes(given, settings, kind, current)


def document_of(client: Client) -> dict[str, object]:
    """Return all registered metadata of a client (RFC 7591 section 3.2.1), without credentials."""
    made = members.told(client) | {
        "token_endpoint_auth_method": methods.wire_name(client),
        "client_id": client.client_id,
        "client_id_issued_at": client.created_at,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(client.grant_types),
        "response_types": list(grant_types.response_types_of(client)),
        "application_type": "native" if client.client_type in _NATIVE else "web",
    }
    required = made.pop("backchannel_logout_session_required", False)
    if client.backchannel_logout_uri is not None:
        made["backchannel_logout_session_required"] = required
    return made


def _grants(given: Mapping[str, Any], settings: Settings, trusted: bool) -> tuple[str, ...]:
    """Return the grant types to register: those that anybody may register, if they suffice.

    With ``trusted`` they may be those of holders of an initial access token, or none at all.
    """
    if trusted and given.get("grant_types") == [] and not given.get("redirect_uris"):
        return ()
    asked = strings(given, "grant_types") or [grant_types.AUTHORIZATION_CODE]
    offered = grant_types.offered(settings)
    open_to_all = [row for row in offered if row.registered_by == "anybody"]
    for rows in (open_to_all, [row for row in offered if trusted and row not in open_to_all]):
        chosen = [row for row in rows if row.name in asked]
        if any(row.begins for row in chosen):
            return tuple(row.name for row in chosen)
    names = " or ".join(row.name for row in open_to_all if row.begins)
    raise InvalidMetadata({"grant_types": f"It must include {names}."})


def _restricted(given: Mapping[str, Any], grants: Sequence[str]) -> tuple[str, ...]:
    """Return the response types that a client restricts itself to (Registration section 2)."""
    offered = grant_types.response_types(grants)
    asked = strings(given, "response_types") or ["code"]
    wanted = [" ".join(sorted(words.split())) for words in asked]
    chosen = tuple(name for name in offered if name in wanted)
    if offered and not chosen:
        sentence = f"With these grant types, the supported ones are {', '.join(offered)}."
        raise InvalidMetadata({"response_types": sentence})
    return chosen


def _placed(
    given: Mapping[str, Any], grants: Sequence[str], uris: Sequence[str], settings: Settings
) -> tuple[str, str]:
    """Return the client type and the authentication method, by the rules at the top."""
    application = text(given, "application_type")
    if application not in (None, "web", "native"):
        raise InvalidMetadata({"application_type": "Choose one of web, native."})
    has_users = grant_types.have_users(grants)
    default = methods.NONE if application == "native" and has_users else methods.BASIC
    method = text(given, "token_endpoint_auth_method") or default
    known = methods.registrable(settings)
    if method not in known:
        raise InvalidMetadata({"auth_method": f"Choose one of {', '.join(known)}."})
    if not has_users:
        return "machine" if grants else "api", method
    if method not in methods.PUBLIC:
        return "web", method
    if {row.name for row in grant_types.of_type("device")}.issuperset(grants):
        return "device", method
    in_browser = {row.name for row in grant_types.of_type("browser")}
    elsewhere = not in_browser.issuperset(grants) or any(map(_on_device, uris))
    on_device = application is None and elsewhere
    return "native" if on_device or application == "native" else "browser", method


def _on_device(uri: str) -> bool:
    try:
        return leaves_browser(uri)
    except ValueError:
        return False


def _kept(given: Mapping[str, Any], kind: str, current: Client) -> str:
    guessed = given.get("application_type") is None
    if guessed and {kind, current.client_type} == {"browser", "native"}:
        return current.client_type
    if kind != current.client_type:
        raise InvalidMetadata({"client": f"A {current.client_type} client can't change its type."})
    return kind


def _scopes(
    given: Mapping[str, Any], settings: Settings, kind: str, current: Client | None
) -> dict[str, Sequence[str]]:
    """Return the scopes and the default scopes.

    A client whose users are asked may request every scope that registered clients may have. It
    often knows only the scopes of its first request, and would be unable to request more later.
    The requested ones become its default scopes. An update only adds the scopes that it names, so
    that it undoes no change of the operator's. No user is asked for a machine's scopes: a machine
    has the requested ones alone.
    """
    if kind == "api":  # it gets no tokens
        return {"scopes": (), "default_scopes": ()}
    asked = (text(given, "scope") or "").split(" ")
    declared = [scope.name for scope in settings.scopes]
    held = () if current is None else current.scopes
    may_have = (*(settings.registration_scopes or declared), *held)
    offered = [name for name in declared if name in may_have]
    chosen = [name for name in offered if name in asked]
    if offered and any(asked) and not chosen:
        raise InvalidMetadata({"scopes": f"It must include one of {' '.join(offered)}."})
    usual = [name for name in offered if name in settings.default_scopes]
    if kind == "machine":
        return {"scopes": chosen or usual, "default_scopes": ()}
    if current is None:
        return {"scopes": offered, "default_scopes": chosen or usual or offered}
    scopes = [name for name in offered if name in (*held, *chosen)]
    if not chosen or set(chosen) == set(held):  # it repeats the response (RFC 7592 section 2.2)
        chosen = [name for name in scopes if name in current.default_scopes]
    return {"scopes": scopes, "default_scopes": chosen}

"""What may be registered of a client: the four types and the rules of each field (RFC 7591)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit

from oauthprov.credentials import is_invisible
from oauthprov.errors import FetchError, JoseError
from oauthprov.fetch.target import Target
from oauthprov.protocol import implicit
from oauthprov.protocol.jwk import parse_key_set
from oauthprov.protocol.redirects import URI_LIMIT, problem_with
from oauthprov.settings import Settings

NAME_LIMIT = 100
REDIRECT_URIS_LIMIT = 50
CONTACTS_LIMIT = 10
TEXT_LIMIT = 254
"""Characters of a contact, and of what a client says of its software."""


@dataclass(frozen=True, slots=True)
class ClientType:
    """A type of client: what it may do (RFC 6749 section 2.1), and what it is for in a sentence.

    ``auth_methods`` has the default first; ``none`` makes the client a public one.
    """

    name: str
    title: str
    sentence: str
    grant_types: tuple[str, ...]
    auth_methods: tuple[str, ...]

    @property
    def confidential(self) -> bool:
        """Whether clients of this type keep a secret."""
        return self.auth_methods[0] != "none"

    @property
    def redirects(self) -> bool:
        """Whether people are sent back to clients of this type, so that they need an address."""
        return "authorization_code" in self.grant_types


_WITH_PEOPLE = ("authorization_code", "refresh_token")
_SECRET_METHODS = ("client_secret_basic", "client_secret_post")

CLIENT_TYPES: Mapping[str, ClientType] = {
    kind.name: kind
    for kind in (
        ClientType(
            "web",
            "Web server",
            "An application on a server of yours, which can keep a secret.",
            _WITH_PEOPLE,
            _SECRET_METHODS,
        ),
        ClientType(
            "browser",
            "Browser app",
            "JavaScript in the browser without a server behind it: it can't keep a secret.",
            _WITH_PEOPLE,
            ("none",),
        ),
        ClientType(
            "native",
            "Native or CLI app",
            "A program on a person's own phone or computer: it can't keep a secret.",
            _WITH_PEOPLE,
            ("none",),
        ),
        ClientType(
            "machine",
            "Machine to machine",
            "A job or service that acts as itself, with no person there to ask.",
            ("client_credentials",),
            _SECRET_METHODS,
        ),
    )
}


class Metadata(TypedDict, total=False):
    """The fields of a client that are chosen. Only the operator may set ``first_party``."""

    name: str
    redirect_uris: Sequence[str]
    grant_types: Sequence[str]
    scopes: Sequence[str]
    default_scopes: Sequence[str]
    homepage_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    contacts: Sequence[str]
    software_id: str | None
    software_version: str | None
    jwks_uri: str | None
    jwks: Mapping[str, Any] | None
    auth_method: str
    first_party: bool
    post_logout_redirect_uris: Sequence[str]
    backchannel_logout_uri: str | None
    backchannel_logout_session_required: bool


class InvalidMetadata(Exception):
    """A client can't be registered so; ``problems`` has a sentence for each wrong field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(problems.values()))


def checked(metadata: Metadata, kind: ClientType, settings: Settings) -> dict[str, Any]:
    """Return the fields of ``metadata`` as they are stored; raise InvalidMetadata for all wrong.

    Only the fields given are judged, so that an old client can be edited after the rules changed.
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, given in metadata.items():
        try:
            values[field] = _RULES[field](given, kind, settings)
        except ValueError as wrong:
            problems[field] = str(wrong)
    if problems:
        raise InvalidMetadata(problems)
    return values


def default_scopes_within(default: Sequence[str], scopes: Sequence[str]) -> tuple[str, ...]:
    """Return ``default``; raise InvalidMetadata when the client may not even ask for some."""
    beyond = [name for name in default if name not in scopes]
    if beyond:
        sentence = f"Not among the scopes of this client: {' '.join(beyond)}."
        raise InvalidMetadata({"default_scopes": sentence})
    return tuple(default)


def _name(given: str, kind: ClientType, settings: Settings) -> str:
    name = unicodedata.normalize("NFC", given).strip()
    if not any(c.isprintable() and not c.isspace() and not is_invisible(c) for c in name):
        raise ValueError("Give it a name that people will recognise.")
    if len(name) > NAME_LIMIT:
        raise ValueError(f"Use at most {NAME_LIMIT} characters.")
    if any(_disturbs(c) for c in name):
        raise ValueError("Use no line breaks, control characters or text direction marks.")
    return name


def _disturbs(character: str) -> bool:
    # A consent page shows the name: it must not rearrange the words around it.
    marks = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    category = unicodedata.category(character)
    return category in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(character) in marks


def _redirect_uris(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    uris = tuple(dict.fromkeys(uri.strip() for uri in given if uri.strip()))
    if not kind.redirects:
        if uris:
            raise ValueError("A machine has no redirect URIs: nobody is sent back to it.")
        return ()
    if not uris:
        raise ValueError("Give the address to which people are sent back, one a line.")
    return _redirectable(uris, kind)


def _redirectable(uris: tuple[str, ...], kind: ClientType) -> tuple[str, ...]:
    if len(uris) > REDIRECT_URIS_LIMIT:
        raise ValueError(f"Give at most {REDIRECT_URIS_LIMIT} redirect URIs.")
    problems = [f"{uri}: {problem}" for uri in uris if (problem := problem_with(uri, kind.name))]
    if problems:
        raise ValueError(" ".join(problems))
    return uris


def _post_logout_redirect_uris(
    given: Sequence[str], kind: ClientType, settings: Settings
) -> tuple[str, ...]:
    return _redirectable(tuple(dict.fromkeys(uri.strip() for uri in given if uri.strip())), kind)


def _grant_types(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    known = (*kind.grant_types, *_implicit(kind, settings))
    first = {kind.grant_types[0], implicit.GRANT_TYPE}
    if first.isdisjoint(given) or not set(given).issubset(known):
        raise ValueError(f"A {kind.name} client has {' and perhaps '.join(known)}.")
    return tuple(name for name in known if name in given)


def _implicit(kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return (implicit.GRANT_TYPE,) if kind.redirects and implicit.is_on(settings) else ()


def _scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    chosen = set(given)
    declared = [scope.name for scope in settings.scopes]
    unknown = chosen.difference(declared)
    if unknown:
        raise ValueError(f"This server has no such scope: {' '.join(sorted(unknown))}.")
    # A machine without scopes is a resource server that introspects tokens (RFC 7662).
    if declared and not chosen and kind.redirects:
        raise ValueError("Choose at least one scope.")
    return tuple(name for name in declared if name in chosen)


def _default_scopes(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys(given))


def _web_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = (given or "").strip()
    if not uri:
        return None
    wrong = ValueError("Give an http or https address, without a user name in it.")
    # urlsplit drops tabs and line breaks, and browsers read a backslash as a slash.
    if len(uri) > URI_LIMIT or any(not "!" <= c <= "~" or c == "\\" for c in uri):
        raise wrong
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise wrong
    if port == 0:
        raise wrong
    return uri


def _contacts(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    contacts = tuple(dict.fromkeys(filter(None, map(_plain, given))))
    if len(contacts) > CONTACTS_LIMIT:
        raise ValueError(f"Give at most {CONTACTS_LIMIT} contacts.")
    return contacts


def _jwks_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    if not given:
        return None
    try:
        Target.parse(given)
    except FetchError as wrong:
        raise ValueError(f"It can't be fetched: {wrong}.") from None
    return given


def _jwks(given: Mapping[str, Any] | None, kind: ClientType, settings: Settings) -> str | None:
    if given is None:
        return None
    made = json.dumps(given, separators=(",", ":"))
    try:
        parse_key_set(made)
    except JoseError as wrong:
        raise ValueError(f"It can't be used: {wrong.reason}.") from None
    return made


def _text(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    return _plain(given or "") or None


def _plain(given: str) -> str:
    text = given.strip()
    if len(text) > TEXT_LIMIT or not text.isprintable():
        raise ValueError(f"Use at most {TEXT_LIMIT} characters, and none that can't be shown.")
    return text


def _backchannel_logout_uri(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    uri = (given or "").strip()
    if not uri:
        return None
    if not kind.redirects:
        raise ValueError("Nobody signs in to a machine, so it learns of no logout.")
    # Back-Channel Logout 2.2 lets http be for confidential clients, we only while developing.
    loopback_http = settings.development and kind.confidential
    try:
        Target.parse(uri, loopback_http=loopback_http)
    except FetchError as wrong:
        raise ValueError(f"Give an https address that this server can call: {wrong}.") from None
    if "#" in uri:
        raise ValueError("The address may have no fragment.")
    return uri


def _session_required(given: bool, kind: ClientType, settings: Settings) -> bool:
    return given


def _auth_method(given: str, kind: ClientType, settings: Settings) -> str:
    if given not in kind.auth_methods:
        raise ValueError(f"Choose one of {', '.join(kind.auth_methods)}.")
    return given


def _first_party(given: bool, kind: ClientType, settings: Settings) -> bool:
    return given


_RULES: Mapping[str, Callable[[Any, ClientType, Settings], object]] = {
    "name": _name,
    "redirect_uris": _redirect_uris,
    "grant_types": _grant_types,
    "scopes": _scopes,
    "default_scopes": _default_scopes,
    "homepage_uri": _web_uri,
    "logo_uri": _web_uri,
    "policy_uri": _web_uri,
    "tos_uri": _web_uri,
    "contacts": _contacts,
    "software_id": _text,
    "software_version": _text,
    "jwks_uri": _jwks_uri,
    "jwks": _jwks,
    "auth_method": _auth_method,
    "first_party": _first_party,
    "post_logout_redirect_uris": _post_logout_redirect_uris,
    "backchannel_logout_uri": _backchannel_logout_uri,
    "backchannel_logout_session_required": _session_required,
}

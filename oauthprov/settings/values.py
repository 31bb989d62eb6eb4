"""Parsers of settings: each returns the value of a text, or raises ValueError."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from urllib.parse import urlsplit

import limits

PREFIX = "oauthprov."

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Host names of this computer, as the URL parser returns them."""
OPENID = "openid"
"""The scope that makes an authorization request an authentication request (Core 3.1.2.1)."""
OFFLINE_ACCESS = "offline_access"
"""The scope that requests a grant that outlives the session (Core section 11)."""

ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
"""The signing algorithms; EdDSA is the older name of Ed25519 (RFC 9864 section 2.2)."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_PLACE = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")


Weight = Literal["read", "write", "delete"]
"""What a scope may do to a user's data: at most read, also change, or also delete."""
WEIGHTS: tuple[Weight, ...] = ("read", "write", "delete")


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope, with a sentence for users on what it allows, and its weight."""

    name: str
    sentence: str
    weight: Weight = "read"


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource (RFC 8707, RFC 9728): its URI, its scopes and a sentence.

    ``jwt`` tells whether its access tokens are JWTs (RFC 9068), else they are opaque. ``alg`` is
    the algorithm that signs them, empty for the first of ``oauthprov.keys.algorithms``. ``bound``
    tells whether all of them are bound to a key of the client (RFC 9449).
    """

    uri: str
    scopes: tuple[str, ...]
    sentence: str
    jwt: bool = False
    alg: str = ""
    bound: bool = False


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # RFC 3986 section 3.1
_TAKEN_SCHEMES = (
    *("about", "blob", "chrome", "chrome-extension", "data", "feed", "file", "filesystem"),
    *("ftp", "ftps", "http", "https", "intent", "jar", "javascript", "ldap", "ldaps"),
    *("livescript", "mailto", "mocha", "moz-extension", "news", "resource", "sftp", "sms"),
    *("ssh", "tel", "telnet", "urn", "vbscript", "view-source", "ws", "wss"),
)
"""Schemes that belong to browsers or to other programs, and may run scripts or leak a code."""


def private_schemes(value: str) -> tuple[str, ...]:
    """Parse URI schemes of apps, in lower case and without a colon."""
    named = words(value)
    for scheme in named:
        if not _SCHEME.fullmatch(scheme) or scheme in _TAKEN_SCHEMES:
            raise ValueError(f"has a scheme that no app may have as its own: {scheme}")
    return named


_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)


def resource_identity(uri: str) -> str:
    """Return what two URIs of one resource have in common (RFC 3986 section 6.2).

    Scheme and host count without case, and a lone slash is no path: URL parsers write
    ``https://api.example`` with one.
    """
    match = _AUTHORITY.fullmatch(uri) if uri.isascii() else None
    if match is None:
        return uri
    scheme, authority, rest = match.groups()
    user, at, host = authority.rpartition("@")
    return f"{scheme.lower()}://{user}{at}{host.lower()}{'' if rest == '/' else rest}"


def flag(value: str) -> bool:
    """Parse true or false."""
    known = {"true": True, "yes": True, "on": True, "1": True}
    known |= {"false": False, "no": False, "off": False, "0": False}
    try:
        return known[value.lower()]
    except KeyError:
        raise ValueError("must be true or false") from None


def seconds(most: int = 315_360_000, least: int = 0) -> Callable[[str], int]:
    """Return a parser of whole seconds, from ``least`` to ``most``."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            lower = f" and at least {least}" if least else ""
            raise ValueError(f"must be a whole number of seconds, at most {most}{lower}")
        return int(value)

    return parse


def count(least: int = 1) -> Callable[[str], int]:
    """Return a parser of a whole number, at least ``least``."""

    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ValueError(f"must be a whole number, at least {least}")
        return int(value)

    return parse


def words(value: str) -> tuple[str, ...]:
    """Parse blank-separated words, without duplicates."""
    return tuple(dict.fromkeys(value.split()))


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser that accepts one of ``choices``."""

    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return value

    return parse


def some_of(*choices: str) -> Callable[[str], tuple[str, ...]]:
    """Return a parser that accepts some of ``choices``, separated by blanks, or ``none``."""

    def parse(value: str) -> tuple[str, ...]:
        found = () if value == "none" else words(value)
        if not set(found).issubset(choices):
            raise ValueError(f"must be none, or some of {', '.join(choices)}")
        return found

    return parse


def those_of(*roles: str) -> Callable[[str], tuple[str, ...]]:
    """Return a parser of ``nobody``, ``everyone``, or some of ``roles``, separated by blanks.

    Its result is empty for ``nobody``.
    """

    def parse(value: str) -> tuple[str, ...]:
        found = () if value == "nobody" else words(value)
        if found != ("everyone",) and (value == "" or not set(found).issubset(roles)):
            raise ValueError(f"must be nobody, everyone, or some of {', '.join(roles)}")
        return found

    return parse


def acr(value: str) -> str:
    """Parse a value of ``acr``: one word, since ``acr_values`` are separated by blanks."""
    if not value.isascii() or not value.isprintable() or len(value.split()) != 1:
        raise ValueError("must be one word of printable ASCII characters")
    return value


def rate(value: str) -> str:
    """Parse a rate such as ``10 per 15 minutes``."""
    try:
        limits.parse_many(value)
    except ValueError:
        raise ValueError("must be a rate such as '10 per 15 minutes'") from None
    return value


def counters(value: str) -> str:
    """Parse the URL of the rate limit counters: memory or Redis."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        # Not the error's own words: they repeat what may be a part of the password.
        raise ValueError("is not a valid URL") from None
    if parts.scheme not in ("memory", "redis", "rediss", "redis+unix", "redis+cluster"):
        raise ValueError("must be memory:// or a Redis URL")
    if parts.scheme != "memory" and find_spec("redis") is None:
        raise ValueError("needs the Redis driver: pip install 'oauthprov[redis]'")
    return value


def issuer(value: str) -> str:
    """Parse an issuer URL (RFC 8414 section 2)."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("must be an http or https URL without a user name")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("must have no query and no fragment (RFC 8414 section 2)")
    if value.endswith("/"):
        raise ValueError("must not end in a slash")
    return value


def rows(value: str, columns: int, optional: int = 0) -> list[list[str]]:
    """Parse lines of ``columns`` cells separated by ``|``, and up to ``optional`` further ones."""
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    for row in rows:
        if not columns <= len(row) <= columns + optional or not all(row):
            many = f"{columns} or {columns + optional}" if optional else f"{columns}"
            raise ValueError(
                f"has a line that isn't {many} parts separated by '|': {' | '.join(row)}"
            )
    return rows


def scope_token(name: str) -> str:
    """Parse one scope."""
    # RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    if not all("!" <= c <= "~" and c not in '"\\' for c in name):
        raise ValueError(f"has a scope with a character that RFC 6749 section 3.3 forbids: {name}")
    return name


def scopes(value: str) -> tuple[Scope, ...]:
    """Parse one scope per line: name | sentence, and perhaps | weight."""
    return tuple(_scope(*row) for row in rows(value, 2, optional=1))


def _scope(name: str, sentence: str, weight: str = "read") -> Scope:
    for known in WEIGHTS:
        if weight == known:
            return Scope(scope_token(name), sentence, known)
    raise ValueError(f"has the scope {name} with a weight other than {', '.join(WEIGHTS)}")


def resources(value: str) -> tuple[Resource, ...]:
    """Parse one resource per line: URI | its scopes | sentence [| kind of its tokens]."""
    made = []
    for uri, scopes, sentence, *kind in rows(value, 3, optional=1):
        parts = urlsplit(uri)
        if not parts.scheme or not parts.netloc or "#" in uri:
            raise ValueError(
                f"has a resource that is not an absolute URI without a fragment: {uri}"
            )
        made.append(Resource(uri, words(scopes), sentence, *_token_kind(kind)))
    return tuple(made)


def _token_kind(cells: list[str]) -> tuple[bool, str, bool]:
    """Parse the fourth cell of a resource: ``jwt``, perhaps an algorithm, and ``bound``."""
    given = list(words(cells[0])) if cells else []
    bound = "bound" in given
    if bound:
        given.remove("bound")
    name, alg, *more = [*given, "", ""]
    if name not in ("", "jwt") or any(more) or (alg or ALGORITHMS[0]) not in ALGORITHMS:
        raise ValueError(
            "has a resource whose fourth part is neither 'jwt', perhaps with one of "
            f"{', '.join(ALGORITHMS)}, nor 'bound', nor both: {cells[0]}"
        )
    return name == "jwt", alg, bound


@dataclass(frozen=True, slots=True)
class FetchAllow:
    """Addresses that may be fetched from although they aren't port 443 of a public address."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    places: frozenset[tuple[str, int]] = frozenset()


def languages(value: str) -> tuple[str, ...]:
    """Parse one or more BCP 47 language tags, such as ``de`` or ``pt-BR``."""
    named = words(value)
    if not named or not all(map(_LANGUAGE.fullmatch, named)):
        raise ValueError("must list language tags such as en, de or pt-BR")
    return named


def algorithms(value: str) -> tuple[str, ...]:
    """Parse signing algorithms, at least one."""
    named = words(value)
    unknown = [name for name in named if name not in ALGORITHMS]
    if unknown:
        raise ValueError(f"names an algorithm other than {', '.join(ALGORITHMS)}")
    if not named:
        raise ValueError("must name an algorithm")
    return named


def place(value: str) -> tuple[str, int]:
    """Parse ``host:port``; an IPv6 address stands in brackets, which aren't returned."""
    match = _PLACE.fullmatch(value)
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError("must be host:port")
    return match[1].strip("[]").lower(), int(match[2])


def fetch_allow(value: str) -> FetchAllow:
    """Parse words that are each ``host:port`` or a network in CIDR notation."""
    networks, places = [], set()
    for word in words(value):
        with suppress(ValueError):
            places.add(place(word))
            continue
        try:
            networks.append(ip_network(word))
        except ValueError:
            raise ValueError(
                f"has an entry that is neither host:port nor a network: {word}"
            ) from None
    return FetchAllow(tuple(networks), frozenset(places))


def ca_file(value: str) -> str:
    """Parse the path of a file with certificates in PEM format, or empty text."""
    if value:
        try:
            ssl.create_default_context(cafile=value)
        except OSError:
            raise ValueError(f"must name a file of certificates in PEM form: {value}") from None
    return value

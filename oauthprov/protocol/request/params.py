"""Request parameters, read strictly from raw bytes before oauthlib sees anything.

An empty value counts as absent, and no parameter may repeat (RFC 6749 section 3.1) except
``resource`` and ``audience`` (RFC 8707, RFC 8693). Names that an endpoint doesn't know are
dropped, since oauthlib makes every name in its input an attribute of its request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from oauthlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error

from oauthprov.fetch import exchange
from oauthprov.messages import N_
from oauthprov.protocol.clients.grant_types import GRANT_TYPES
from oauthprov.protocol.clients.redirects import URI_LIMIT
from oauthprov.protocol.request.answers import Call

Pairs = tuple[tuple[str, str], ...]

FORM = exchange.FORM
MANY = frozenset({"resource", "audience"})
PUSHED = "pushed_request"
"""In the parameters of a request that was pushed, the key of its record. No client can send it."""
CODE_REQUEST = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "redirect_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
"""Parameters of an authorization request that oauthlib sees. All others are for our checks."""
CREDENTIALS = frozenset(
    {"client_assertion", "client_assertion_type", "client_id", "client_secret"}
)
TOKEN = (CREDENTIALS | {"grant_type", "resource", "scope"}).union(
    *(row.parameters for row in GRANT_TYPES.values())
)
ABOUT_TOKEN = CREDENTIALS | {"token", "token_type_hint"}
"""Parameters of introspection and revocation."""

BODY_LIMIT = 32 * 1024
QUERY_LIMIT = 8 * 1024
REQUEST_LIMIT = QUERY_LIMIT + 16 * 1024
"""Bytes of a request that carries a request object; the object's parameters fit QUERY_LIMIT."""
COUNT_LIMIT = 100
URIS = frozenset({"audience", "post_logout_redirect_uri", "redirect_uri", "resource"})
"""Parameters of at most ``URI_LIMIT`` characters, since parsing a long URI may take long."""

_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
_NOT_PRINTABLE = re.compile(rb"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parameters that an endpoint knows, and the names of those that repeat but mustn't.

    Of a repeated parameter only the first value is kept. ``refused`` is the error of a request
    object that was refused.
    """

    pairs: Pairs
    repeated: tuple[str, ...] = ()
    refused: OAuth2Error | None = None

    @property
    def size(self) -> int:
        """Bytes of all names and values."""
        return len("".join(map("=".join, self.pairs)).encode())

    def get(self, name: str) -> str | None:
        """Return the first value of ``name``, None when it is absent."""
        for key, value in self.pairs:
            if key == name:
                return value
        return None

    def strict(self) -> Pairs:
        """Return the pairs. Raises InvalidRequestError when any name repeats."""
        if self.repeated:
            raise InvalidRequestError(N_("Duplicate ${name} parameter.", name=self.repeated[0]))
        return self.pairs


def from_body(call: Call, known: frozenset[str], limit: int = BODY_LIMIT) -> Parsed:
    """Read a posted form. Raises InvalidRequestError for any other body.

    A query in the URL is refused: credentials don't belong in a URL (RFC 6749 section 2.3.1).
    """
    if call.query:
        raise InvalidRequestError(N_("URL query parameters are not allowed."))
    content_type = call.headers.get("content-type", "")
    if content_type != FORM:
        _check_form(content_type)
    return parse(call.body, known, limit)


def _check_form(content_type: str) -> None:
    kind, _, rest = content_type.partition(";")
    if kind.strip().lower() != FORM:
        raise InvalidRequestError(N_("The content type must be ${type}.", type=FORM))
    charset = _CHARSET.search(rest)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        raise InvalidRequestError(N_("The character set must be UTF-8."))


def from_query(call: Call, known: frozenset[str], limit: int = QUERY_LIMIT) -> Parsed:
    """Read the query. Raises InvalidRequestError for a malformed one."""
    return parse(call.query, known, limit)


def parse(raw: bytes, known: frozenset[str], limit: int) -> Parsed:
    """Read ``raw`` as ``application/x-www-form-urlencoded`` and keep the ``known`` names.

    Raises InvalidRequestError for more than ``limit`` bytes or 100 parameters, a URI that is too
    long, broken percent-encoding, unprintable bytes, invalid UTF-8, and NUL.
    """
    if len(raw) > limit:
        raise too_large()
    if _NOT_PRINTABLE.search(raw) or _BAD_PERCENT.search(raw):
        raise InvalidRequestError(N_("The request is not properly percent-encoded."))
    pieces = raw.decode("ascii").split("&")
    if len(pieces) > COUNT_LIMIT:
        raise InvalidRequestError(N_("The request has too many parameters."))
    kept: list[tuple[str, str]] = []
    seen: set[str] = set()
    repeated: dict[str, None] = {}
    for piece in filter(None, pieces):
        name, _, value = piece.partition("=")
        if "%" in piece or "+" in piece:
            name, value = decoded(name.encode()), decoded(value.encode())
        if name in seen and name not in MANY:
            repeated[name] = None
        elif name in known:
            if len(raw) > URI_LIMIT and too_long(name, value):
                raise InvalidRequestError(N_("The ${name} is too long.", name=name))
            seen.add(name)
            if value:
                kept.append((name, value))
    return Parsed(tuple(kept), tuple(repeated))


def too_large() -> InvalidRequestError:
    """Return the error for a request of too many bytes."""
    return InvalidRequestError(N_("The request is too long."), status_code=413)


def too_long(name: str, value: str) -> bool:
    """Tell whether a parameter is a URI longer than any that can be registered."""
    return name in URIS and len(value) > URI_LIMIT


def decoded(raw: bytes) -> str:
    """Form-decode one part. Raises InvalidRequestError for invalid UTF-8 and for NUL."""
    if b"%" in raw or b"+" in raw:
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequestError(N_("The request is not valid UTF-8.")) from None
    if "\0" in text:
        raise InvalidRequestError(N_("The request holds a NUL character."))
    return text

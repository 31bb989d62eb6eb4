"""In what a URI differs from those that were expected, for :attr:`RequestNoted.compared`."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from oauthprov.protocol.request.refusals import quoted

_PARTS = ("scheme", "host", "port", "path", "query", "fragment")


def from_expected(sent: str, expected: Collection[str], have: str) -> str:
    """Return the URI of ``expected`` that is most like ``sent``, and the parts that differ.

    ``have`` comes before it, such as ``registered``::

        registered 'https://app.example/callback', which differs in the port; and 2 others
    """
    if not expected:
        return f"{have} none"
    found = {uri: differing(sent, uri) for uri in expected}
    nearest = min(found, key=lambda uri: _weight(found[uri]))
    said = f"{have} {quoted(nearest)}, which differs in {_in_words(found[nearest])}"
    others = len(found) - 1
    return f"{said}; and {others} other{'s' if others > 1 else ''}" if others else said


def differing(one: str, other: str) -> tuple[str, ...]:
    """Return the parts in which two URIs differ; ``spelling`` if they differ in none of them."""
    first, second = _parts(one), _parts(other)
    if first is None or second is None:
        return ("spelling",)
    names = zip(_PARTS, first, second, strict=True)
    found = tuple(name for name, mine, theirs in names if mine != theirs)
    return found or ("spelling",)


def _parts(uri: str) -> tuple[object, ...] | None:
    """Return the values of ``_PARTS``, None for what is no URI; the port is the effective one."""
    try:
        parts = urlsplit(uri)
        return parts.scheme, _host(parts), _port(parts), parts.path, parts.query, parts.fragment
    except ValueError:
        return None


def _host(parts: SplitResult) -> tuple[str | None, str | None, str | None]:
    return parts.username, parts.password, parts.hostname


def _port(parts: SplitResult) -> int | None:
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return usual if parts.port is None else parts.port


def _weight(parts: tuple[str, ...]) -> tuple[int, int]:
    """Return how much a difference counts: another host more than another path."""
    return ("host" in parts, len(parts))


def _in_words(parts: tuple[str, ...]) -> str:
    *first, last = (f"the {part}" for part in parts)
    return f"{', '.join(first)} and {last}" if first else last

"""The syntax of scopes."""

from __future__ import annotations


def scope_values(scope: str) -> tuple[str, ...]:
    """Return the values of a blank-separated ``scope``, each once.

    Empty if one of them violates the syntax of RFC 6749 section 3.3.
    """
    values = tuple(dict.fromkeys(scope.split()))
    for value in values:
        if not (value.isascii() and value.isprintable()) or '"' in value or "\\" in value:
            return ()
    return values

"""Where a walk over records goes on: opaque to the caller, and checked when it comes back."""

from __future__ import annotations

import base64
from typing import NamedTuple


class Cursor(NamedTuple):
    """The last key of a page, the listing that it is of, and the walk that it belongs to."""

    listing: str
    walk: str
    key: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode("\0".join(self).encode()).decode()


def read(text: str, listing: str) -> Cursor:
    """Read a cursor of ``listing``; ValueError for any other text."""
    try:
        parts = base64.b64decode(text, b"-_", validate=True).decode().split("\0", 2)
        found = Cursor(*parts)
    except (ValueError, TypeError) as error:
        raise ValueError("not a cursor") from error
    if found.listing != listing:
        raise ValueError("a cursor of another listing")
    return found

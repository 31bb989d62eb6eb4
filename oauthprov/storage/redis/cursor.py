"""The cursors of walks and purges: opaque to the caller, and checked when they come back."""

from __future__ import annotations

import base64
import json
from typing import NamedTuple


class Cursor(NamedTuple):
    """The last key of a page, with its listing and its walk."""

    listing: str
    walk: str
    key: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode("\0".join(self).encode()).decode()


def read(text: str, listing: str) -> Cursor:
    """Parse a cursor of ``listing``. Raises ValueError for any other text."""
    try:
        parts = base64.b64decode(text, b"-_", validate=True).decode().split("\0", 2)
        found = Cursor(*parts)
    except (ValueError, TypeError) as error:
        raise ValueError("not a cursor") from error
    if found.listing != listing:
        raise ValueError("a cursor of another listing")
    return found


class Position(NamedTuple):
    """The position of a purge: the number of a server, the cursor of its SCAN, and an entry.

    The entry is in a listing that this SCAN returns; all entries before it are done.
    """

    server: int = 0
    scan: bytes = b"0"
    listing: bytes = b""
    member: bytes = b""

    def __str__(self) -> str:
        server, *names = self
        written = json.dumps([server, *(name.decode("latin-1") for name in names)])
        return base64.urlsafe_b64encode(written.encode()).decode()


def read_position(text: str) -> Position:
    """Parse the cursor of a purge. Raises ValueError for any other text."""
    try:
        server, *names = json.loads(base64.b64decode(text, b"-_", validate=True))
        found = Position(server, *(name.encode("latin-1") for name in names))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError("not a cursor") from error
    if type(server) is not int or server < 0 or not found.scan.isdigit():
        raise ValueError("not a cursor")
    return found

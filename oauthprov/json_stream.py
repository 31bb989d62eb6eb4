"""JSON documents written in pieces: a list of any length takes no more memory than an item."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

_encode = json.JSONEncoder(indent=2, ensure_ascii=False).encode


def pieces(document: Mapping[str, object]) -> Iterator[str]:
    """Yield the text of a JSON object; joined it is what ``json.dumps`` with ``indent=2`` returns.

    A member whose value is an iterator becomes an array; its items are taken one by one. What
    precedes an item is yielded with it, so that nothing is yielded if the first one fails.
    """
    start = "{"
    for name, value in document.items():
        start += f"\n  {_encode(name)}: "
        for piece in _array(value) if isinstance(value, Iterator) else (_indented(value, "  "),):
            yield start + piece
            start = ""
        start = ","
    yield "\n}" if document else "{}"


def _array(items: Iterator[object]) -> Iterator[str]:
    start = "["
    for item in items:
        yield f"{start}\n    {_indented(item, '    ')}"
        start = ","
    yield "[]" if start == "[" else "\n  ]"


def _indented(value: object, margin: str) -> str:
    """Return the text of a value whose further lines begin with ``margin``."""
    return _encode(value).replace("\n", f"\n{margin}")

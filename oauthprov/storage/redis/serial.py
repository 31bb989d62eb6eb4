"""JSON: with orjson if it is installed and accepts the value, else with the standard library.

orjson refuses lone surrogates and integers beyond 64 bits, which the standard library accepts.
"""

from __future__ import annotations

import json
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":")).encode
_decode = json.JSONDecoder().raw_decode


def plain_dumps(value: object) -> bytes:
    """Write ``value`` as JSON."""
    return _encode(value).encode()


def plain_loads(text: bytes, start: int = 0) -> Any:
    """Parse JSON from the byte ``start`` on, after ASCII. Raises ValueError if it is invalid."""
    decoded = text.decode("utf-8", "surrogatepass")
    value, end = _decode(decoded, start)
    if end != len(decoded):
        raise ValueError("there is more after the JSON value")
    return value


try:
    import orjson
except ImportError:
    dumps, loads = plain_dumps, plain_loads
else:

    def dumps(value: object) -> bytes:
        """Write ``value`` as JSON."""
        try:
            return bytes(orjson.dumps(value))
        except TypeError:
            return plain_dumps(value)

    def loads(text: bytes, start: int = 0) -> Any:
        """Parse JSON from the byte ``start`` on, after ASCII. Raises ValueError if invalid."""
        try:
            return orjson.loads(text[start:])
        except ValueError:
            return plain_loads(text, start)

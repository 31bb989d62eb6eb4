"""JSON for what is sent and stored: by orjson if it is installed, else by the standard library.

What orjson refuses goes to the standard library. orjson doesn't write lone surrogates and integers
beyond 64 bits, and it reads such an integer as a float. So a value with such an integer is written
after one space, and what begins with a space is read by the standard library.

Both write the same for the values of JSON. Of others orjson writes UUIDs and members of enums, and
NaN as null, where the standard library raises TypeError and ValueError: values of a host are
checked when they come in.
"""

from __future__ import annotations

import json
import re
from typing import Any

_long = re.compile("[0-9]{19}").search
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_decode = json.JSONDecoder().raw_decode


def plain_dumps(value: object) -> bytes:
    """Write ``value`` as JSON."""
    text = _encode(value)
    return (" " + text if _long(text) else text).encode()


def plain_loads(text: bytes, start: int = 0) -> Any:  # noqa: ANN401 (a JSON value)
    """Parse JSON from the byte ``start`` on, after ASCII. Raises ValueError if it is invalid."""
    decoded = text.decode("utf-8", "surrogatepass")
    try:
        value, end = _decode(decoded, start + decoded.startswith(" ", start))
    except RecursionError:
        raise ValueError("the JSON value is nested too deeply") from None
    if decoded[end:].strip(" \t\r\n"):
        raise ValueError("there is more after the JSON value")
    return value


try:
    import orjson
except ImportError:
    dumps, loads = plain_dumps, plain_loads
else:
    _OPTION = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

    def dumps(value: object) -> bytes:
        """Write ``value`` as JSON."""
        try:
            return bytes(orjson.dumps(value, None, _OPTION))
        except TypeError:
            return plain_dumps(value)

    def loads(text: bytes, start: int = 0) -> Any:  # noqa: ANN401 (a JSON value)
        """Parse JSON from the byte ``start`` on, after ASCII. Raises ValueError if invalid."""
        if not text.startswith(b" ", start):
            try:
                return orjson.loads(text[start:])
            except ValueError:
                pass
        return plain_loads(text, start)

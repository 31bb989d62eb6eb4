"""JSON: with orjson if it is installed and accepts the value, else with the standard library.

orjson refuses lone surrogates and integers beyond 64 bits, which the standard library accepts.
"""

from __future__ import annotations

import json
from typing import Any

try:
    import orjson
except ImportError:

    def dumps(value: object) -> bytes:
        """Write ``value`` as JSON."""
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(text: bytes) -> Any:
        """Parse JSON. Raises ValueError if it is invalid."""
        return json.loads(text)

else:

    def dumps(value: object) -> bytes:
        """Write ``value`` as JSON."""
        try:
            return bytes(orjson.dumps(value))
        except TypeError:
            return json.dumps(value, separators=(",", ":")).encode()

    def loads(text: bytes) -> Any:
        """Parse JSON. Raises ValueError if it is invalid."""
        try:
            return orjson.loads(text)
        except ValueError:
            return json.loads(text)

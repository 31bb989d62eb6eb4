"""JSON of others, refused if parsers could read it differently (RFC 8725 section 2.4)."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

DEPTH_LIMIT = 64
"""Levels of objects and lists: what is read in one place must be readable in another."""
DIGITS_LIMIT = 1000
"""Characters of a number, at most."""


def parse_object(raw: bytes | str) -> dict[str, Any]:
    """Return the JSON object in ``raw``. Raises ValueError that says why it isn't a plain one.

    It must be UTF-8. Duplicate members, NaN, Infinity, a number too large for a double or over
    DIGITS_LIMIT, half of a surrogate pair and nesting beyond DEPTH_LIMIT are refused.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        made = json.loads(
            text,
            object_pairs_hook=_members,
            parse_constant=_refuse,
            parse_float=_fraction,
            parse_int=_whole,
        )
        if _is_deep(made):
            raise ValueError("is nested too deeply")
        json.dumps(made, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise ValueError("is not UTF-8") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except json.JSONDecodeError:
        raise ValueError("is not JSON") from None
    if not isinstance(made, dict):
        raise ValueError("is not a JSON object")
    return made


def expect_json(value: object, levels: int = DEPTH_LIMIT - 1) -> None:
    """Raise ValueError or TypeError unless :func:`parse_object` reads ``value`` in an object.

    For the values of a host's code. The message says what is wrong, and not the value.
    """
    if isinstance(value, dict | list | tuple):
        _expect_parts(value, levels)
    elif isinstance(value, str):
        if not value.isascii():
            value.encode("utf-8")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number that isn't finite")
    elif isinstance(value, int):
        if value.bit_length() > DIGITS_LIMIT * 3:
            raise ValueError("a number that is too large")
    elif value is not None:
        raise TypeError(f"a value of the type {type(value).__name__}")


def _expect_parts(
    whole: dict[object, object] | list[object] | tuple[object, ...], levels: int
) -> None:
    if levels == 0:
        raise ValueError("nested too deeply")
    if isinstance(whole, dict):
        for name in whole:
            if not isinstance(name, str):
                raise TypeError("a member whose name isn't a text")
            expect_json(name)
    for part in whole.values() if isinstance(whole, dict) else whole:
        expect_json(part, levels - 1)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("has a duplicate member")
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"has {constant}, which is not JSON")


def _fraction(text: str) -> float:
    # Infinity would be written as invalid JSON.
    if not math.isfinite(made := float(text)):
        raise ValueError("has a number that is too large")
    return made


def _whole(text: str) -> int:
    if len(text) > DIGITS_LIMIT:
        raise ValueError("has a number that is too large")
    return int(text)


def _is_deep(made: object) -> bool:
    level: list[object] = [made]
    for _ in range(DEPTH_LIMIT + 1):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return False
    return True


def _parts(whole: object) -> list[object]:
    if isinstance(whole, dict):
        return list(whole.values())
    return whole if isinstance(whole, list) else []

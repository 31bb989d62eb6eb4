"""JSON that strangers send, read so that nobody can read it otherwise (RFC 8725 section 2.4)."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def parse_object(raw: bytes | str) -> dict[str, Any]:
    """Return the JSON object that ``raw`` is; ValueError says why it isn't a plain one.

    UTF-8 only. A member that comes twice, NaN, Infinity, half of a surrogate pair and nesting
    beyond all measure are refused.
    """
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        made = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse)
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


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("has a member twice")
    return made


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"has {constant}, which is not JSON")

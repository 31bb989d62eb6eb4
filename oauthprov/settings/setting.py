"""How one setting is declared: a dataclass field that knows its key and how to read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from oauthprov.settings.values import PREFIX


def setting(
    key: str, parse: Callable[[str], Any], default: str | None, meaning: str, secret: bool = False
) -> Any:  # noqa: ANN401 - a field whose class says the type
    """Return the field of ``oauthprov.<key>``; without a ``default`` the setting is required.

    ``parse`` makes the value of its text and raises ValueError with what is wrong.
    """
    metadata = {"key": PREFIX + key, "parse": parse, "default": default, "meaning": meaning}
    # A URL may hold a password; what reports errors shows the repr of what it finds.
    shown = not (secret or key.endswith(".url"))
    return field(metadata=metadata | {"secret": secret}, repr=shown)

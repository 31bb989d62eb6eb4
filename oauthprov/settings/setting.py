"""Declares a setting: a dataclass field with its key and its parser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from oauthprov.settings.values import PREFIX


def setting(
    key: str, parse: Callable[[str], Any], default: str | None, meaning: str, secret: bool = False
) -> Any:  # noqa: ANN401 - a field whose class says the type
    """Return the field of ``oauthprov.<key>``; without a ``default`` the setting is required.

    ``parse`` returns the value of a text, and raises ValueError with the problem.
    """
    metadata = {"key": PREFIX + key, "parse": parse, "default": default, "meaning": meaning}
    # A URL may contain a password, and error reports show the repr of settings.
    shown = not (secret or key.endswith(".url"))
    return field(metadata=metadata | {"secret": secret}, repr=shown)

"""The names that ``pshell development.ini`` has besides Pyramid's."""

from __future__ import annotations

from typing import Any

from oauthprov import records


def setup(env: dict[str, Any]) -> None:
    """Add ``provider``, ``storage``, ``settings`` and ``records``."""
    site = env["registry"]["oauthprov"]
    env["provider"] = site.provider
    env["storage"] = site.provider.storage
    env["settings"] = site.settings
    env["records"] = records

"""What reads an .ini file is found by asking every installed package, each time that one is read.

A short command spends most of its time so, where as many packages are installed as for the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from plaster import loaders


def remember() -> None:
    """Let this process ask once for each scheme."""
    ask = loaders.find_loaders

    @cache
    def known(scheme: str, protocols: tuple[str, ...]) -> list[Any]:
        return ask(scheme, protocols=list(protocols))

    def find_loaders(scheme: str, protocols: Sequence[str] | None = None) -> list[Any]:
        return list(known(scheme, tuple(protocols or ())))

    vars(loaders)["find_loaders"] = find_loaders

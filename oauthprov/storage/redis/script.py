"""Lua that runs on the server."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from oauthprov.storage.redis.route import Route


class Script:
    """A script that servers know by its digest once they have run it."""

    def __init__(self, name: str) -> None:
        self._text = files(__package__).joinpath(name).read_bytes()
        self._digest = sha1(self._text, usedforsecurity=False).hexdigest().encode()

    def run(
        self, route: Route, slot: int, keys: Sequence[bytes], arguments: Sequence[bytes | int]
    ) -> Any:
        """Run it where ``slot`` is; by its text when the server doesn't know it."""
        try:
            return route.write(slot, b"EVALSHA", self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return route.write(slot, b"EVAL", self._text, len(keys), *keys, *arguments)

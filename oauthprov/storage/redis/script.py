"""Lua scripts that run on the server."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from oauthprov.storage.redis.route import Route


class Script:
    """A script, called by its digest on servers that have run it before."""

    def __init__(self, name: str) -> None:
        self._text = files(__package__).joinpath(name).read_bytes()
        self._digest = sha1(self._text, usedforsecurity=False).hexdigest().encode()

    def run(
        self, route: Route, slot: int, keys: Sequence[bytes], arguments: Sequence[bytes]
    ) -> Any:
        """Run it on the server of ``slot``; send its text if the server doesn't know it."""
        count = b"%d" % len(keys)
        try:
            return route.write(slot, b"EVALSHA", self._digest, count, *keys, *arguments)
        except NoScriptError:
            return route.write(slot, b"EVAL", self._text, count, *keys, *arguments)

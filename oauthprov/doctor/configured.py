"""What an .ini file says, as the checks look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oauthprov.settings import Settings

WAITRESS = "waitress"


@dataclass(frozen=True, slots=True)
class Configured:
    """An .ini file whose settings are valid.

    ``app`` are the values of its app as they are written, ``server`` those of ``[server:main]``,
    ``levels`` the level of each logger. ``processes`` is the number of server processes.
    """

    settings: Settings
    file: Path
    app: Mapping[str, str]
    server: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1

    @property
    def has_waitress_keys(self) -> bool:
        """Whether ``[server:main]`` is read as waitress reads it; ``oauthprov serve`` does too."""
        return bool(self.server) and WAITRESS in self.server.get("use", WAITRESS)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the server listens on."""
        listen = self.server.get("listen", "").split()
        named = [place.rpartition(":")[0].strip("[]") for place in listen]
        return tuple(named) or (self.server.get("host", "0.0.0.0"),)  # noqa: S104 - its default

"""All ``oauthprov.*`` settings: read once, checked together, frozen.

A value may be written ``env:NAME`` or ``file:/path`` to keep it out of the .ini. The table in
README is generated from them.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oauthprov.credentials import mint
from oauthprov.errors import ConfigurationError
from oauthprov.settings.brand import Brand, BrandFile
from oauthprov.settings.contradictions import contradictions
from oauthprov.settings.fetch import Fetch
from oauthprov.settings.keys import Keys
from oauthprov.settings.lifetimes import Lifetimes
from oauthprov.settings.mail import Mail
from oauthprov.settings.mail_url import MailServer, Sender
from oauthprov.settings.openid import OpenID
from oauthprov.settings.registering import Registering
from oauthprov.settings.server import Server
from oauthprov.settings.signing_in import SigningIn
from oauthprov.settings.values import (
    LOOPBACK,
    OFFLINE_ACCESS,
    OPENID,
    PREFIX,
    FetchAllow,
    Resource,
    Scope,
)

__all__ = (
    "LOOPBACK",
    "OFFLINE_ACCESS",
    "OPENID",
    "PREFIX",
    "BrandFile",
    "FetchAllow",
    "MailServer",
    "Resource",
    "Scope",
    "Sender",
    "Settings",
    "fetched",
    "options",
    "own_keys",
    "resolved",
)

_STORAGE = PREFIX + "storage."

GROUPS = (Server, Brand, Registering, Lifetimes, SigningIn, Mail, Keys, OpenID, Fetch)
"""The classes that declare the settings, in order."""


@dataclass(frozen=True, kw_only=True)
class Settings(Server, Brand, Registering, Lifetimes, SigningIn, Mail, Keys, OpenID, Fetch):
    """The effective settings. Build them with :meth:`from_ini`."""

    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    scope_names: frozenset[str] = field(init=False, repr=False, compare=False)
    resource_uris: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = frozenset(scope.name for scope in self.scopes)
        object.__setattr__(self, "scope_names", names)
        uris = frozenset(resource.uri for resource in self.resources)
        object.__setattr__(self, "resource_uris", uris)

    @property
    def openid(self) -> bool:
        """Whether OpenID Connect is enabled: if the scope ``openid`` is declared."""
        return OPENID in self.scope_names

    @classmethod
    def from_ini(cls, ini: Mapping[str, Any]) -> Settings:
        """Parse the ``oauthprov.*`` keys of ``ini``; ConfigurationError lists all problems."""
        problems: list[str] = []
        given = own_keys(ini)
        read: dict[str, Any] = {}
        create = given.get(PREFIX + "development", "").lower() in ("true", "yes", "on", "1")
        for item in options():
            try:
                text = resolved(item, given.pop(item.metadata["key"], None), create=create)
                read[item.name] = item.metadata["parse"](text)
            except (ValueError, OSError) as wrong:
                problems.append(f"{item.metadata['key']} {wrong}")
        read["storage_options"] = storage_options = {}
        for key in [k for k in given if k.startswith(_STORAGE)]:
            try:
                storage_options[key.removeprefix(_STORAGE)] = fetched(given.pop(key))
            except ValueError as wrong:
                problems.append(f"{key} {wrong}")
        problems += [f"{key} is not a setting" for key in sorted(given)]
        problems += contradictions(read)
        if problems:
            raise ConfigurationError(problems)
        return cls(**read)


def own_keys(ini: Mapping[str, Any]) -> dict[str, str]:
    """Return the ``oauthprov.*`` keys as text, with ``{port}`` replaced by the key ``port``.

    When PasteDeploy interpolates ``%(port)s``, ``[DEFAULT]`` wins over ``port=5001`` of a command
    line; with ``get port = port`` a section gets the latter. Hence it is replaced here.
    """
    port = str(ini.get("port", "{port}"))
    given = {key: str(value).strip() for key, value in ini.items() if key.startswith(PREFIX)}
    return {key: value.replace("{port}", port) for key, value in given.items()}


def options() -> tuple[dataclasses.Field[Any], ...]:
    """Return all settings, in order; ``metadata`` has key, parse, default, meaning, secret."""
    return tuple(item for group in GROUPS for item in dataclasses.fields(group))


def resolved(item: dataclasses.Field[Any], raw: str | None, *, create: bool = False) -> str:
    """Return the text of a setting written as ``raw``, with ``env:`` and ``file:`` resolved.

    None means the default. ``create`` creates a missing file of a secret. Raises ValueError and
    OSError.
    """
    value = item.metadata["default"] if raw is None or raw == "" else raw
    if value is None:
        raise ValueError("is required")
    return fetched(value, create=create and item.metadata["secret"])


def fetched(value: str, *, create: bool = False) -> str:
    """Return ``value``, or the value that ``env:NAME`` or ``file:/path`` refers to.

    ``create`` creates a missing file with a new secret in it. Raises ValueError and OSError.
    """
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        if not os.environ.get(name):
            raise ValueError(f"names the environment variable {name}, which isn't set")
        value = os.environ[name]
    elif value.startswith("file:"):
        value = _file(Path(value.removeprefix("file:")), create)
    return value.strip()


def _file(path: Path, create: bool) -> str:
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write(mint()[0] + "\n")
    try:
        return path.read_text("utf-8")
    except OSError as wrong:
        raise ValueError(f"names the file {path}, which can't be read: {wrong.strerror}") from None

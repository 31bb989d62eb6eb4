"""All ``oauthprov.*`` settings: read once, checked together, frozen.

A value may be written ``env:NAME`` or ``file:/path`` to keep it out of the .ini. The table in
README is generated from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oauthprov.failures import ConfigurationError
from oauthprov.settings import reading
from oauthprov.settings.brand import Brand, BrandFile
from oauthprov.settings.contradictions import contradictions
from oauthprov.settings.fetch import Fetch
from oauthprov.settings.mail import Mail
from oauthprov.settings.mail_url import MailServer, Sender
from oauthprov.settings.metrics import Metrics
from oauthprov.settings.protocol.client_documents import ClientDocuments
from oauthprov.settings.protocol.device import Device
from oauthprov.settings.protocol.dpop import DPoP
from oauthprov.settings.protocol.keys import Keys
from oauthprov.settings.protocol.lifetimes import Lifetimes
from oauthprov.settings.protocol.mtls import MTLS
from oauthprov.settings.protocol.openid import OpenID
from oauthprov.settings.protocol.par import Par
from oauthprov.settings.protocol.profiles import Profiles, defaults
from oauthprov.settings.protocol.registering import Registering
from oauthprov.settings.reading import fetched, own_keys, resolved
from oauthprov.settings.server import Server
from oauthprov.settings.signing_in import SigningIn
from oauthprov.settings.values import (
    LOOPBACK,
    OFFLINE_ACCESS,
    OPENID,
    PREFIX,
    WEIGHTS,
    FetchAllow,
    Resource,
    Scope,
    Weight,
    resource_identity,
)

__all__ = (
    "LOOPBACK",
    "OFFLINE_ACCESS",
    "OPENID",
    "PREFIX",
    "WEIGHTS",
    "BrandFile",
    "FetchAllow",
    "MailServer",
    "Resource",
    "Scope",
    "Sender",
    "Settings",
    "Weight",
    "fetched",
    "options",
    "own_keys",
    "resolved",
)

_STORAGE = PREFIX + "storage."

GROUPS = (
    *(Server, Brand, Registering, ClientDocuments, Lifetimes, SigningIn, Mail),
    *(Keys, OpenID, Device, Par, DPoP, MTLS, Profiles, Fetch, Metrics),
)
"""The classes that declare the settings, in order."""


@dataclass(frozen=True, kw_only=True)
class Settings(
    Server,
    Brand,
    Registering,
    ClientDocuments,
    Lifetimes,
    SigningIn,
    Mail,
    Keys,
    OpenID,
    Device,
    Par,
    DPoP,
    MTLS,
    Profiles,
    Fetch,
    Metrics,
):
    """The effective settings. Build them with :meth:`from_ini`."""

    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    scope_names: frozenset[str] = field(init=False, repr=False, compare=False)
    resource_uris: frozenset[str] = field(init=False, repr=False, compare=False)
    jwt_resources: Mapping[str, Resource] = field(init=False, repr=False, compare=False)
    bound_resources: frozenset[str] = field(init=False, repr=False, compare=False)
    _resource_uris: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = frozenset(scope.name for scope in self.scopes)
        object.__setattr__(self, "scope_names", names)
        uris = frozenset(resource.uri for resource in self.resources)
        object.__setattr__(self, "resource_uris", uris)
        jwts = {resource.uri: resource for resource in self.resources if resource.jwt}
        object.__setattr__(self, "jwt_resources", jwts)
        bound = frozenset(resource.uri for resource in self.resources if resource.bound)
        object.__setattr__(self, "bound_resources", bound)
        known = {resource_identity(uri): uri for uri in uris}
        object.__setattr__(self, "_resource_uris", known)

    def declared_resource(self, uri: str) -> str | None:
        """Return the URI of a resource as it is declared, None if none is declared by ``uri``."""
        return self._resource_uris.get(resource_identity(uri))

    @property
    def reads_only(self) -> bool:
        """Whether the storage takes no writes (``oauthprov.storage.read_only``)."""
        return self.storage_options.get("read_only") == "true"

    @property
    def openid(self) -> bool:
        """Whether OpenID Connect is enabled: if the scope ``openid`` is declared."""
        return OPENID in self.scope_names

    @classmethod
    def from_ini(
        cls,
        ini: Mapping[str, Any],
        storage_problems: Callable[[str, Mapping[str, str]], Sequence[str]] | None = None,
    ) -> Settings:
        """Parse the ``oauthprov.*`` keys of ``ini``; ConfigurationError lists all problems.

        ``storage_problems`` returns those of a storage URL with its options; without it they are
        found when the storage is opened.
        """
        problems: list[str] = []
        given = own_keys(ini)
        create = given.get(PREFIX + "development", "").lower() in ("true", "yes", "on", "1")
        given |= {key: text for key, text in defaults(given).items() if not given.get(key)}
        read = reading.read(options(), given, problems, create=create)
        read["storage_options"] = storage_options = {}
        for key in [k for k in given if k.startswith(_STORAGE)]:
            try:
                storage_options[key.removeprefix(_STORAGE)] = fetched(given.pop(key))
            except ValueError as wrong:
                problems.append(f"{key} {wrong}")
        problems += reading.unknown(given)
        problems += contradictions(read)
        if storage_problems is not None and "storage_url" in read:
            problems += storage_problems(read["storage_url"], storage_options)
        if problems:
            raise ConfigurationError(problems)
        return cls(**read)


def options() -> tuple[dataclasses.Field[Any], ...]:
    """Return all settings, in order; ``metadata`` has key, parse, default, meaning, secret."""
    return tuple(item for group in GROUPS for item in dataclasses.fields(group))

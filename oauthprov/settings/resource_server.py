"""Settings of an app elsewhere that is a resource server (:mod:`oauthprov.resource_server`)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from oauthprov.failures import ConfigurationError
from oauthprov.settings import reading, values
from oauthprov.settings.protocol import mtls
from oauthprov.settings.setting import setting
from oauthprov.settings.values import LOOPBACK, PREFIX, Resource

MEMORY = "memory://"
"""The URL of the memory of each process."""

_START = f"{PREFIX}resource_server."
_REDIS = ("redis", "rediss", "redis+cluster", "rediss+cluster", "unix")


def _proofs_url(value: str) -> str:
    scheme, separator, place = value.partition("://")
    if value != MEMORY and not (scheme in _REDIS and separator and place):
        raise ValueError("must be memory:// or a Redis URL")
    return value


@dataclass(frozen=True, kw_only=True)
class ResourceServer:
    """The settings of a resource server without storage. Build them with :meth:`from_ini`."""

    issuer: str = setting(
        "resource_server.issuer",
        values.issuer,
        None,
        "Issuer URL of the authorization server: https, or http on loopback.",
    )
    validation: Literal["introspection", "jwt"] = setting(
        "resource_server.validation",
        values.one_of("introspection", "jwt"),
        "introspection",
        "`introspection` asks the issuer about tokens; `jwt` verifies the signature of JWTs, and"
        " accepts a revoked one until it expires.",
    )
    client_id: str = setting(
        "resource_server.client_id",
        str,
        "",
        "Client id by which this app introspects; required for that.",
    )
    client_secret: str = setting(
        "resource_server.client_secret", str, "", "Secret of that client.", secret=True
    )
    client_auth_method: Literal["client_secret_basic", "client_secret_post", "private_key_jwt"] = (
        setting(
            "resource_server.client_auth_method",
            values.one_of("client_secret_basic", "client_secret_post", "private_key_jwt"),
            "client_secret_basic",
            "How that client authenticates: as it is registered at the issuer.",
        )
    )
    client_key: str = setting(
        "resource_server.client_key",
        str,
        "",
        "Private key of that client, a JWK in JSON, for `private_key_jwt`.",
        secret=True,
    )
    resources: tuple[Resource, ...] = setting(
        "resource_server.resources",
        values.resources,
        None,
        "This app's resources, written as in the issuer's `oauthprov.resources`; with `jwt` each"
        " of them needs the fourth part.",
    )
    cache: int = setting(
        "resource_server.cache",
        values.seconds(300),
        "5",
        "Seconds for which an answer is used again, so that a revocation is seen that late; 0"
        " introspects on each request.",
    )
    timeout: int = setting(
        "resource_server.timeout",
        values.seconds(60),
        "3",
        "Seconds that one request to the issuer may take.",
    )
    ca_file: str = setting(
        "resource_server.ca_file",
        values.ca_file,
        "",
        "PEM file of certificates to trust besides the system's when calling the issuer.",
    )
    mtls_format: Literal["off", "nginx", "rfc9440", "envoy"] = setting(
        "resource_server.mtls.format",
        values.one_of(mtls.OFF, *mtls.FORMATS),
        mtls.OFF,
        "How this app's proxy writes client certificates, as in the issuer's"
        " `oauthprov.mtls.format`; without it tokens that are bound to one are refused.",
    )
    mtls_header: str = setting(
        "resource_server.mtls.header",
        mtls.header_name,
        "",
        "Header in which the proxy hands the certificate on.",
    )
    mtls_proxy_secret: str = setting(
        "resource_server.mtls.proxy_secret",
        str,
        "",
        f"Secret that the proxy sends as `{mtls.PROXY_SECRET}`; without it no certificate counts.",
        secret=True,
    )

    proofs_url: str = setting(
        "resource_server.proofs.url",
        _proofs_url,
        MEMORY,
        "Where used DPoP proofs are remembered: memory:// (in each process separately) or a Redis"
        " URL.",
    )

    @property
    def scope_names(self) -> frozenset[str]:
        """The scopes of all resources."""
        return frozenset(scope for resource in self.resources for scope in resource.scopes)

    @property
    def resource_uris(self) -> frozenset[str]:
        """The URIs of all resources."""
        return frozenset(resource.uri for resource in self.resources)

    @classmethod
    def from_ini(cls, ini: Mapping[str, Any]) -> ResourceServer:
        """Parse the ``oauthprov.resource_server.*`` keys; ConfigurationError lists all problems.

        Other keys aren't read.
        """
        given = {k: v for k, v in reading.own_keys(ini).items() if k.startswith(_START)}
        problems: list[str] = []
        read = reading.read(options(), given, problems)
        problems += [*reading.unknown(given), *_contradictions(read)]
        if problems:
            raise ConfigurationError(problems)
        return cls(**read)


def options() -> tuple[dataclasses.Field[Any], ...]:
    """Return all settings, in order; ``metadata`` has key, parse, default, meaning, secret."""
    return dataclasses.fields(ResourceServer)


def _contradictions(read: Mapping[str, Any]) -> Iterator[str]:
    named = {"issuer": [read["issuer"]] if "issuer" in read else []}
    named["resources"] = [resource.uri for resource in read.get("resources", ())]
    for name, urls in named.items():
        for parts in map(urlsplit, urls):
            if parts.scheme != "https" and not (
                parts.scheme == "http" and parts.hostname in LOOPBACK
            ):
                yield f"{_START}{name} must be https (http only on loopback): {parts.geturl()}"
    if read.get("resources") == ():
        yield f"{_START}resources is required"
    yield from _validation(read)
    yield from mtls.incomplete(read, ("format", "header", "proxy_secret"), _START)
    if read.get("timeout") == 0:
        yield f"{_START}timeout must be 1 or more"


def _validation(read: Mapping[str, Any]) -> Iterator[str]:
    if read.get("validation") == "introspection":
        signs = read.get("client_auth_method") == "private_key_jwt"
        for name in ("client_id", "client_key" if signs else "client_secret"):
            if read.get(name) == "":
                yield f"{_START}{name} is required to introspect tokens"
    elif read.get("validation") == "jwt":
        for resource in read.get("resources", ()):
            if not resource.jwt:
                yield f"{_START}validation = jwt, but {resource.uri} has no fourth part jwt"

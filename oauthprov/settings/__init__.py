"""Every ``oauthprov.*`` setting: read once, checked together, frozen.

A value may be written ``env:NAME`` or ``file:/path`` to keep it out of the .ini. The table in
README is generated from the fields below.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from oauthprov.credentials import mint
from oauthprov.errors import ConfigurationError
from oauthprov.settings import values
from oauthprov.settings.contradictions import contradictions
from oauthprov.settings.values import PREFIX, FetchAllow, Resource, Scope

_STORAGE = PREFIX + "storage."

__all__ = (
    "PREFIX",
    "FetchAllow",
    "Resource",
    "Scope",
    "Settings",
    "fetched",
    "options",
    "own_keys",
    "resolved",
)

_STORAGE = PREFIX + "storage."


def _setting(
    key: str, parse: Callable[[str], Any], default: str | None, meaning: str, secret: bool = False
) -> Any:
    metadata = {"key": PREFIX + key, "parse": parse, "default": default, "meaning": meaning}
    # A URL may hold a password; what reports errors shows the repr of what it finds.
    shown = not (secret or key.endswith(".url"))
    return field(metadata=metadata | {"secret": secret}, repr=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings. Build them with :meth:`from_ini`."""

    issuer: str = _setting(
        "issuer", values.issuer, None, "The issuer URL: https, no trailing slash."
    )
    development: bool = _setting(
        "development",
        values.flag,
        "false",
        "Allow http on loopback and make what is missing at start.",
    )
    secret: tuple[str, ...] = _setting(
        "secret",
        values.words,
        None,
        "Secrets of 32 characters or more: the first seals and signs, later ones still open.",
        secret=True,
    )
    storage_url: str = _setting(
        "storage.url",
        str,
        None,
        "Where everything is stored; the scheme picks the backend.",
    )
    title: str = _setting("title", str, "oauthprov", "The name that pages show.")
    scopes: tuple[Scope, ...] = _setting(
        "scopes", values.scopes, "", "A line a scope: name | sentence for people."
    )
    default_scopes: tuple[str, ...] = _setting(
        "default_scopes", values.words, "", "What a client gets that asks for no scope."
    )
    resources: tuple[Resource, ...] = _setting(
        "resources",
        values.resources,
        "",
        "A line a resource: URI | its scopes | sentence for people.",
    )
    signup: Literal["everyone", "off"] = _setting(
        "signup",
        values.one_of("everyone", "off"),
        "off",
        "Who may make an account: everyone, off.",
    )
    console: Literal["everyone", "developers", "off"] = _setting(
        "console",
        values.one_of("everyone", "developers", "off"),
        "developers",
        "Who may register clients at /clients: everyone, developers, off.",
    )
    registration: Literal["closed", "token", "open"] = _setting(
        "registration",
        values.one_of("closed", "token", "open"),
        "closed",
        "Whether clients may register themselves (RFC 7591): closed, token, open.",
    )
    registration_scopes: tuple[str, ...] = _setting(
        "registration.scopes",
        values.words,
        "",
        "The scopes that such clients may have; empty means every declared one.",
    )
    registration_limit_address: str = _setting(
        "registration.limit_address",
        values.rate,
        "20 per hour",
        "Tries to register from one address.",
    )
    registration_limit_total: str = _setting(
        "registration.limit_total",
        values.rate,
        "1000 per day",
        "Clients registered from all addresses together.",
    )
    registration_unused_lifetime: int = _setting(
        "registration.unused_lifetime",
        values.seconds(),
        "7776000",
        "Seconds without use after which such a client is removed by a purge; 0 keeps all.",
    )
    code_lifetime: int = _setting(
        "code_lifetime",
        values.seconds(600),
        "60",
        "Seconds that an authorization code is good for.",
    )
    access_token_lifetime: int = _setting(
        "access_token_lifetime",
        values.seconds(),
        "600",
        "Seconds that an access token is good for.",
    )
    refresh_token_lifetime: int = _setting(
        "refresh_token_lifetime",
        values.seconds(),
        "2592000",
        "Seconds that a refresh token lives.",
    )
    refresh_token_grace: int = _setting(
        "refresh_token_grace",
        values.seconds(60),
        "10",
        "Seconds in which a lost refresh response is given again; 0 switches it off.",
    )
    grant_lifetime: int = _setting(
        "grant_lifetime",
        values.seconds(),
        "15552000",
        "Seconds after which a person must be asked again.",
    )
    interaction_lifetime: int = _setting(
        "interaction_lifetime",
        values.seconds(),
        "1800",
        "Seconds that a sign-in or consent may take.",
    )
    session_idle: int = _setting(
        "session.idle", values.seconds(), "3600", "Seconds without use after which a session ends."
    )
    session_lifetime: int = _setting(
        "session.lifetime",
        values.seconds(),
        "43200",
        "Seconds after which a session ends in any case.",
    )
    login_limit_account: str = _setting(
        "login.limit_account",
        values.rate,
        "10 per 15 minutes",
        "Failed sign-ins for one user name.",
    )
    login_limit_address: str = _setting(
        "login.limit_address",
        values.rate,
        "50 per 15 minutes",
        "Failed sign-ins from one address.",
    )
    signup_limit_address: str = _setting(
        "signup.limit_address", values.rate, "20 per hour", "New accounts from one address."
    )
    console_limit_account: str = _setting(
        "console.limit_account", values.rate, "30 per hour", "Clients that one account registers."
    )
    limits_url: str = _setting(
        "limits.url",
        values.counters,
        "memory://",
        "Where attempts are counted: memory:// or a Redis URL.",
    )
    password_memory: int = _setting(
        "password.memory", values.count(), "19456", "KiB of memory for one Argon2id hash."
    )
    password_time: int = _setting(
        "password.time", values.count(), "2", "Passes of one Argon2id hash."
    )
    password_length: int = _setting(
        "password.length", values.count(8), "8", "Characters that a new password must have."
    )
    client_cache: int = _setting(
        "client_cache",
        values.seconds(60),
        "5",
        "Seconds that a client record may be cached in-process.",
    )
    well_known_root: bool = _setting(
        "well_known_root",
        values.flag,
        "false",
        "Serve bare root metadata for an issuer with a path.",
    )
    keys_algorithms: tuple[str, ...] = _setting(
        "keys.algorithms",
        values.algorithms,
        "RS256",
        "What tokens are signed with, the default first: RS256, PS256, ES256, Ed25519, EdDSA.",
    )
    keys_publish_ahead: int = _setting(
        "keys.publish_ahead",
        values.seconds(),
        "86400",
        "Seconds that a new key is published before it signs; 600 or more.",
    )
    keys_rotate_every: int = _setting(
        "keys.rotate_every",
        values.seconds(),
        "0",
        "Seconds after which a new key takes over by itself; 0 leaves it to the operator.",
    )
    pkce: Literal["required", "public-only"] = _setting(
        "pkce",
        values.one_of("required", "public-only"),
        "required",
        "PKCE: required of all; public-only, for certification, frees confidential openid ones.",
    )
    openid_implicit: bool = _setting(
        "openid.implicit",
        values.flag,
        "false",
        "Give ID tokens without a code to clients registered so; for certification.",
    )
    logout_revoke_offline: bool = _setting(
        "logout.revoke_offline", values.flag, "false", "Signing out ends offline access too."
    )
    logout_worker: bool = _setting(
        "logout.worker", values.flag, "true", "Tell apps of logouts from here, not by cron."
    )
    fetch_allow: FetchAllow = _setting(  # noqa: RUF009 - it is frozen, as the others are
        "fetch.allow",
        values.fetch_allow,
        "",
        "What clients' URLs may name beside port 443 of public addresses: host:port, or CIDR.",
    )
    fetch_ca_file: str = _setting(
        "fetch.ca_file",
        values.ca_file,
        "",
        "A file of certificates to trust beside the system's when clients' URLs are fetched.",
    )
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_ini(cls, ini: Mapping[str, Any]) -> Settings:
        """Read the ``oauthprov.*`` keys of ``ini``; ConfigurationError lists every problem."""
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
    """Return the ``oauthprov.*`` keys as text, ``{port}`` replaced by the key ``port``.

    Where PasteDeploy interpolates ``%(port)s``, ``[DEFAULT]`` wins over ``port=5001`` of a command
    line; a section that says ``get port = port`` gets the latter. So it is put in here.
    """
    port = str(ini.get("port", "{port}"))
    given = {key: str(value).strip() for key, value in ini.items() if key.startswith(PREFIX)}
    return {key: value.replace("{port}", port) for key, value in given.items()}


def options() -> tuple[dataclasses.Field[Any], ...]:
    """Every setting, in order; ``metadata`` has key, parse, default, meaning and secret."""
    return tuple(item for item in dataclasses.fields(Settings) if "key" in item.metadata)


def resolved(item: dataclasses.Field[Any], raw: str | None, *, create: bool = False) -> str:
    """Return the text of a setting written as ``raw``: the default, or what env: or file: name.

    ``create`` makes the file of a secret that isn't there. Raises ValueError, OSError.
    """
    value = item.metadata["default"] if raw is None or raw == "" else raw
    if value is None:
        raise ValueError("is required")
    return fetched(value, create=create and item.metadata["secret"])


def fetched(value: str, *, create: bool = False) -> str:
    """Return ``value``, or what it names by ``env:NAME`` or ``file:/path``.

    ``create`` makes a file that isn't there, with a secret in it. Raises ValueError, OSError.
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

"""Every ``oauthprov.*`` setting: read once, checked together, frozen.

A value may be written ``env:NAME`` or ``file:/path`` to keep it out of the .ini. The table in
README is generated from the fields below.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

import limits

from oauthprov.errors import ConfigurationError
from oauthprov.references import dereferenced

PREFIX = "oauthprov."
_STORAGE = PREFIX + "storage."
_SECRET_LENGTH = 32
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope and the sentence that tells a person what it allows."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A protected resource (RFC 8707, RFC 9728): its URI, its scopes and a sentence."""

    uri: str
    scopes: tuple[str, ...]
    sentence: str


def _flag(value: str) -> bool:
    known = {"true": True, "yes": True, "on": True, "1": True}
    known |= {"false": False, "no": False, "off": False, "0": False}
    try:
        return known[value.lower()]
    except KeyError:
        raise ValueError("is neither true nor false") from None


def _seconds(most: int = 315_360_000) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or int(value) > most:
            raise ValueError(f"is not a whole number of seconds up to {most}")
        return int(value)

    return parse


def _count(least: int = 1) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ValueError(f"is not a whole number from {least} on")
        return int(value)

    return parse


def _words(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.split()))


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return value

    return parse


def _rate(value: str) -> str:
    try:
        limits.parse_many(value)
    except ValueError:
        raise ValueError("is not a rate such as '10 per 15 minutes'") from None
    return value


def _counters(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        # Not the error's own words: they repeat what may be a part of the password.
        raise ValueError("is no valid URL") from None
    if parts.scheme not in ("memory", "redis", "rediss", "redis+unix", "redis+cluster"):
        raise ValueError("is neither memory:// nor a Redis URL")
    if parts.scheme != "memory" and find_spec("redis") is None:
        raise ValueError("needs a driver that isn't installed: pip install 'oauthprov[redis]'")
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("is not an http or https URL")
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise ValueError("may have neither query nor fragment (RFC 8414 section 2)")
    if value.endswith("/"):
        raise ValueError("may not end in a slash")
    return value


def _rows(value: str, columns: int) -> list[list[str]]:
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    for row in rows:
        if len(row) != columns or not all(row):
            raise ValueError(f"has a line without {columns} parts between '|': {' | '.join(row)}")
    return rows


def _scope_token(name: str) -> str:
    # RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    if not all("!" <= c <= "~" and c not in '"\\' for c in name):
        raise ValueError(f"has a scope with characters that RFC 6749 forbids: {name}")
    return name


def _scopes(value: str) -> tuple[Scope, ...]:
    return tuple(Scope(_scope_token(name), sentence) for name, sentence in _rows(value, 2))


def _resources(value: str) -> tuple[Resource, ...]:
    made = []
    for uri, scopes, sentence in _rows(value, 3):
        parts = urlsplit(uri)
        if not parts.scheme or not parts.netloc or "#" in uri:
            raise ValueError(f"has a resource that is no absolute URI without fragment: {uri}")
        made.append(Resource(uri, _words(scopes), sentence))
    return tuple(made)


def _setting(
    key: str, parse: Callable[[str], Any], default: str | None, meaning: str, secret: bool = False
) -> Any:
    metadata = {"key": PREFIX + key, "parse": parse, "default": default, "meaning": meaning}
    return field(metadata=metadata | {"secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The effective settings. Build them with :meth:`from_ini`."""

    issuer: str = _setting("issuer", _issuer, None, "The issuer URL: https, no trailing slash.")
    development: bool = _setting(
        "development", _flag, "false", "Allow http on loopback and make what is missing at start."
    )
    secret: tuple[str, ...] = _setting(
        "secret",
        _words,
        None,
        "Secrets of 32 characters or more: the first seals and signs, later ones still open.",
        secret=True,
    )
    storage_url: str = _setting(
        "storage.url", str, None, "Where everything is stored; the scheme picks the backend."
    )
    title: str = _setting("title", str, "oauthprov", "The name that pages show.")
    scopes: tuple[Scope, ...] = _setting(
        "scopes", _scopes, "", "A line a scope: name | sentence for people."
    )
    default_scopes: tuple[str, ...] = _setting(
        "default_scopes", _words, "", "What a client gets that asks for no scope."
    )
    resources: tuple[Resource, ...] = _setting(
        "resources", _resources, "", "A line a resource: URI | its scopes | sentence for people."
    )
    signup: Literal["everyone", "off"] = _setting(
        "signup", _one_of("everyone", "off"), "off", "Who may make an account: everyone, off."
    )
    console: Literal["everyone", "developers", "off"] = _setting(
        "console",
        _one_of("everyone", "developers", "off"),
        "developers",
        "Who may register clients at /clients: everyone, developers, off.",
    )
    code_lifetime: int = _setting(
        "code_lifetime", _seconds(600), "60", "Seconds that an authorization code is good for."
    )
    access_token_lifetime: int = _setting(
        "access_token_lifetime", _seconds(), "600", "Seconds that an access token is good for."
    )
    refresh_token_lifetime: int = _setting(
        "refresh_token_lifetime", _seconds(), "2592000", "Seconds that a refresh token lives."
    )
    refresh_token_grace: int = _setting(
        "refresh_token_grace",
        _seconds(60),
        "10",
        "Seconds in which a lost refresh response is given again; 0 switches it off.",
    )
    grant_lifetime: int = _setting(
        "grant_lifetime",
        _seconds(),
        "15552000",
        "Seconds after which a person must be asked again.",
    )
    interaction_lifetime: int = _setting(
        "interaction_lifetime", _seconds(), "1800", "Seconds that a sign-in or consent may take."
    )
    session_idle: int = _setting(
        "session.idle", _seconds(), "3600", "Seconds without use after which a session ends."
    )
    session_lifetime: int = _setting(
        "session.lifetime", _seconds(), "43200", "Seconds after which a session ends in any case."
    )
    login_limit_account: str = _setting(
        "login.limit_account", _rate, "10 per 15 minutes", "Failed sign-ins for one user name."
    )
    login_limit_address: str = _setting(
        "login.limit_address", _rate, "50 per 15 minutes", "Failed sign-ins from one address."
    )
    signup_limit_address: str = _setting(
        "signup.limit_address", _rate, "20 per hour", "New accounts from one address."
    )
    console_limit_account: str = _setting(
        "console.limit_account", _rate, "30 per hour", "Clients that one account registers."
    )
    limits_url: str = _setting(
        "limits.url",
        _counters,
        "memory://",
        "Where attempts are counted: memory:// or a Redis URL.",
    )
    password_memory: int = _setting(
        "password.memory", _count(), "19456", "KiB of memory for one Argon2id hash."
    )
    password_time: int = _setting("password.time", _count(), "2", "Passes of one Argon2id hash.")
    password_length: int = _setting(
        "password.length", _count(8), "8", "Characters that a new password must have."
    )
    client_cache: int = _setting(
        "client_cache", _seconds(60), "5", "Seconds that a client record may be cached in-process."
    )
    well_known_root: bool = _setting(
        "well_known_root", _flag, "false", "Serve bare root metadata for an issuer with a path."
    )
    storage_options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_ini(cls, ini: Mapping[str, Any]) -> Settings:
        """Read the ``oauthprov.*`` keys of ``ini``; ConfigurationError lists every problem."""
        problems: list[str] = []
        given = own_keys(ini)
        values: dict[str, Any] = {}
        create = given.get(PREFIX + "development", "").lower() in ("true", "yes", "on", "1")
        for item in options():
            try:
                text = resolved(item, given.pop(item.metadata["key"], None), create=create)
                values[item.name] = item.metadata["parse"](text)
            except (ValueError, OSError) as wrong:
                problems.append(f"{item.metadata['key']} {wrong}")
        values["storage_options"] = storage_options = {}
        for key in [k for k in given if k.startswith(_STORAGE)]:
            try:
                storage_options[key.removeprefix(_STORAGE)] = dereferenced(given.pop(key))
            except ValueError as wrong:
                problems.append(f"{key} {wrong}")
        problems += [f"{key} is not a setting" for key in sorted(given)]
        problems += _contradictions(values)
        if problems:
            raise ConfigurationError(problems)
        return cls(**values)


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
    return dereferenced(value, create=create and item.metadata["secret"])


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    problems = []
    secret = values.get("secret", ("x" * _SECRET_LENGTH,))
    if not secret or any(len(part) < _SECRET_LENGTH for part in secret):
        problems.append(f"{PREFIX}secret needs {_SECRET_LENGTH} characters or more in each secret")
    elif any(len(set(part)) < 10 for part in secret if "secret" in values):
        problems.append(f"{PREFIX}secret looks like a placeholder: generate a random one")
    issuer = urlsplit(values.get("issuer", "https://"))
    loopback = values.get("development") and issuer.hostname in _LOOPBACK
    if issuer.scheme != "https" and not loopback:
        problems.append(f"{PREFIX}issuer must be https (http only in development, on loopback)")
    declared = {scope.name for scope in values.get("scopes", ())}
    wanted = {PREFIX + "default_scopes": values.get("default_scopes", ())}
    for resource in values.get("resources", ()):
        wanted[f"{PREFIX}resources, {resource.uri}"] = resource.scopes
    for where, names in wanted.items():
        unknown = [name for name in names if "scopes" in values and name not in declared]
        if unknown:
            problems.append(f"{where} names scopes not declared: {' '.join(unknown)}")
    return problems

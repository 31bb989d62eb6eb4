"""Checks of the settings against RFC 9700, OAuth 2.1 and what MCP clients need."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from oauthprov.doctor.check import ERROR, WARNING, Check
from oauthprov.doctor.configured import Configured
from oauthprov.settings import LOOPBACK, PREFIX, options

_GUESSED = ("secret", "password", "changeme", "change-me", "example", "oauthprov")
_SEQUENCES = ("0123456789", "abcdefghij", "qwertyuiop")
_PASSWORD_LENGTH = 15
_MEMORY = {1: 47104, 2: 19456, 3: 12288, 4: 9216, 5: 7168}
"""KiB for one Argon2id hash by its passes, as OWASP recommends."""
_PREFIXES = {4: 16, 6: 48}
"""The shortest prefixes of IPv4 and IPv6 networks that aren't most of a network."""


def _development(on: Configured) -> Iterator[str]:
    if on.settings.development:
        yield f"{PREFIX}development is true"


def _issuer(on: Configured) -> Iterator[str]:
    host = urlsplit(on.settings.issuer).hostname or ""
    if host in LOOPBACK and not on.settings.development:
        yield f"{on.settings.issuer} is this machine"
    elif _is_address(host) and host not in LOOPBACK:
        yield f"{on.settings.issuer} has an IP address"
    elif "." not in host and host not in LOOPBACK:
        yield f"{on.settings.issuer} has a host name without a domain"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _guessable(on: Configured) -> Iterator[str]:
    named = [(f"{PREFIX}secret", secret) for secret in on.settings.secret]
    named.append((f"{PREFIX}openid.pairwise_secret", on.settings.openid_pairwise_secret))
    for key, secret in named:
        if any(word in secret.lower() for word in (*_GUESSED, *_SEQUENCES)):
            yield f"{key} has a word or sequence that isn't random"


def _readable(on: Configured) -> Iterator[str]:
    for path, key in _secret_files(on).items():
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IROTH:
            yield f"every user of this machine can read {path}, which has {key}"


def _secret_files(on: Configured) -> Mapping[Path, str]:
    """Return the files that hold secrets, each with the setting that is in it."""
    secret = {item.metadata["key"] for item in options() if item.metadata["secret"]}
    found = {}
    for key, value in on.app.items():
        has_password = key.endswith("url") and "@" in value and "://" in value
        if value.startswith("env:") or not (key in secret or has_password) or not value:
            continue
        path = Path(value.removeprefix("file:")) if value.startswith("file:") else on.file
        found[path] = key
    return found


def _pkce(on: Configured) -> Iterator[str]:
    if on.settings.pkce != "required":
        yield f"{PREFIX}pkce is {on.settings.pkce}"


def _implicit(on: Configured) -> Iterator[str]:
    if on.settings.openid_implicit:
        yield f"{PREFIX}openid.implicit is true"


def _registration_scopes(on: Configured) -> Iterator[str]:
    open_to_all = on.settings.registration == "open" and on.settings.scopes
    if open_to_all and not on.settings.registration_scopes:
        yield f"{PREFIX}registration is open and {PREFIX}registration.scopes is empty"
    if "*" in on.settings.client_documents and not on.settings.registration_scopes:
        yield f"{PREFIX}client_documents is * and {PREFIX}registration.scopes is empty"


def _fetch_allow(on: Configured) -> Iterator[str]:
    for network in on.settings.fetch_allow.networks:
        if network.is_loopback or network.is_link_local:
            yield f"{PREFIX}fetch.allow has {network}, addresses of the server itself"
        elif network.prefixlen < _PREFIXES[network.version]:
            yield f"{PREFIX}fetch.allow has {network}"


def _password(on: Configured) -> Iterator[str]:
    length = on.settings.password_length
    if length < _PASSWORD_LENGTH and "everyone" not in on.settings.factors_required:
        yield f"{PREFIX}password.length is {length}"


def _admin_factor(on: Configured) -> Iterator[str]:
    if not on.settings.factors:
        yield f"{PREFIX}factors is none"
    elif not {"admins", "everyone"} & set(on.settings.factors_required):
        yield f"{PREFIX}factors.required leaves out admins"


def _hash(on: Configured) -> Iterator[str]:
    memory, passes = on.settings.password_memory, on.settings.password_time
    if memory < _MEMORY[min(passes, max(_MEMORY))]:
        yield f"{PREFIX}password.memory is {memory} and {PREFIX}password.time is {passes}"


def _limits(on: Configured) -> Iterator[str]:
    if on.processes > 1 and on.settings.limits_url.startswith("memory:"):
        yield f"each of {on.processes} processes counts by itself"


def _open_metrics(on: Configured) -> Iterator[str]:
    listen = on.settings.metrics_listen
    if listen is not None and not on.settings.metrics_secret and not _is_loopback(listen[0]):
        yield f"{PREFIX}metrics.listen is {listen[0]}, without {PREFIX}metrics.secret"


def _is_loopback(host: str) -> bool:
    return host in LOOPBACK or (_is_address(host) and ip_address(host).is_loopback)


CHECKS: tuple[Check[Configured], ...] = (
    Check(
        "settings.development",
        ERROR,
        "`oauthprov.development`",
        "In development http is accepted, and secrets are created where they are missing.",
        "Set oauthprov.development = false.",
        _development,
    ),
    Check(
        "settings.issuer",
        WARNING,
        "the host of `oauthprov.issuer`",
        "Clients elsewhere can't reach it, or have no certificate to check it by; and the issuer"
        " can't be changed later without registering every client anew.",
        "Use a host name of a domain that is yours.",
        _issuer,
    ),
    Check(
        "settings.guessable_secret",
        ERROR,
        "`oauthprov.secret`, `oauthprov.openid.pairwise_secret`",
        "Whoever guesses the secret can forge form tokens and open stored keys.",
        'Create one with python3 -c "import secrets; print(secrets.token_urlsafe(32))", and change'
        " it as docs/deployment.md says.",
        _guessable,
    ),
    Check(
        "settings.readable_secret",
        ERROR,
        "the permissions of the .ini and of the files of secrets",
        "Every program on this machine can read the secret.",
        "Run chmod o-rwx on the file, or write env:NAME for the value.",
        _readable,
    ),
    Check(
        "settings.pkce",
        WARNING,
        "`oauthprov.pkce`",
        "Without PKCE an injected authorization code is noticed only by clients that check the"
        " nonce (RFC 9700 section 2.1.1).",
        "Set oauthprov.pkce = required; it can be relaxed for a single client.",
        _pkce,
    ),
    Check(
        "settings.implicit",
        WARNING,
        "`oauthprov.openid.implicit`",
        "The implicit flow sends tokens through the browser's address bar; OAuth 2.1 has removed"
        " it, and RFC 9700 section 2.1.2 advises against it.",
        "Set oauthprov.openid.implicit = false, and let clients use response_type=code.",
        _implicit,
    ),
    Check(
        "settings.registration_scopes",
        WARNING,
        "`oauthprov.registration`, `oauthprov.client_documents`, `oauthprov.registration.scopes`",
        "Anybody may have a client that requests every scope.",
        "List in oauthprov.registration.scopes what such clients need.",
        _registration_scopes,
    ),
    Check(
        "settings.fetch_allow",
        ERROR,
        "`oauthprov.fetch.allow`",
        "Clients choose URLs that the provider fetches, and reach servers inside your network.",
        "Name single hosts as host:port.",
        _fetch_allow,
    ),
    Check(
        "settings.password_length",
        WARNING,
        "`oauthprov.password.length`, `oauthprov.factors.required`",
        "NIST SP 800-63B-4 requires 15 characters of a password that is the only protection.",
        "Set oauthprov.password.length = 15, or oauthprov.factors.required = everyone.",
        _password,
    ),
    Check(
        "settings.admin_factor",
        WARNING,
        "`oauthprov.factors`, `oauthprov.factors.required`",
        "Whoever learns the password of an admin has the admin pages.",
        "Set oauthprov.factors.required = admins, or everyone.",
        _admin_factor,
    ),
    Check(
        "settings.password_hash",
        WARNING,
        "`oauthprov.password.memory`, `oauthprov.password.time`",
        "Stolen hashes are guessed faster than with the parameters that OWASP recommends.",
        "Set oauthprov.password.memory = 19456 and oauthprov.password.time = 2 or more.",
        _hash,
    ),
    Check(
        "settings.limits_per_process",
        WARNING,
        "`oauthprov.limits.url`, the number of processes",
        "The limits are as many times as high, and so is the number of guesses at a password.",
        "Set oauthprov.limits.url to a Redis URL.",
        _limits,
    ),
    Check(
        "settings.open_metrics",
        WARNING,
        "`oauthprov.metrics.listen`, `oauthprov.metrics.secret`",
        "Whoever reaches the port reads how many people sign in, fail and wait, and sees an attack"
        " succeed.",
        "Set oauthprov.metrics.secret, or listen on 127.0.0.1.",
        _open_metrics,
    ),
)

"""The server: its names and URLs, storage, scopes and resources."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting
from oauthprov.settings.values import Resource, Scope


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server: its names and URLs, storage, scopes and resources."""

    issuer: str = setting(
        "issuer", values.issuer, None, "The issuer URL: https, no trailing slash."
    )
    development: bool = setting(
        "development",
        values.flag,
        "false",
        "Allow http on loopback; create missing secret files and the SQLite tables at the start.",
    )
    secret: tuple[str, ...] = setting(
        "secret",
        values.words,
        None,
        "Secrets of 32 or more characters: the first encrypts and signs, the others still "
        "decrypt and verify.",
        secret=True,
    )
    hsts: int = setting(
        "hsts",
        values.seconds(),
        "31536000",
        "Seconds for which browsers use this host over https only (RFC 6797); 0 sends no header.",
    )
    storage_url: str = setting(
        "storage.url",
        str,
        None,
        "URL of the database; its scheme picks the backend.",
    )
    purge_worker: bool = setting(
        "purge.worker",
        values.flag,
        "true",
        "Purge the storage from the server processes; `false` leaves it to `oauthprov storage"
        " purge`.",
    )
    audit_keep: int = setting(
        "audit.keep",
        values.count(0),
        "30",
        "Days for which the events of the audit are kept; 0 keeps none.",
    )
    audit_routine: bool = setting(
        "audit.routine",
        values.flag,
        "false",
        "Keep routine events too: each refresh, each token that a client gets for itself, each "
        "code without a question.",
    )
    title: str = setting("title", str, "oauthprov", "Name of the service, as pages show it.")
    languages: tuple[str, ...] = setting(
        "languages",
        values.languages,
        "en",
        "Languages the pages are offered in, default first; any but `en` needs a message catalog.",
    )
    scopes: tuple[Scope, ...] = setting(
        "scopes",
        values.scopes,
        "",
        "One scope per line: name | sentence shown to users, and | write or | delete if it may do"
        " so.",
    )
    default_scopes: tuple[str, ...] = setting(
        "default_scopes",
        values.words,
        "",
        "Scopes granted to a client that requests none; a machine gets its own.",
    )
    resources: tuple[Resource, ...] = setting(
        "resources",
        values.resources,
        "",
        "One protected resource per line: URI | its scopes | sentence shown to users. A fourth "
        "part `jwt`, or `jwt ES256`, makes its access tokens JWTs; others are opaque. `bound` "
        "there, alone or after `jwt`, lets it accept only tokens that are bound to a key.",
    )
    client_cache: int = setting(
        "client_cache",
        values.seconds(60),
        "5",
        "Seconds for which each process may cache a client.",
    )
    well_known_root: bool = setting(
        "well_known_root",
        values.flag,
        "false",
        "If the issuer has a path: serve its metadata at the host's root as well.",
    )

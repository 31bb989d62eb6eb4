"""What the server is called, where it stores, and what may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from oauthprov.settings import values
from oauthprov.settings.setting import setting
from oauthprov.settings.values import Resource, Scope


@dataclass(frozen=True, kw_only=True)
class Server:
    """What the server is called, where it stores, and what may be asked of it."""

    issuer: str = setting(
        "issuer", values.issuer, None, "The issuer URL: https, no trailing slash."
    )
    development: bool = setting(
        "development",
        values.flag,
        "false",
        "Allow http on loopback and make what is missing at start.",
    )
    secret: tuple[str, ...] = setting(
        "secret",
        values.words,
        None,
        "Secrets of 32 characters or more: the first seals and signs, later ones still open.",
        secret=True,
    )
    hsts: int = setting(
        "hsts",
        values.seconds(),
        "31536000",
        "Seconds in which browsers use this host over https alone (RFC 6797); 0 sends no header.",
    )
    storage_url: str = setting(
        "storage.url",
        str,
        None,
        "Where everything is stored; the scheme picks the backend.",
    )
    purge_worker: bool = setting(
        "purge.worker",
        values.flag,
        "true",
        "Purge the storage from the server processes; `false` leaves it to `storage purge`.",
    )
    title: str = setting("title", str, "oauthprov", "The name that pages show.")
    languages: tuple[str, ...] = setting(
        "languages",
        values.languages,
        "en",
        "The languages that pages are there in, the default first; others than en need catalogs.",
    )
    scopes: tuple[Scope, ...] = setting(
        "scopes", values.scopes, "", "A line a scope: name | sentence for people."
    )
    default_scopes: tuple[str, ...] = setting(
        "default_scopes", values.words, "", "What a client gets that asks for no scope."
    )
    resources: tuple[Resource, ...] = setting(
        "resources",
        values.resources,
        "",
        "A line a resource: URI | its scopes | sentence for people.",
    )
    client_cache: int = setting(
        "client_cache",
        values.seconds(60),
        "5",
        "Seconds that a client record may be cached in-process.",
    )
    well_known_root: bool = setting(
        "well_known_root",
        values.flag,
        "false",
        "Serve bare root metadata for an issuer with a path.",
    )

"""Storage: one contract, and a backend chosen by the scheme of a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from oauthprov.storage.interface import Storage
from oauthprov.storage.options import WrongOptions
from oauthprov.storage.read_only import ReadOnly

GROUP = "oauthprov.storage"
"""The entry point group for third-party backends: scheme = package:callable(url, options)."""

SQL = "oauthprov.storage.sql"
REDIS = "oauthprov.storage.redis"

# scheme -> (the module that serves it, the driver it needs, the extra that brings the driver)
SCHEMES: Mapping[str, tuple[str, str | None, str | None]] = {
    "sqlite": (SQL, None, None),
    "postgresql+psycopg": (SQL, "psycopg", "postgresql"),
    "postgresql": (SQL, "psycopg", "postgresql"),
    "mysql+pymysql": (SQL, "pymysql", "mysql"),
    "mariadb+pymysql": (SQL, "pymysql", "mysql"),
    "redis": (REDIS, "redis", "redis"),
    "rediss": (REDIS, "redis", "redis"),
    "redis+cluster": (REDIS, "redis", "redis"),
    "rediss+cluster": (REDIS, "redis", "redis"),
    "unix": (REDIS, "redis", "redis"),
}


def open_storage(url: str, options: Mapping[str, str] | None = None) -> Storage:
    """Return the storage at ``url``; imports only its backend, and doesn't connect yet.

    ``options`` are the other settings ``oauthprov.storage.*``: those of the backend, and
    ``read_only``, with which everything that would write fails. Raises ValueError for an unknown
    scheme, a driver that isn't installed, and a URL or options that the backend can't parse. No
    message repeats the URL, which may hold a password.
    """
    scheme, given, reads_only = _parted(url, options)
    if scheme in SCHEMES:
        storage = cast("Storage", _of_ours(scheme, "open")(url, given))
    else:
        storage = _third_party(scheme)(url, given)
    return ReadOnly(storage) if reads_only else storage


def _parted(url: str, options: Mapping[str, str] | None) -> tuple[str, dict[str, str], bool]:
    """Return the scheme, the options of the backend, and whether the storage is only read."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise ValueError(f"a storage URL must begin with one of {_known()}")
    given = dict(options or {})
    return scheme, given, _flag(given.pop("read_only", "false"))


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise WrongOptions({"read_only": "must be true or false"})
    return text == "true"


def storage_problems(url: str, options: Mapping[str, str]) -> list[str]:
    """Return a sentence for each reason for which no storage can be opened with these settings."""
    try:
        scheme, given, _ = _parted(url, options)
        if scheme in SCHEMES:
            _of_ours(scheme, "check")(url, given)  # costs less than opening it twice
        else:
            _third_party(scheme)(url, given).close()
    except WrongOptions as wrong:
        return [f"oauthprov.storage.{name} {words}" for name, words in wrong.problems.items()]
    except ValueError as wrong:
        return [f"oauthprov.storage.url: {wrong}"]
    return []


def _of_ours(scheme: str, name: str) -> Callable[[str, Mapping[str, str]], object]:
    """Return a function of the backend of a scheme. It raises ValueError if its driver lacks."""
    module, driver, extra = SCHEMES[scheme]

    def call(url: str, options: Mapping[str, str]) -> object:
        try:
            found: object = getattr(import_module(module), name)(url, options)
            return found
        except ModuleNotFoundError as missing:
            if driver is None or missing.name != driver:
                raise
            raise ValueError(
                f"{scheme}:// needs its driver: pip install 'oauthprov[{extra}]'"
            ) from missing

    return call


def _third_party(scheme: str) -> Callable[[str, Mapping[str, str]], Storage]:
    for entry in entry_points(group=GROUP, name=scheme):
        opener: Callable[[str, Mapping[str, str]], Storage] = entry.load()
        return opener
    raise ValueError(f"the URL's scheme is unknown; known schemes are {_known()}")


def _known() -> str:
    schemes = [*SCHEMES, *sorted(entry.name for entry in entry_points(group=GROUP))]
    return ", ".join(f"{scheme}://" for scheme in schemes)

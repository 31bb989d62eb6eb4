"""The settings of the .ini file that a command names, and their storage."""

from __future__ import annotations

import argparse
import configparser
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from oauthprov.cli.output import Refused
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage

# PasteDeploy's exceptions for a missing file, section, package or interpolated value.
_UNREADABLE = (OSError, ImportError, LookupError, ValueError, configparser.Error)


@dataclass(frozen=True, slots=True)
class Opened:
    """The settings of an .ini file, and the open storage."""

    settings: Settings
    storage: Storage

    @staticmethod
    def clock() -> int:
        """Return the time in epoch seconds."""
        return int(time.time())


def add_ini(
    parser: argparse.ArgumentParser, *, optional: bool = False, as_json: bool = True
) -> None:
    """Add the arguments of every verb: the .ini file and ``--json``."""
    nargs = "?" if optional else None
    parser.add_argument(
        "ini", metavar="INI", nargs=nargs, help="the .ini file, or file.ini#section"
    )
    if as_json:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.epilog = "Further key=value arguments set values that the .ini interpolates."


def read(uri: str, overrides: Iterable[Sequence[str]]) -> Mapping[str, Any]:
    """Return the section of the .ini file at ``uri``. Raises Refused."""
    from pyramid.paster import get_appsettings

    with readable(uri):
        section: Mapping[str, Any] = get_appsettings(
            uri, options={name: value for name, value in overrides}
        )
    return section


@contextmanager
def readable(uri: str) -> Iterator[None]:
    """Raise Refused, with the reason in one sentence, for an .ini file that can't be read."""
    from plaster import PlasterError

    try:
        yield
    except (*_UNREADABLE, PlasterError) as wrong:
        raise Refused(f"{uri} can't be read: {' '.join(str(wrong).split())}") from None


@contextmanager
def opened(arguments: argparse.Namespace, *, outdated: bool = False) -> Iterator[Opened]:
    """Open the storage of the .ini file, and close it afterwards.

    Raises ConfigurationError, and UpgradeNeeded for an old schema unless ``outdated`` allows it.
    """
    from oauthprov.storage import open_storage, storage_problems

    settings = Settings.from_ini(read(arguments.ini, arguments.overrides), storage_problems)
    storage = open_storage(settings.storage_url, settings.storage_options)
    try:
        if settings.development and settings.storage_url.startswith("sqlite:"):
            storage.upgrade()  # as the server does at startup: either may come first
        if not outdated:
            storage.ping()
        with _publishing(settings, storage) as publishing:
            yield Opened(settings, publishing)
    finally:
        storage.close()


@contextmanager
def _publishing(settings: Settings, storage: Storage) -> Iterator[Storage]:
    """Publish the events of the command as the operator's: to the log and, if kept, the audit."""
    from oauthprov.events import PublishingStorage, Recorder, Stream, working

    keep = settings.audit_keep
    recorder = Recorder(storage, Opened.clock, keep) if keep else None
    try:
        with working(Stream(Opened.clock, recorder=recorder), actor="operator"):
            yield PublishingStorage(storage)
    finally:
        if recorder is not None:
            recorder.join(5)

"""The settings of the .ini file that a command works on, and their storage.

The environment variable ``OAUTHPROV_INI`` names the file for verbs that are given none.
"""

from __future__ import annotations

import argparse
import configparser
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauthprov.cli.output import Refused
from oauthprov.settings import Settings
from oauthprov.storage.interface import Storage

if TYPE_CHECKING:
    from oauthprov.events import Stream

# PasteDeploy's exceptions for a missing file, section, package or interpolated value.
_UNREADABLE = (OSError, ImportError, LookupError, ValueError, configparser.Error)


VARIABLE = "OAUTHPROV_INI"
_LOOKS_LIKE_ONE = re.compile(r"[^=]*\.ini(#.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opened:
    """The settings of an .ini file, the open storage, and the stream of the command's events."""

    settings: Settings
    storage: Storage
    events: Stream

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
    parser.epilog = (
        "Further key=value arguments set values that the .ini interpolates. Where the environment "
        f"variable {VARIABLE} names the file, INI may be left out: then a first argument that "
        "doesn't end in .ini isn't taken for a file."
    )


def with_default(
    parser: argparse.ArgumentParser, given: Sequence[str], default: str
) -> Sequence[str]:
    """Return the words of a command line, with the .ini file ``default`` if the verb lacks one.

    The first argument of a verb is its file if it ends in .ini, or names a section of such a file;
    an argument of the verb itself that ends like this must stand behind the file.
    """
    at = 0
    while verbs := _verbs(parser):
        if at == len(given) or given[at] not in verbs:
            return given
        parser = verbs[given[at]]
        at += 1
    if not default or all(action.dest != "ini" for action in parser._actions):
        return given
    first = _first_argument(parser, given[at:])
    if first is not None and _LOOKS_LIKE_ONE.fullmatch(first):
        return given
    return [*given[:at], default, *given[at:]]


def _verbs(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """Return the groups or verbs of a parser, by their names."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def _first_argument(parser: argparse.ArgumentParser, words: Sequence[str]) -> str | None:
    """Return the first of ``words`` that is neither an option nor the value of one."""
    left = iter(words)
    for word in left:
        if word == "--":
            return next(left, None)
        if not word.startswith("-") or word == "-":
            return word
        takes = [
            action.nargs != 0
            for name, action in parser._option_string_actions.items()
            if name == word or (word.startswith("--") and name.startswith(word))
        ]
        if any(takes):
            next(left, None)
    return None


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
        if Path(uri.partition("#")[0]).exists():
            raise Refused(f"{uri} can't be read: {_reason(wrong)}") from None
        who = f"{VARIABLE} names it" if os.environ.get(VARIABLE) == uri else f"see {VARIABLE}"
        missing = f"{uri} can't be read: there is no such file ({who})."
        raise Refused(f"{missing} oauthprov init FOLDER writes one.") from None


def _reason(wrong: Exception) -> str:
    """Return why a file can't be read, in one line, without its values: they may be secrets."""
    match wrong:
        case configparser.InterpolationMissingOptionError():
            value = f"the value of {wrong.option} in [{wrong.section}]"
            return f"{value} names %({wrong.reference})s, which the file lacks."
        case configparser.InterpolationError():
            value = f"the value of {wrong.option} in [{wrong.section}]"
            return f"{value} has a single %: write %% for a percent sign."
        case configparser.MissingSectionHeaderError():
            return f"line {wrong.lineno} is in no section."
        case configparser.ParsingError():
            return f"line {wrong.errors[0][0]} has no = and is no section."
        case ModuleNotFoundError():
            where = "Install it beside oauthprov, or name the folder that has it in PYTHONPATH."
            return f"{wrong}. {where}"
    return " ".join(str(wrong).split())


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
        with _publishing(settings, storage) as made:
            yield made
    finally:
        storage.close()


@contextmanager
def _publishing(settings: Settings, storage: Storage) -> Iterator[Opened]:
    """Publish the events of the command as the operator's: to the log and, if kept, the audit."""
    from oauthprov.events import OPERATOR, PublishingStorage, Recorder, Stream, working

    keep = settings.audit_keep
    recorder = Recorder(storage, Opened.clock, keep) if keep else None
    stream = Stream(Opened.clock, recorder=recorder)
    try:
        with working(stream, actor=OPERATOR):
            yield Opened(settings, PublishingStorage(storage), stream)
    finally:
        if recorder is not None:
            recorder.join(5)

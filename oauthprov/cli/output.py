"""The command's output: a JSON document or lines on stdout, sentences on stderr."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

from oauthprov import logs
from oauthprov.errors import ConfigurationError
from oauthprov.json_stream import pieces
from oauthprov.protocol.clients.registrar import ChangedMeanwhile, InvalidMetadata, UnknownClient
from oauthprov.storage.interface import Conflict, StorageError, UpgradeNeeded

_ROWS_MEASURED = 100
"""Rows whose widths decide those of the columns; the rows that follow are printed as they come."""


class Refused(Exception):
    """The command can't be carried out; the message is a sentence with the reason."""


def explain(wrong: Exception) -> str | None:
    """Return a message for the operator on an expected failure, None for an unexpected one."""
    match wrong:
        case ConfigurationError() | Refused() | UpgradeNeeded():
            return str(wrong)
        case StorageError():
            return _sentence(str(wrong))
        case Conflict() | ChangedMeanwhile():
            return "Somebody else changed it at the same moment: check it and try again."
        case UnknownClient():
            return f"There is no client {wrong}."
        case InvalidMetadata():
            return "\n".join(f"{field}: {text}" for field, text in wrong.problems.items())
    return None


def _sentence(words: str) -> str:
    whole = words[:1].upper() + words[1:]
    return whole if whole.endswith(".") else f"{whole}."


def show_json(document: Mapping[str, object]) -> None:
    """Print one JSON document; an iterator in it becomes an array, printed item by item."""
    for piece in pieces(document):
        sys.stdout.write(piece)
    print()


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their heads, in columns as wide as the first rows need."""
    left = iter(rows)
    first = [tuple(head), *islice(left, _ROWS_MEASURED)]
    widths = [max(len(line[column]) for line in first) for column in range(len(head))]
    for line in chain(first, left):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def show_facts(facts: Mapping[str, object]) -> None:
    """Print names and values, one per line; a list has one line per item."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        items = value if isinstance(value, (list, tuple)) else [value]
        for index, item in enumerate(items or ["-"]):
            print(f"{'' if index else name:<{width}}  {_plain(item)}")


def _plain(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
    return str(value)


def moment(seconds: int | None) -> str:
    """Return epoch seconds as a readable UTC time; a dash for None."""
    return "-" if seconds is None else logs.moment(seconds)


def note(sentence: str) -> None:
    """Print a sentence for the operator that isn't part of the result."""
    print(sentence, file=sys.stderr)


def silence_pkg_resources() -> None:
    """Keep Pyramid's import of pkg_resources from printing that it is deprecated."""
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)

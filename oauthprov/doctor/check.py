"""Checks: what one looks at, what it finds, and the report of all of them.

A check is a row: its name, how serious a finding is, what it looks at, why a finding matters, what
to do about it, and the function that finds it. The function yields a phrase for each finding, and
nothing if all is well. A check that can't be made is reported as skipped, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from oauthprov.failures import FetchError
from oauthprov.storage.interface import StorageError

S = TypeVar("S")


class Severity(StrEnum):
    """How serious a finding is: an error breaks something or opens it to an attack."""

    ERROR = "error"
    WARNING = "warning"


ERROR, WARNING = Severity.ERROR, Severity.WARNING


@dataclass(frozen=True, slots=True)
class Row:
    """What a check is called and says, without its function."""

    name: str
    severity: Severity
    looks_at: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check(Row, Generic[S]):
    """A check of a subject ``S``; ``find`` may raise StorageError and FetchError."""

    find: Callable[[S], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: the check that made it, and what it found."""

    row: Row
    found: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A check that wasn't made, and why."""

    row: Row
    why: str


@dataclass(slots=True)
class Report:
    """The result of a run: the findings, and which checks were made or skipped."""

    findings: list[Finding] = field(default_factory=list)
    made: list[Row] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def run(self, checks: Sequence[Check[S]], subject: S) -> None:
        """Make the checks of a subject."""
        for check in checks:
            try:
                found = [Finding(check, _one_line(text)) for text in check.find(subject)]
            except (StorageError, FetchError) as failed:
                self.skipped.append(Skipped(check, _one_line(str(failed))))
                continue
            self.made.append(check)
            self.findings += found

    def skip(self, rows: Iterable[Row], why: str) -> None:
        """Report checks that aren't made."""
        self.skipped += [Skipped(row, _one_line(why)) for row in rows]

    def found(self, *names: str) -> bool:
        """Tell whether one of these checks has found something."""
        return any(finding.row.name in names for finding in self.findings)


LINE = 300
"""The most characters of a finding: a server that is checked may send anything."""


def _one_line(text: str) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    return words if len(words) <= LINE else words[: LINE - 3] + "..."

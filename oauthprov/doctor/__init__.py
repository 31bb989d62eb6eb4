"""Checks a configuration, its storage and the live server for what makes them unsafe or unusable.

The measures are RFC 9700, OAuth 2.1, what MCP clients need, and docs/deployment.md. No record or
setting is changed. Checks of a server that hangs or lies end: requests are limited in size and
time, and so are all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence

from oauthprov.doctor import (
    beside,
    certificates,
    documents,
    lifetimes,
    pages,
    proxy,
    server,
    settings,
    stored,
    transport,
)
from oauthprov.doctor.beside import Beside
from oauthprov.doctor.check import ERROR, Check, Finding, Report, Row, Severity, Skipped
from oauthprov.doctor.configured import Configured
from oauthprov.doctor.live import Live
from oauthprov.doctor.stored import Stored

__all__ = (
    "ROWS",
    "Beside",
    "Configured",
    "Finding",
    "Live",
    "Report",
    "Severity",
    "Skipped",
    "Stored",
    "configured_badly",
    "examine_beside",
    "examine_configuration",
    "examine_server",
    "examine_storage",
    "storage_unknown",
)

VALID = Row(
    "settings.valid",
    ERROR,
    "every setting",
    "The server doesn't start. No other check can be made.",
    "Correct the setting.",
)
CONFIGURATION: Sequence[Check[Configured]] = (
    *settings.CHECKS,
    *lifetimes.CHECKS,
    *server.CHECKS,
)
LIVE: Sequence[Check[Live]] = (
    *transport.CHECKS,
    *documents.CHECKS,
    *pages.CHECKS,
    *proxy.CHECKS,
    *certificates.CHECKS,
)
STORAGE: Sequence[Check[Stored]] = (*stored.BEGINNING, *stored.CHECKS)
ROWS: Sequence[Row] = (
    VALID,
    *CONFIGURATION,
    *STORAGE,
    *beside.CHECKS,
    *transport.BEGINNING,
    *LIVE,
)
"""Every check, in the order in which they are made."""


def configured_badly(report: Report, problems: Sequence[str]) -> None:
    """Report settings that are invalid."""
    report.made.append(VALID)
    report.findings += [Finding(VALID, problem) for problem in problems]
    report.skip(ROWS[1:], "the settings are invalid")


def examine_configuration(report: Report, on: Configured) -> None:
    """Check an .ini file with valid settings."""
    report.made.append(VALID)
    report.run(CONFIGURATION, on)


def storage_unknown(report: Report, why: str) -> None:
    """Report a storage that can't be opened."""
    answers, *others = STORAGE
    report.made.append(answers)
    report.findings.append(Finding(answers, why))
    report.skip(others, "the storage can't be opened")


def examine_storage(report: Report, on: Stored) -> None:
    """Check the storage."""
    report.run(stored.BEGINNING, on)
    if report.found(*(check.name for check in stored.BEGINNING)):
        report.skip(stored.CHECKS, "the storage isn't ready")
    else:
        report.run(stored.CHECKS, on)


def examine_beside(report: Report, on: Beside) -> None:
    """Check the servers beside the storage."""
    report.run(beside.CHECKS, on)


def examine_server(report: Report, on: Live) -> None:
    """Check the live server."""
    report.run(transport.BEGINNING, on)
    if report.found(*(check.name for check in transport.BEGINNING)):
        report.skip(LIVE, "the server has no metadata")
    else:
        report.run(LIVE, on)

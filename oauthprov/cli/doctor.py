"""``oauthprov doctor``: check the settings, the storage and the live server, and say what to do.

It changes no record and no setting. Each finding has a severity: an ``error`` breaks something or
opens it to an attack, a ``warning`` may do so later. --url is where the server is reached, if not
at the issuer; without a server use --offline. The exit status is 0 if all is well, and 1 if
something was found or a check couldn't be made.

With ``--json`` it prints ``{"version": 1, "sound": BOOL, "issuer": URL, "url": URL, "findings":
[{"check", "severity", "found", "reason", "remedy"}, ...], "made": [CHECK, ...], "skipped":
[{"check", "why"}, ...]}``; issuer and url are null where they aren't known.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from oauthprov.cli.ini import add_ini, read, readable
from oauthprov.cli.output import Refused, note, show_json
from oauthprov.doctor import (
    ROWS,
    Beside,
    Configured,
    Live,
    Report,
    Stored,
    configured_badly,
    examine_beside,
    examine_configuration,
    examine_server,
    examine_storage,
    storage_unknown,
)
from oauthprov.errors import ConfigurationError
from oauthprov.settings import Settings, own_keys


def add_arguments(group: argparse.ArgumentParser) -> None:
    """Add the arguments; this group has no verbs."""
    add_ini(group, optional=True)
    where = group.add_mutually_exclusive_group()
    where.add_argument("--url", metavar="URL", help="where the server is (default: the issuer)")
    where.add_argument("--offline", action="store_true", help="check everything but the server")
    group.add_argument(
        "--processes", metavar="N", type=_count, default=1, help="how many processes serve"
    )
    group.add_argument(
        "--markdown", action="store_true", help="print the table of all checks instead"
    )
    group.set_defaults(run=_examine)


def _examine(arguments: argparse.Namespace) -> int:
    if arguments.markdown:
        print(markdown(), end="")
        return 0
    if arguments.ini is None:
        raise Refused("Name an .ini file, or use --markdown for the table of all checks.")
    section = read(arguments.ini, arguments.overrides)
    report, settings, url = Report(), None, None
    try:
        settings = Settings.from_ini(section)
    except ConfigurationError as wrong:
        configured_badly(report, wrong.problems)
    if settings is not None:
        examine_configuration(report, _configured(arguments, section, settings))
        _examine_storage(report, settings)
        examine_beside(report, Beside(settings))
        if not arguments.offline:
            live = _live(settings, arguments.url)
            url = live.base
            examine_server(report, live)
    if arguments.json:
        show_json(_document(report, settings, url))
    else:
        _show(report)
    return 0 if _is_sound(report) else 1


def _configured(
    arguments: argparse.Namespace, section: Mapping[str, Any], settings: Settings
) -> Configured:
    from pyramid.scripts.common import get_config_loader

    overrides = dict(arguments.overrides)
    with readable(arguments.ini):
        loader = get_config_loader(arguments.ini)
        server = dict(loader.get_settings("server:main", overrides))
        names = loader.get_settings("loggers", overrides).get("keys", "").split(",")
        levels = {
            name.strip(): loader.get_settings(f"logger_{name.strip()}", overrides).get("level", "")
            for name in names
        }
    workers = server.get("workers", "")
    return Configured(
        settings,
        Path(arguments.ini.partition("#")[0]),
        {**{key: str(value) for key, value in section.items()}, **own_keys(section)},
        server,
        levels,
        max(arguments.processes, int(workers) if workers.isdigit() else 1),
    )


def _examine_storage(report: Report, settings: Settings) -> None:
    from oauthprov.storage import open_storage, storage_problems

    if problems := storage_problems(settings.storage_url, settings.storage_options):
        storage_unknown(report, "; ".join(problems))
        return
    storage = open_storage(settings.storage_url, settings.storage_options)
    try:
        examine_storage(report, Stored(settings, storage))
    finally:
        storage.close()


def _live(settings: Settings, url: str | None) -> Live:
    try:
        return Live.at(settings, url)
    except ValueError:
        raise Refused(f"{url} isn't a URL.") from None


def _is_sound(report: Report) -> bool:
    return not report.findings and not report.skipped


def _document(report: Report, settings: Settings | None, url: str | None) -> dict[str, object]:
    findings = [
        {
            "check": one.row.name,
            "severity": str(one.row.severity),
            "found": one.found,
            "reason": one.row.reason,
            "remedy": one.row.remedy,
        }
        for one in report.findings
    ]
    return {
        "version": 1,
        "sound": _is_sound(report),
        "issuer": settings and settings.issuer,
        "url": url,
        "findings": findings,
        "made": [row.name for row in report.made],
        "skipped": [{"check": one.row.name, "why": one.why} for one in report.skipped],
    }


def _show(report: Report) -> None:
    for one in report.findings:
        print(f"{one.row.severity} {one.row.name}: {one.found}. {one.row.reason}")
        print(f"    {one.row.remedy}")
    for why, skipped in groupby(report.skipped, key=lambda one: one.why):
        print(f"skipped {', '.join(one.row.name for one in skipped)}: {why}")
    found = len(report.findings)
    findings = "1 finding" if found == 1 else f"{found} findings"
    note(f"{len(report.made)} checks made, {findings}, {len(report.skipped)} checks skipped.")


def markdown() -> str:
    """Return the table of all checks: name, severity, what each looks at, and the reason."""
    lines = ["| Check | Severity | Looks at | Why |", "| --- | --- | --- | --- |"]
    for row in ROWS:
        lines.append(f"| `{row.name}` | {row.severity} | {row.looks_at} | {row.reason} |")
    return "\n".join(lines) + "\n"


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number

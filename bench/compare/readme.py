"""The section of README.md about speed, made from a stored run."""

from __future__ import annotations

import re
from pathlib import Path

from bench.compare.goals import QUIET, RACES
from bench.compare.installing import ROOT
from bench.compare.plot import drawn
from bench.compare.results import Report
from bench.compare.tables import as_markdown, rates, views
from bench.compare.targets import TARGETS

README = ROOT / "README.md"
PLOT = ROOT / "docs" / "bench.svg"
_SECTION = re.compile(r"(?<=<!-- bench -->\n).*?(?=<!-- /bench -->)", re.DOTALL)


def section(report: Report, results: str) -> str:
    """Return the Markdown between the marks; ``results`` is the path of the stored run."""
    shown = [as_markdown(table) for race in RACES if (table := rates(report, race))]
    if table := views(report):
        shown.append(as_markdown(table))
    parts = [
        "Measured side by side, every answer checked: operations a second, in brackets the "
        "99th percentile of\ntheir times in milliseconds. The last three columns are oauthprov's "
        "rate, p99 and processor time (server\nand store) against the best of the others.",
        "![Operations a second, side by side](docs/bench.svg)",
        *shown,
        f"{_circumstances(report)}{_noise(report)} All figures: [{results}]({results}).",
        "    make bench                  # or only a part of it: make bench BENCH_ARGS=--help",
    ]
    return "\n\n".join(parts) + "\n"


def _circumstances(report: Report) -> str:
    python = report.interpreters[0]
    chosen = {name: report.versions.get(name, {}) for name in TARGETS}
    peers = [
        f"{title} {chosen[name][package]}"
        for name, package, title in (
            ("oidc-provider", "oidc-provider", "node oidc-provider"),
            ("oidc-provider", "node", "Node"),
            ("authlib", "authlib", "Authlib"),
            ("django-oauth-toolkit", "django-oauth-toolkit", "django-oauth-toolkit"),
            ("django-oauth-toolkit", "django", "Django"),
        )
        if package in chosen[name]
    ]
    tools = report.versions["tools"]
    settings = report.settings
    return (
        f"Revision {report.revision}, {report.date}; {report.machine}, shared by servers, stores "
        f"and load;\n{settings['workers']} worker processes each, {settings['connections']} "
        f"connections, medians of {settings['rounds']} rounds of {settings['seconds']} seconds.\n"
        f"CPython {python.version} ({python.build}), {', '.join(peers)},\n"
        f"PostgreSQL {tools['postgresql']} and Redis {tools['redis']} with their default "
        "durability, Redis with an append-only file.\n"
        "[bench/peers/README.md](bench/peers/README.md) says how the others are set up."
    )


def _noise(report: Report) -> str:
    if report.others <= QUIET:
        return ""
    return (
        f" Other programs used {report.others:.0%} of\nthe machine meanwhile, which is too much"
        " for more than a first look."
    )


def write(report: Report, results: Path) -> None:
    """Write the section into README.md, and the picture that it shows."""
    text = README.read_text("utf-8")
    made = section(report, results.resolve().relative_to(ROOT).as_posix())
    changed, found = _SECTION.subn(lambda _: made, text)
    if found != 1:
        raise ValueError("README.md has no <!-- bench --> and <!-- /bench -->")
    README.write_text(changed, "utf-8")
    PLOT.write_text(drawn(report), "utf-8")

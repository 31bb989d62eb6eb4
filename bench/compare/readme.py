"""The section of README.md about speed, made from a stored run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from bench.compare.goals import QUIET, RACES
from bench.compare.installing import ROOT
from bench.compare.plot import drawn
from bench.compare.results import Report
from bench.compare.tables import as_markdown, rates, views

README = ROOT / "README.md"
PLOT = ROOT / "bench" / "results" / "plot.svg"
_SECTION = re.compile(r"(?<=<!-- bench -->\n).*?(?=<!-- /bench -->)", re.DOTALL)


INTRODUCTION = (
    "`make bench` measures oauthprov beside django-oauth-toolkit, Authlib and node oidc-provider, "
    "under the same load, in alternating rounds, and checks every answer."
)
PEERS = "[bench/peers/README.md](bench/peers/README.md) says how each is set up."
LEGEND = (
    "Operations a second, in brackets the 99th percentile of their times in milliseconds. The "
    "last three columns are oauthprov's rate, p99 and processor time (server and store) against "
    "the best of the others."
)
PICTURE = "![Operations a second, side by side](bench/results/plot.svg)"
COMMAND = """\
    make bench                                       # in about 25 minutes
    make bench BENCH_ARGS="--targets oauthprov-redis oidc-provider --workloads W1 --rounds 2"
"""
WIDTH = 112


def section(report: Report | None, results: str = "") -> str:
    """Return the Markdown between the marks; ``results`` is the path of the stored run.

    Without a run it only says what can be measured.
    """
    if report is None:
        return f"{_filled(INTRODUCTION, PEERS)}\n\n{COMMAND}"
    shown = [as_markdown(table) for race in RACES if (table := rates(report, race))]
    if table := views(report):
        shown.append(as_markdown(table))
    stored = f"All figures: [{results}]({results})."
    last = _filled(_circumstances(report), _noise(report), stored, PEERS)
    return "\n\n".join([_filled(INTRODUCTION), _filled(LEGEND), PICTURE, *shown, last, COMMAND])


def _filled(*sentences: str) -> str:
    words = " ".join(filter(None, sentences))
    return textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)


def _circumstances(report: Report) -> str:
    python, tools, settings = report.interpreters[0], report.versions["tools"], report.settings
    return (
        f"Revision {report.revision}, {report.date}, on {report.machine}, which servers, stores "
        f"and load have in common; {settings['workers']} worker processes each, "
        f"{settings['connections']} connections, medians of {settings['rounds']} rounds of "
        f"{settings['seconds']} seconds. CPython {python.version} ({python.build}), "
        f"{', '.join(_peers(report))}, PostgreSQL {tools['postgresql']} with its default "
        f"durability, Redis {tools['redis']} with an append-only file."
    )


def _peers(report: Report) -> Iterator[str]:
    for target, package, title in (
        ("oidc-provider", "oidc-provider", "node oidc-provider"),
        ("oidc-provider", "node", "Node"),
        ("authlib", "authlib", "Authlib"),
        ("django-oauth-toolkit", "django-oauth-toolkit", "django-oauth-toolkit"),
        ("django-oauth-toolkit", "django", "Django"),
    ):
        if version := report.versions.get(target, {}).get(package):
            yield f"{title} {version}"


def _noise(report: Report) -> str:
    if report.others <= QUIET:
        return ""
    return (
        f"Other programs used {report.others:.0%} of the machine meanwhile, which is too much for "
        "more than a first look."
    )


def write(report: Report, results: Path) -> None:
    """Write the section into README.md, and the picture; raises ValueError if a run had errors."""
    if report.errors:
        raise ValueError(f"{results} had errors: {report.errors}")
    text = README.read_text("utf-8")
    made = section(report, results.resolve().relative_to(ROOT).as_posix())
    changed, found = _SECTION.subn(lambda _: made, text)
    if found != 1:
        raise ValueError("README.md has no <!-- bench --> and <!-- /bench -->")
    README.write_text(changed, "utf-8")
    PLOT.write_text(drawn(report), "utf-8")

"""The site: it is built without a warning, has all of the reference, and suits every reader."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from oauthprov.cli import GROUPS, parser_for
from oauthprov.settings import options
from tests.browser.axe import bring, violations
from tests.documents.blocks import ROOT
from tests.once import once

NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 800}
JUDGED = ("index", "tutorial", "settings", "command", "python-api", "threat-model")
"""Pages of each kind, which axe judges; all pages are looked at in a narrow window."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    return once(tmp_path_factory, "site", build)


def build(folder: Path) -> Path:
    sphinx = (sys.executable, "-W", "ignore", "-m", "sphinx", "--quiet", "--fail-on-warning")
    done = subprocess.run(  # noqa: S603 - our own program
        [*sphinx, "docs", folder, "-d", folder / ".doctrees"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def text_of(page: Path) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.read_text("utf-8")))


def test_each_document_is_a_page_that_the_index_leads_to(site: Path):
    index = (site / "index.html").read_text("utf-8")
    for document in (ROOT / "docs").glob("*.md"):
        assert f'href="{document.stem}.html"' in index or document.stem == "index", document


def test_the_page_of_settings_has_every_setting(site: Path):
    page = (site / "settings.html").read_text("utf-8")
    for item in options():
        assert f'id="confval-{item.metadata["key"]}"' in page


def test_the_page_of_the_command_has_every_verb_and_option(site: Path):
    page = text_of(site / "command.html")
    for name in GROUPS:
        for parser in verbs_of(parser_for([name])._subparsers._group_actions[0].choices[name]):
            assert f"{parser.prog}\n" in page or f"{parser.prog} " in page
            for action in parser._actions:
                for option in action.option_strings:
                    assert option in page or option in ("-h", "--help"), (parser.prog, option)


def verbs_of(parser) -> Iterator:
    if parser._subparsers is None:
        yield parser
        return
    for verb in parser._subparsers._group_actions[0].choices.values():
        yield from verbs_of(verb)


def test_the_python_api_has_its_docstrings(site: Path):
    page = text_of(site / "python-api.html")
    for words in ("Return the user who is signed in", "Send message, or queue it", "commit("):
        assert words in page


def test_no_link_leaves_the_site_for_a_file_of_the_repository(site: Path):
    for page in site.rglob("*.html"):
        for target in re.findall(r'href="([^"#:]+)"', page.read_text("utf-8")):
            assert (page.parent / target.partition("?")[0]).exists(), f"{page.name}: {target}"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site: Path, chromium: Browser, scheme: str):
    context = chromium.new_context(viewport=WIDE, color_scheme=scheme)
    bring(context)
    page = context.new_page()
    for name in JUDGED:
        page.goto((site / f"{name}.html").as_uri())
        assert violations(page) == []
    context.close()


@pytest.mark.browser
def test_tables_of_tests_are_read_without_scrolling_sideways(site: Path, chromium: Browser):
    wider = """[...document.querySelectorAll(".table-wrapper:has(code.wraps)")]
        .filter(around => around.scrollWidth > around.clientWidth).map(one => one.innerText)"""
    context = chromium.new_context(viewport=WIDE)
    page = context.new_page()
    for name in ("requirements", "threat-model", "engine-rows"):
        page.goto((site / f"{name}.html").as_uri())
        assert page.locator("code.wraps").count() > 20
        assert page.evaluate(wider) == [], name
    context.close()


@pytest.mark.browser
def test_pages_fit_a_narrow_window_and_need_no_network(site: Path, chromium: Browser):
    context = chromium.new_context(viewport=NARROW)
    page = context.new_page()
    others: list[str] = []
    page.on("request", lambda sent: others.append(sent.url))
    for path in sorted(site.glob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path.name
    assert [url for url in others if not url.startswith(("file:", "data:"))] == []
    context.close()

"""Pages that were judged before: what looks the same isn't judged again in the same run.

To judge a page, by axe, in a dark theme and in a narrow window, takes longer than to open it, and
most tests come by the same few pages.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path

from playwright.sync_api import Page

from tests.servers.run import DIRECTORY

SEEN = """() => [
    innerWidth, innerHeight, scrollX, scrollY,
    ...["dark", "light"].map(theme => matchMedia(`(prefers-color-scheme: ${theme})`).matches),
    document.documentElement.outerHTML,
    ...[...document.querySelectorAll("input, select, textarea, option, dialog, details")].map(
        it => [it.type, it.value, it.checked, it.selected, it.disabled, it.open].join()),
    ...[":focus", ":focus-visible", ":hover", ":user-invalid", ":target", ":popover-open"].flatMap(
        state => [...document.querySelectorAll(state)].map(it => state + it.outerHTML)),
    ...[...document.images].map(it => [it.naturalWidth, it.naturalHeight].join()),
    ...[...document.styleSheets].filter(it => !/[/]vendor[/]/.test(it.href)).flatMap(
        sheet => [...sheet.cssRules].map(rule => rule.cssText)),
].join("\\n")"""
"""What a page shows: its elements, what was entered, where the pointer is, the styles."""

CHANCE = re.compile(
    r"(?P<secret>(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{16,})"
    r"|(?P<port>(?<=127\.0\.0\.1:)\d{5}|(?<=localhost:)\d{5})"
    r"|(?P<time>\d\d:\d\d(:\d\d)?(?!\d))",
    re.ASCII,
)
"""Secrets, ids, ports and times of day are different in each test."""


def is_judged(sight: str, *, dark: bool) -> bool:
    """Whether a page of this sight was judged well, by any worker; in the dark too if asked."""
    return any(_note(sight, theme).exists() for theme in ([True] if dark else [True, False]))


def remember(sight: str, *, dark: bool) -> None:
    """Note that a page of this sight was judged well."""
    _note(sight, dark).touch()


def _note(sight: str, dark: bool) -> Path:
    return Path(os.environ[DIRECTORY]) / f"{sight}.{'dark' if dark else 'light'}"


def sight(page: Page) -> str:
    """Identify what a page shows now; what depends on chance counts by its length alone."""
    seen: str = page.evaluate(SEEN)
    return sha256(CHANCE.sub(lambda chance: "x" * len(chance[0]), seen).encode()).hexdigest()

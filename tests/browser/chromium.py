"""The one Chromium of a run: found, started, or missed loudly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests.servers.programs import missing, program

PATIENCE = 15_000
"""Milliseconds that the slowest step may take on a busy machine."""

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""First the one without windows: a new context takes it a quarter of the time."""

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser that ``OAUTHPROV_TEST_CHROMIUM`` names, or one on PATH."""
    named = os.environ.get("OAUTHPROV_TEST_CHROMIUM")
    found = named or program(*NAMES)
    if not found:
        missing("no chromium on PATH (apt-get install chromium-headless-shell)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()

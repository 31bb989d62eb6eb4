"""The demo in a real Chromium: light and dark, wide and narrow, with and without JavaScript."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from oauthprov.demo import make_app
from tests.demo.conftest import settings_for
from tests.demo.standin_provider import Server, StandInProvider

pytestmark = pytest.mark.browser

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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        if os.environ.get("OAUTHPROV_REQUIRE_SERVICES") == "1":
            pytest.fail("OAUTHPROV_REQUIRE_SERVICES=1, but there is no chromium", pytrace=False)
        pytest.skip("There is no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def address(provider: StandInProvider) -> Iterator[str]:
    """Serve the demo; return where, by the name that isn't the provider's."""
    server = Server()
    address = server.root.replace("127.0.0.1", "localhost")
    provider.redirect_uri = f"{address}/callback"
    settings = settings_for(provider, base_url=address)
    server.start(make_app(settings, clock=lambda: int(time.time())))
    yield address
    server.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Return a new page and the list of what goes wrong in it."""
    page, faults = context.new_page(), []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"{request.url}: {request.failure}"))
    return page, faults


def assert_accessible(page: Page, width: int) -> None:
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 320])
def test_the_pages_are_accessible_and_break_no_policy(chromium, address, provider, scheme, width):
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page, faults = watched(context)
    page.goto(address)
    assert_accessible(page, width)
    provider.deny = "access_denied"
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("heading", name="You did not give access").wait_for()
    assert_accessible(page, width)
    provider.deny = None
    page.get_by_label("email").check()
    page.get_by_role("button", name="Connect").click()
    page.get_by_text("profile email", exact=True).wait_for()
    assert page.url == f"{address}/"
    assert_accessible(page, width)
    provider.kill_all_tokens()
    page.get_by_role("button", name="Call the API again").click()
    page.get_by_role("heading", name="Access was removed").wait_for()
    assert_accessible(page, width)
    provider.close()
    page.goto(address)
    page.goto(f"{address}/nowhere")
    assert_accessible(page, width)
    assert [fault for fault in faults if "404" not in fault] == []
    context.close()


def test_everything_works_without_javascript(chromium, address, provider):
    context = chromium.new_context(java_script_enabled=False)
    page, faults = watched(context)
    page.goto(address)
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Refresh now").click()
    page.get_by_role("heading", name="Refreshed").wait_for()
    page.get_by_role("button", name="Revoke at the provider").click()
    page.get_by_role("heading", name="Revoked").wait_for()
    assert provider.access_tokens == set()
    assert faults == []
    context.close()


def test_the_session_cookie_is_the_only_thing_the_browser_keeps(chromium, address):
    context = chromium.new_context()
    page, _ = watched(context)
    page.goto(f"{address}/connect")
    page.get_by_role("heading", name="Connected", exact=True).wait_for()
    cookies = context.cookies()
    assert [(c["name"], c["httpOnly"], c["sameSite"]) for c in cookies] == [
        ("demo_sid", True, "Lax")
    ]
    context.close()

"""A person at a browser of their own, and everything that goes wrong on their pages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response

from tests.browser import judged
from tests.browser.axe import bring, violations
from tests.browser.chromium import PATIENCE
from tests.site import PASSWORD

WIDE = {"width": 1000, "height": 700}
MARGIN = 18
NARROW = {"width": 320, "height": 700}
TARGETS = {"target-size": {"enabled": True}}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
COLOURS = ["color-contrast", "link-in-text-block"]
# One evaluation that waits by itself: the browser's own wait evaluates a string once more for each
# look, and from the second on the page's content security policy forbids that.
UNTIL = """() => new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error(`not in time: %(condition)s`)), %(patience)d)
    const look = () => (%(condition)s) ? (clearTimeout(late), done()) : setTimeout(look, 20)
    look()
})"""


def wait_until(page: Page, condition: str) -> None:
    """Wait until ``condition``, an expression of JavaScript, holds on ``page``."""
    page.evaluate(UNTIL % {"condition": condition, "patience": PATIENCE})


class Visitor:
    """One browser context with one page. ``look`` judges it in the dark too, if ``dark`` says so.

    ``language`` is the one that the browser prefers, and ``zone`` its time zone; its own without.

    ``faults`` lists what the console says, scripts that fail, requests that fail, and answers
    that no page should lead to: everything but a document with a status of the 4xx.
    """

    def __init__(
        self,
        browser: Browser,
        *,
        dark: bool = False,
        scripts: bool = True,
        language: str | None = None,
        pictures: Path | None = None,
        zone: str | None = None,
    ) -> None:
        self.context = browser.new_context(
            viewport=WIDE,
            color_scheme="light",
            java_script_enabled=scripts,
            locale=language,
            timezone_id=zone,
        )
        self.context.set_default_timeout(PATIENCE)
        if scripts:
            bring(self.context)
        self.faults: list[str] = []
        self.context.on("console", self._console)
        self.context.on("weberror", lambda failure: self.faults.append(str(failure.error)))
        self.context.on("requestfailed", self._failed)
        self.context.on("response", self._answered)
        self.page = self.context.new_page()
        self._dark, self._scripts, self._pictures = dark, scripts, pictures

    def look(self, heading: str | None = None) -> None:
        """Judge the page: no fault so far, nothing that axe finds, and no scrolling sideways.

        With ``heading`` wait for the page of that heading first. Without scripts only the faults
        can be judged. A page that looks as one that was judged isn't judged again.
        """
        if heading is not None:
            self.heading(heading).wait_for()
        self.page.wait_for_load_state()  # after a click the next page may have no element yet
        if self._scripts:
            self._judge()
        assert self.faults == []

    def heading(self, name: str) -> Locator:
        """The heading of the page, by exactly this name."""
        return self.page.get_by_role("heading", level=1, name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def field(self, name: str) -> Locator:
        return self.page.get_by_label(name, exact=True)

    def alert(self) -> Locator:
        return self.page.get_by_role("alert")

    def enter(self, name: str, password: str = PASSWORD) -> None:
        """Fill in user name and password."""
        self.field("User name").fill(name)
        self.field("Password").fill(password)

    def sign_up(self, issuer: str, name: str) -> None:
        """Make an account, and be signed in: with one page, since others show that pages do it."""
        shown = self.context.request.get(f"{issuer}/signup").text()
        form = dict(HIDDEN.findall(shown)) | {"name": name, "password": PASSWORD}
        done = self.context.request.post(
            f"{issuer}/signup", form=form, headers={"Origin": issuer}, max_redirects=0
        )
        assert done.status == 303, done.text()
        self.page.goto(done.headers["location"])
        self.heading(f"Hello, {name}").wait_for()

    def picture(self, name: str, until: str | None = None, *, whole: bool = False) -> None:
        """Keep what is seen as the screenshot ``name``, if screenshots are wanted.

        ``until`` names the region of the page that ends it; it shows the ``whole`` page, or what
        a window does.
        """
        if self._pictures is None:
            return
        clip = {"x": 0, "y": 0, "width": WIDE["width"], "height": WIDE["height"]}
        if whole:
            clip["height"] = self.page.evaluate("document.documentElement.scrollHeight")
        if until is not None:
            box = self.page.get_by_role("region", name=until).bounding_box()
            clip["height"] = box["y"] + box["height"] + MARGIN
        path = self._pictures / f"{name}.png"
        self.page.screenshot(path=path, full_page=True, clip=clip, caret="hide")

    def leave(self) -> None:
        self.context.close()

    def _judge(self) -> None:
        seen = judged.sight(self.page)
        if not judged.is_judged(seen, dark=self._dark):
            assert violations(self.page, rules=TARGETS) == []
            self._look_in_the_dark()
            self._look_through_a_slit()
            judged.remember(seen, dark=self._dark)

    def _look_in_the_dark(self) -> None:
        if self._dark:
            self.page.emulate_media(color_scheme="dark")
            assert violations(self.page, runOnly=COLOURS) == []
            self.page.emulate_media(color_scheme="light")

    def _look_through_a_slit(self) -> None:
        self.page.set_viewport_size(NARROW)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], f"{self.page.url} is {width} px wide"
        self.page.set_viewport_size(WIDE)

    def _console(self, message: ConsoleMessage) -> None:
        # Chromium's own line on an answer of 400 or more: ``_answered`` judges these.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _failed(self, request: Request) -> None:
        # Whoever goes on before a page is complete ends its requests.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        expected = 400 if response.request.resource_type != "document" else 500
        if response.status >= expected:
            self.faults.append(f"{response.url}: status {response.status}")

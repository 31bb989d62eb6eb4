"""What people see: contrasts of what isn't text, and the one column of header and content."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.place import Provider, provider_on
from tests.browser.visitor import Visitor
from tests.site import OPENID

pytestmark = pytest.mark.browser

ENOUGH = 3.0
"""The contrast that WCAG 2.2 success criterion 1.4.11 wants of the edges of controls."""
THEMES = ("light", "dark")
WIDTHS = (1280, 1000, 768, 480, 320)

FIELDS = "input:not([type=hidden], [hidden]), textarea, select"
STOPS = f"a[href], button, summary, pre[tabindex='0'], {FIELDS}"

EDGES = """at => {
    const solid = colour => !/^(transparent|rgba\\(.*, 0\\))$/.test(colour);
    const ground = from => {
        for (let it = from; it; it = it.parentElement) {
            const colour = getComputedStyle(it).backgroundColor;
            if (solid(colour)) return colour;
        }
        return getComputedStyle(document.documentElement).backgroundColor;
    };
    const style = getComputedStyle(at);
    return {
        border: style.borderTopColor,
        borderWidth: parseFloat(style.borderTopWidth),
        inside: ground(at),
        outside: ground(at.parentElement),
        ring: style.outlineColor,
        ringStyle: style.outlineStyle,
        ringWidth: parseFloat(style.outlineWidth),
        gap: parseFloat(style.outlineOffset),
    };
}"""


def luminance(colour: str) -> float:
    """The relative luminance (WCAG 2.2) of what ``getComputedStyle`` calls a colour."""
    match = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert match, f"{colour} isn't an opaque colour"
    parts = [int(part) / 255 for part in match.groups()]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_by_the_formula_of_wcag():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.01)


EACH_EDGES = f"all => all.map(at => [at.outerHTML, ({EDGES})(at)])"
EACH_FOCUSED = f"all => all.map(at => (at.focus(), [at.outerHTML, ({EDGES})(at)]))"


def weak_borders(page: Page) -> list[str]:
    """List fields whose border has too little contrast with its surroundings or the inside."""
    found = []
    for field, edges in page.locator(FIELDS).evaluate_all(EACH_EDGES):
        checked = edges["border"] == edges["inside"]
        against = ["outside"] if checked else ["outside", "inside"]
        for side in against:
            ratio = contrast(edges["border"], edges[side])
            if not edges["borderWidth"] or ratio < ENOUGH:
                found.append(f"{called(field)}: {ratio:.2f} against what is {side}")
    return found


def weak_rings(page: Page) -> list[str]:
    """Focus each control in turn; list those that show the focus too weakly."""
    found = []
    page.keyboard.press("Tab")  # from now on the browser shows where the focus is
    for stop, edges in page.locator(STOPS).filter(visible=True).evaluate_all(EACH_FOCUSED):
        drawn = edges["ringStyle"] == "solid" and edges["ringWidth"] >= 2 and edges["gap"] >= 0
        ratio = contrast(edges["ring"], edges["outside"]) if drawn else 1
        if ratio < ENOUGH:
            found.append(f"{called(stop)}: {ratio:.2f}")
    assert page.locator(STOPS).count() > 1
    return found


def called(element: str) -> str:
    return element.splitlines()[0][:100]


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that has every page: the profile needs OpenID Connect."""
    with provider_on("sqlite://", scopes=OPENID) as served:
        yield served


@pytest.fixture
def alice(visitor: Visitor, provider) -> Visitor:
    visitor.sign_up(provider.issuer, "alice")
    return visitor


@pytest.mark.parametrize("theme", THEMES)
def test_pages_show_their_fields_and_the_focus(visitor, provider, theme):
    visitor.page.emulate_media(color_scheme=theme)
    for path in ("/", "/login", "/signup"):
        judge(visitor.page, provider.url(path))
    visitor.sign_up(provider.issuer, "alice")
    for path in ("/", "/account", "/account/password", "/account/profile", "/clients"):
        judge(visitor.page, provider.url(path))


def judge(page: Page, url: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200
    assert weak_borders(page) == []
    assert weak_rings(page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_form_with_wrong_fields_shows_them_and_the_focus(alice, provider, theme):
    alice.page.emulate_media(color_scheme=theme)
    alice.page.goto(provider.url("/clients/new/web"))
    alice.page.get_by_text("More", exact=True).click()
    alice.field("Home page").fill("javascript:alert(1)")
    alice.button("Register").click()
    alice.alert().wait_for()
    assert weak_borders(alice.page) == []
    assert weak_rings(alice.page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_consent_and_removal_show_the_focus(alice, provider, demo, theme):
    alice.page.emulate_media(color_scheme=theme)
    alice.page.goto(f"{demo.root}/connect")
    assert weak_rings(alice.page) == []
    alice.button("Allow").click()
    alice.heading("Connected").wait_for()
    alice.page.goto(provider.url("/account"))
    alice.button("Remove access of Demo").click()
    alice.heading("Remove access?").wait_for()
    assert weak_rings(alice.page) == []


@pytest.mark.parametrize("theme", THEMES)
def test_an_alert_shows_that_it_has_the_focus(visitor, provider, theme):
    visitor.page.emulate_media(color_scheme=theme)
    visitor.page.goto(provider.url("/login"))
    visitor.enter("alice", "not it, I fear")
    visitor.button("Sign in").click()
    visitor.alert().wait_for()
    edges = visitor.alert().evaluate(EDGES)
    assert edges["ringStyle"] == "solid"
    assert contrast(edges["ring"], edges["outside"]) >= ENOUGH


def sides(at: Locator) -> tuple[float, float]:
    """Where something begins and ends from left to right, in pixels."""
    box = at.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def assert_one_column(page: Page, content: Locator) -> None:
    """The wordmark begins where the content does; nothing of the header ends beyond it."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        left, right = sides(content)
        assert sides(page.locator(".wordmark"))[0] == pytest.approx(left, abs=1), width
        links = page.locator(".bar nav a").all()
        ends = [sides(link)[1] for link in links]
        if links:
            assert max(ends) == pytest.approx(right, abs=1), width
        seen = page.evaluate("document.documentElement.scrollWidth")
        assert seen <= width, f"at {width} px the page is {seen} px wide"


def test_header_and_card_share_one_column(visitor, provider, demo):
    card = visitor.page.locator("main > .card")
    for path in ("/", "/login", "/signup", "/oauth/authorize?client_id=nobody"):
        visitor.page.goto(provider.url(path))
        assert_one_column(visitor.page, card)
    visitor.sign_up(provider.issuer, "alice")
    for path in ("/account/password", "/account/email/new", "/account/delete", "/logout"):
        visitor.page.goto(provider.url(path))
        assert_one_column(visitor.page, card)
    visitor.page.goto(f"{demo.root}/connect")
    assert_one_column(visitor.page, card)


def test_header_and_wide_content_share_one_column(alice, provider):
    for path, content in (
        ("/", "main > .tiles"),
        ("/account", "main > .sheet"),
        ("/account/profile", "main > form > .sheet"),
        ("/clients", "main > p"),
        ("/clients/new", "main > .tiles"),
        ("/clients/new/web", "main > form"),
    ):
        alice.page.goto(provider.url(path))
        assert_one_column(alice.page, alice.page.locator(content).first)

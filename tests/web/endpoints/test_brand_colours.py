"""Every colour of a brand can be read, in both themes (WCAG 2.2, success criterion 1.4.3)."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from oauthprov.web.endpoints.brand_colours import WHITE, contrast, style_sheet

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
ENOUGH = 4.5
BACKGROUNDS = {
    "light": ("#f5f6f4", "#ffffff", "#eef2ef"),
    "dark": ("#121716", "#1a2120", "#26302e"),
}
"""What app.css writes links on: pages, cards and code."""


def parts(text):
    return tuple(int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))


def themes(colour):
    light, _, dark = style_sheet(colour).partition("@media (prefers-color-scheme: dark)")
    return {
        name: dict(re.findall(r"(--[\w-]+): (#[0-9a-f]+);", css))
        for name, css in (("light", light), ("dark", dark))
    }


@given(colour=COLOURS)
@example(colour="#000000")
@example(colour="#ffffff")
@example(colour="#ffff00")
@example(colour="#0000ff")
def test_links_buttons_and_tints_have_the_contrast_of_text(colour):
    for name, theme in themes(colour).items():
        for background in BACKGROUNDS[name]:
            for link in ("--pico-primary", "--pico-primary-hover"):
                assert contrast(parts(theme[link]), parts(background)) >= ENOUGH, (name, link)
        for button in ("--pico-primary-background", "--pico-primary-hover-background"):
            assert contrast(parts(theme[button]), WHITE) >= ENOUGH, (name, button)
        assert contrast(parts(theme["--tint-text"]), parts(theme["--tint"])) >= ENOUGH, name


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert themes("#1c665e")["light"]["--pico-primary"] == "#1c665e"
    assert themes("#1c665e")["light"]["--pico-primary-background"] == "#1c665e"


def test_contrast_is_that_of_the_standard():
    assert round(contrast(parts("#000000"), WHITE), 1) == 21
    assert round(contrast(parts("#767676"), WHITE), 2) == 4.54

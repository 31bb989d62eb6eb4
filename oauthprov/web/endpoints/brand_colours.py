"""The colours of both themes, from one colour, with the contrast that readers need.

Contrast is WCAG 2.2's ratio: 4.5 for text (success criterion 1.4.3).
"""

from __future__ import annotations

Colour = tuple[float, float, float]
"""Red, green and blue, each from 0 to 1."""

BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
TEXT = 4.6
"""The contrast of texts: a little over 4.5, since colours are rounded to 8 bits."""
_STEP = 0.02

# The backgrounds of app.css that are hardest to read on: those of code.
_LIGHT = (0xEE / 255, 0xF2 / 255, 0xEF / 255)
_DARK = (0x26 / 255, 0x30 / 255, 0x2E / 255)


def style_sheet(colour: str) -> str:
    """Return the CSS that sets the colours of buttons and links; ``colour`` is ``#rrggbb``."""
    base = _parsed(colour)
    button = _until(base, BLACK, WHITE)
    light_tint, dark_tint = _mixed(base, WHITE, 0.9), _mixed(base, (0.1, 0.13, 0.12), 0.75)
    shared = _buttons(button, _mixed(button, BLACK, 0.2))
    light = {
        **_links(_until(base, BLACK, _LIGHT), BLACK),
        **shared,
        "--tint": _written(light_tint),
        "--tint-text": _written(_until(base, BLACK, light_tint)),
    }
    dark = {
        **_links(_until(base, WHITE, _DARK), WHITE),
        **shared,
        "--tint": _written(dark_tint),
        "--tint-text": _written(_until(base, WHITE, dark_tint)),
    }
    return (
        f":root:not([data-theme='dark']) {{ {_declared(light)} }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root:not([data-theme]) {{ {_declared(dark)} }}\n"
        "}\n"
    )


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours: from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _buttons(colour: Colour, hover: Colour) -> dict[str, str]:
    return {
        "--pico-primary-background": _written(colour),
        "--pico-primary-border": _written(colour),
        "--pico-primary-hover-background": _written(hover),
        "--pico-primary-hover-border": _written(hover),
    }


def _links(colour: Colour, towards: Colour) -> dict[str, str]:
    return {
        "--pico-primary": _written(colour),
        "--pico-primary-underline": _written(colour) + "66",
        "--pico-primary-hover": _written(_mixed(colour, towards, 0.3)),
    }


def _until(colour: Colour, towards: Colour, against: Colour) -> Colour:
    """Mix ``towards`` into ``colour`` until it can be read on ``against``, or the reverse."""
    share = 0.0
    while contrast(made := _mixed(colour, towards, share), against) < TEXT and share < 1:
        share += _STEP
    return made


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a * (1 - share) + b * share for a, b in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parsed(colour: str) -> Colour:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _written(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _declared(variables: dict[str, str]) -> str:
    return " ".join(f"{name}: {value};" for name, value in variables.items())

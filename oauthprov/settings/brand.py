"""How the pages look: logo, colour, style sheet, and links in the footer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from oauthprov.settings.setting import setting

LARGEST = 512 * 1024
"""Bytes of a file of the brand, at most: every page loads it."""

_PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".ico": "image/x-icon",
}
_STYLES = {".css": "text/css; charset=utf-8"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class BrandFile:
    """A file that pages show, read when the settings were."""

    path: str
    media_type: str
    content: bytes = field(repr=False)


def _file(types: dict[str, str]) -> Callable[[str], BrandFile | None]:
    def parse(value: str) -> BrandFile | None:
        if not value:
            return None
        path = Path(value)
        if path.suffix.lower() not in types:
            raise ValueError(f"must name a file that ends in {', '.join(types)}: {value}")
        try:
            content = path.read_bytes()
        except OSError as wrong:
            raise ValueError(
                f"names the file {value}, which can't be read: {wrong.strerror}"
            ) from None
        if not content or len(content) > LARGEST:
            raise ValueError(f"names a file that is empty or over {LARGEST // 1024} KiB: {value}")
        return BrandFile(value, types[path.suffix.lower()], content)

    return parse


def colour(value: str) -> str:
    """Parse a colour such as ``#1f6f66``, or empty text."""
    if value and not _COLOUR.fullmatch(value):
        raise ValueError("must be a colour in six hexadecimal digits, such as #1f6f66")
    return value.lower()


def page_url(value: str) -> str:
    """Parse the http or https URL of a page, or empty text."""
    if value:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("must be the http or https URL of a page")
    return value


@dataclass(frozen=True, kw_only=True)
class Brand:
    """How the pages look: logo, colour, style sheet, and links in the footer."""

    brand_logo: BrandFile | None = setting(  # noqa: RUF009 - it is frozen, as the others are
        "brand.logo",
        _file(_PICTURES),
        "",
        "Picture beside the title, shown 32 pixels high: a file .svg, .png, .webp or .jpg.",
    )
    brand_icon: BrandFile | None = setting(  # noqa: RUF009
        "brand.icon", _file(_PICTURES), "", "Icon of the browser's tab; without it the logo."
    )
    brand_colour: str = setting(
        "brand.colour",
        colour,
        "",
        "Colour of buttons and links, such as `#1f6f66`; both themes make it as dark or light as "
        "readers need.",
    )
    brand_css: BrandFile | None = setting(  # noqa: RUF009
        "brand.css", _file(_STYLES), "", "A style sheet of your own, which pages load last."
    )
    brand_imprint: str = setting(
        "brand.imprint", page_url, "", "URL of the imprint, linked in the footer."
    )
    brand_privacy: str = setting(
        "brand.privacy",
        page_url,
        "",
        "URL of the privacy policy, linked in the footer; `op_policy_uri` of the metadata.",
    )
    brand_terms: str = setting(
        "brand.terms",
        page_url,
        "",
        "URL of the terms of service, linked in the footer; `op_tos_uri` of the metadata.",
    )
    brand_help: str = setting(
        "brand.help", page_url, "", "URL of a page with help, linked in the footer."
    )

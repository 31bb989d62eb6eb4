"""A brand of any colour: pages that everybody can read, in both themes and on small screens."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.place import Provider, provider_on
from tests.browser.test_walk import PICTURES
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 60">
<rect width="90" height="60" rx="14" fill="#f0c000"/><circle cx="45" cy="30" r="18"/></svg>"""
WANTED = os.environ.get("OAUTHPROV_SCREENSHOTS") == "1"
CSS = ".wordmark { font-variant-caps: small-caps }"


@pytest.fixture(params=["#ffee00", "#000080", "#c2410c"], ids=["yellow", "navy", "orange"])
def branded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    (tmp_path / "logo.svg").write_bytes(LOGO)
    (tmp_path / "own.css").write_text(CSS)
    brand = {
        "brand.logo": str(tmp_path / "logo.svg"),
        "brand.css": str(tmp_path / "own.css"),
        "brand.colour": request.param,
        "brand.imprint": "https://example.com/imprint",
        "brand.privacy": "https://example.com/privacy",
        "brand.terms": "https://example.com/terms",
        "brand.help": "https://example.com/help",
    }
    url = f"sqlite:///{tmp_path / 'brand.sqlite'}"
    with provider_on(url, title="Photographers", **brand) as provider:
        yield provider


def test_pages_of_a_brand_can_be_read(visit: Callable[..., Visitor], branded: Provider) -> None:
    person = visit(dark=True, pictures=PICTURES if WANTED else None)
    page = person.page
    page.goto(branded.url("/login"))
    person.look("Sign in")
    assert page.locator("header img").evaluate("logo => logo.naturalWidth") > 0
    caps = page.locator(".wordmark").evaluate("it => getComputedStyle(it).fontVariantCaps")
    assert caps == "small-caps"
    person.picture("brand")
    person.sign_up(branded.issuer, "alice")
    person.look()
    for path in ("/account", "/clients/new"):
        page.goto(branded.url(path))
        person.look()

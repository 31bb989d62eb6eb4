"""The operator's logo, icon, colours and style sheet, on every page and at their URLs."""

from __future__ import annotations

import pytest

from tests import site as sites

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n not a whole one"
CSS = b".wordmark { text-transform: uppercase }"
LINKS = {
    "imprint": "https://example.com/imprint",
    "privacy": "https://example.com/privacy",
    "terms": "https://example.com/terms",
    "help": "https://example.com/help?from=sign-in&now=1",
}


@pytest.fixture
def settings(tmp_path):
    files = {"logo.svg": SVG, "icon.png": PNG, "own.css": CSS}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return {
        "brand.logo": str(tmp_path / "logo.svg"),
        "brand.icon": str(tmp_path / "icon.png"),
        "brand.css": str(tmp_path / "own.css"),
        "brand.colour": "#7A1FA2",
        **{f"brand.{name}": url for name, url in LINKS.items()},
    }


@pytest.fixture(params=[True, False], ids=["straight", "views"])
def site(request, settings):
    made = sites.standalone(
        sites.ini("sqlite://", development="true", **settings), straight=request.param
    )
    yield made
    made.close()


def test_every_page_shows_logo_icon_colours_and_own_style_sheet_last(site):
    for path in ("/login", "/nothing-here"):
        page = site.get(path).html
        [logo] = page.select("header img")
        assert (site.get(logo["src"]).body, logo["alt"]) == (SVG, "")
        [icon] = page.select("link[rel=icon]")
        found = site.get(icon["href"])
        assert (found.body, found.content_type) == (PNG, "image/png")
        sheets = [site.get(link["href"]) for link in page.select("link[rel=stylesheet]")]
        assert b"--pico-primary: #7a1fa2;" in sheets[-2].body
        assert sheets[-1].body == CSS
        assert {sheet.content_type for sheet in sheets} == {"text/css"}


def test_the_footer_has_the_links_that_are_set(site):
    links = site.get("/login").html.select("footer a")
    assert [link["href"] for link in links] == list(LINKS.values())
    assert [link.text for link in links] == [
        "Imprint",
        "Privacy policy",
        "Terms of service",
        "Help",
    ]


def test_the_metadata_names_policy_and_terms(site):
    for name in ("oauth-authorization-server", "openid-configuration"):
        found = site.get(f"/.well-known/{name}", status="*")
        if found.status_int == 200:
            assert found.json["op_policy_uri"] == LINKS["privacy"]
            assert found.json["op_tos_uri"] == LINKS["terms"]


def test_a_picture_that_is_opened_as_a_page_runs_no_script(site):
    headers = site.get("/oauthprov-brand/logo").headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "image/svg+xml"


def test_a_browser_that_has_a_file_is_told_so(site):
    tag = site.get("/oauthprov-brand/css").headers["ETag"]
    assert site.get("/oauthprov-brand/css", headers={"If-None-Match": tag}).status_int == 304


def test_without_a_brand_nothing_is_added():
    site = sites.standalone(sites.ini("sqlite://", development="true"))
    page = site.get("/login").html
    assert page.select("header img, footer") == []
    assert len(page.select("link[rel=stylesheet]")) == 2
    assert site.get("/oauthprov-brand/logo", status=404)
    assert "op_policy_uri" not in site.get("/.well-known/oauth-authorization-server").json
    site.close()


def test_the_logo_is_the_icon_if_there_is_no_other(settings):
    del settings["brand.icon"]
    site = sites.standalone(sites.ini("sqlite://", development="true", **settings))
    [icon] = site.get("/login").html.select("link[rel=icon]")
    assert site.get(icon["href"]).body == SVG
    site.close()

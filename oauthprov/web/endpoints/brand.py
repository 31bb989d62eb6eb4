"""The pictures and style sheets of the brand, from ``oauthprov.brand.*``."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.settings import BrandFile, Settings
from oauthprov.web.endpoints.brand_colours import style_sheet
from oauthprov.web.http.exchange import Exchange
from oauthprov.web.http.reply import Reply, unless_current, with_body

# An SVG that is opened as a page must run no script of the issuer's origin.
_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


def files(settings: Settings) -> dict[str, BrandFile]:
    """Return the files of the brand by the name of their route."""
    found = {
        "brand_logo": settings.brand_logo,
        "brand_icon": settings.brand_icon or settings.brand_logo,
        "brand_css": settings.brand_css,
    }
    if settings.brand_colour:
        css = style_sheet(settings.brand_colour).encode()
        found["brand_colours"] = BrandFile("", "text/css; charset=utf-8", css)
    return {name: file for name, file in found.items() if file is not None}


def _add(config: Configurator, name: str, file: BrandFile) -> None:
    def send(exchange: Exchange) -> Reply:
        """Return the file, or 304 if the request's ETag is current."""
        reply = with_body(file.content, file.media_type, headers=_HEADERS)
        return unless_current(reply, exchange.header("IF_NONE_MATCH"))

    path = name.removeprefix("brand_")
    config.add_oauth_handler(name, f"/oauthprov-brand/{path}", get=send, kind="document")


def includeme(config: Configurator) -> None:
    """Serve each file that is set."""
    settings = config.registry["oauthprov.settings"]
    for name, file in files(settings).items():
        _add(config, name, file)
    about = {"op_policy_uri": settings.brand_privacy, "op_tos_uri": settings.brand_terms}
    config.add_oauth_metadata(**{member: url for member, url in about.items() if url})

"""Style sheets and scripts."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPMovedPermanently, HTTPNotFound
from pyramid.response import Response
from pyramid.static import static_view

from oauthprov.web.request import Request

_files = static_view("oauthprov:static", cache_max_age=3600, use_subpath=True)


def asset(request: Request) -> Response | dict[str, object]:
    """Return a file of ``oauthprov:static``."""
    try:
        return _files(request.context, request)
    except HTTPMovedPermanently:
        # A directory; Pyramid's redirect to it with a slash would contain the Host header.
        raise HTTPNotFound() from None


def includeme(config: Configurator) -> None:
    """Serve ``oauthprov:static`` under our own name, as a host may have a ``static`` too."""
    config.add_oauth_endpoint("asset", "/oauthprov-static/*subpath", get=asset, kind="document")

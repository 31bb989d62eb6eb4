"""The metadata documents of protected resources (RFC 9728).

A document is on the host of its resource. Hence this server has one for every declared resource
on the issuer's host; resources on other hosts publish their own.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from oauthprov.protected_resource.metadata import document_of, place_of
from oauthprov.settings import Settings
from oauthprov.web.endpoints.metadata import at_root, published
from oauthprov.web.errors import to_response
from oauthprov.web.http.bearer import is_local
from oauthprov.web.request import Request


def protected_resource(request: Request) -> Response:
    """Return the document of the resource whose path and query are in the URL."""
    settings = request.oauthprov.settings
    asked = (request.path_info, request.query_string)
    for resource in settings.resources:
        if is_local(settings, resource) and place_of(resource) == asked:
            made = document_of(
                settings.issuer,
                resource,
                settings.dpop,
                settings.client_algorithms,
                certificates=settings.mtls,
            )
            return to_response(published(made))
    raise HTTPNotFound()


def includeme(config: Configurator) -> None:
    """Add a route per document, so that other well-known URLs stay free for the host."""
    settings: Settings = config.registry["oauthprov.settings"]
    paths = {place_of(r)[0]: r for r in settings.resources if is_local(settings, r)}
    for number, path in enumerate(paths):
        with at_root(config):
            config.add_oauth_endpoint(
                f"protected_resource.{number}",
                path,
                get=protected_resource,
                kind="document",
                cors="any",
            )

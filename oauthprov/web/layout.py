"""The names that our templates get besides the values of a view, such as the layout."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.interfaces import PHASE3_CONFIG, ITranslationDirectories
from pyramid.path import AssetResolver
from pyramid.registry import Registry
from pyramid.renderers import get_renderer

from oauthprov.messages import N_
from oauthprov.settings import Settings
from oauthprov.web import i18n
from oauthprov.web.client_view import face
from oauthprov.web.request import Request

_OURS = "oauthprov:templates/"
LAYOUT = "oauthprov:templates/layout.pt"
CLIENT_PARTS = "oauthprov:templates/client_parts.pt"
ADMIN_PARTS = "oauthprov:templates/admin_parts.pt"
FACTOR_PARTS = "oauthprov:templates/factor_parts.pt"
FACTOR_KINDS = "oauthprov:templates/factor_kinds.pt"
BRAND = "oauthprov:templates/brand.pt"
"""A host may override this asset: its macros are the page's head, name and footer."""

_IMPRINT, _PRIVACY = N_("Imprint"), N_("Privacy policy")
_TERMS, _HELP = N_("Terms of service"), N_("Help")


class FormToken:
    """The CSRF token, made when a template writes it: pages without a form set no cookie."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __str__(self) -> str:
        return str(self._request.oauthprov.session.csrf_token)


def add_names(event: BeforeRender) -> None:
    """Add the names that every page needs, such as layout, url and person, to our templates."""
    if not str(event["renderer_name"]).startswith(_OURS):
        return
    request = event["request"]
    tools = request.oauthprov
    i18n.settle_language(request)
    # Chameleon's error messages contain all values of a template, including secrets.
    event["renderer_info"].renderer.implementation().value_repr = _of_what_kind
    event["layout"] = get_renderer(LAYOUT).implementation()
    event["client_parts"] = get_renderer(CLIENT_PARTS).implementation()
    event["admin_parts"] = get_renderer(ADMIN_PARTS).implementation()
    event["factor_parts"] = get_renderer(FACTOR_PARTS).implementation()
    event["factor_kinds"] = get_renderer(FACTOR_KINDS).implementation()
    event["brand"] = get_renderer(BRAND).implementation()
    event["branded"] = partial(_branded, request)
    event["brand_links"] = _links(tools.settings)
    event["face"] = lambda client: face(request, client)
    event["settings"] = tools.settings
    event["url"] = tools.url
    event["has_page"] = tools.has_page
    event["day"], event["moment"] = partial(i18n.day, request), partial(i18n.moment, request)
    event["iso"] = iso
    event["translated"] = partial(i18n.translated, request)
    event["asset"] = lambda name: request.route_path("oauthprov.asset", subpath=name)
    event["csrf_token"] = FormToken(request)
    if "person" not in (event.rendering_val or {}):
        event["person"] = tools.person


def _branded(request: Request, name: str) -> str | None:
    """Return the path of a file of the brand, None if it isn't set."""
    if not request.oauthprov.has_page(f"brand_{name}"):
        return None
    return str(request.route_path(f"oauthprov.brand_{name}"))


def _links(settings: Settings) -> list[tuple[str, str]]:
    """Return the links of the footer: a text to be translated, and a URL."""
    every = (
        (_IMPRINT, settings.brand_imprint),
        (_PRIVACY, settings.brand_privacy),
        (_TERMS, settings.brand_terms),
        (_HELP, settings.brand_help),
    )
    return [(text, url) for text, url in every if url]


def _of_what_kind(value: object) -> str:
    return type(value).__name__


def iso(at: int) -> str:
    """Return a time in the format of ``<time datetime>``."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def _add_our_texts(registry: Registry) -> None:
    """Add our catalogs below those of the host, whether it adds them before or after us."""
    directory = AssetResolver("oauthprov").resolve("locale/").abspath()
    directories = registry.queryUtility(ITranslationDirectories)
    if directories is None:
        registry.registerUtility([directory], ITranslationDirectories)
    else:
        directories.insert(0, directory)


def includeme(config: Configurator) -> None:
    """Add the subscriber, and the translations of our texts."""
    config.action(None, partial(_add_our_texts, config.registry), order=PHASE3_CONFIG + 1)
    config.add_subscriber(add_names, BeforeRender)

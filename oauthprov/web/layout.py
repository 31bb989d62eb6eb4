"""What our templates get beside a view's own values: above all the one layout of all pages."""

from __future__ import annotations

from datetime import UTC, datetime

from pyramid.config import Configurator
from pyramid.events import BeforeRender
from pyramid.renderers import get_renderer

from oauthprov.web import i18n
from oauthprov.web.client_view import face
from oauthprov.web.request import Request

_OURS = "oauthprov:templates/"
LAYOUT = "oauthprov:templates/layout.pt"
CLIENT_PARTS = "oauthprov:templates/client_parts.pt"


class FormToken:
    """The CSRF token, made when a template first writes it: other pages need no cookie."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __str__(self) -> str:
        return str(self._request.oauthprov.session.csrf_token)


def add_names(event: BeforeRender) -> None:
    """Put what every page needs, such as layout, url and person, where our templates find it."""
    if not str(event["renderer_name"]).startswith(_OURS):
        return
    request = event["request"]
    tools = request.oauthprov
    i18n.settle_language(request)
    # Chameleon writes every value that a template has into the errors of it: secrets among them.
    event["renderer_info"].renderer.implementation().value_repr = _of_what_kind
    event["marked"] = i18n.marked
    event["layout"] = get_renderer(LAYOUT).implementation()
    event["client_parts"] = get_renderer(CLIENT_PARTS).implementation()
    event["face"] = lambda client: face(request, client)
    event["settings"] = tools.settings
    event["url"] = tools.url
    event["has_page"] = tools.has_page
    event["day"], event["moment"], event["iso"] = day, moment, iso
    event["asset"] = lambda name: request.route_path("oauthprov.asset", subpath=name)
    event["csrf_token"] = FormToken(request)
    if "person" not in (event.rendering_val or {}):
        event["person"] = tools.person


def _of_what_kind(value: object) -> str:
    return type(value).__name__


def day(at: int) -> str:
    """Return a day as people write it; ``at`` is epoch seconds, the day is in UTC."""
    then = datetime.fromtimestamp(at, UTC)
    return f"{then.day} {then:%B %Y}"


def moment(at: int) -> str:
    """Return a day and time, in UTC."""
    return f"{day(at)}, {datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def iso(at: int) -> str:
    """Return a time as ``<time datetime>`` wants it."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def includeme(config: Configurator) -> None:
    """Add the subscriber, and the translations of our own texts."""
    config.add_translation_dirs("oauthprov:locale")
    config.add_subscriber(add_names, BeforeRender)

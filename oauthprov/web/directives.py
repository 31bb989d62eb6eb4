"""Configurator directives, for hosts and for the features of this package."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from pyramid.config import PHASE0_CONFIG, Configurator
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from oauthprov.accounts import AccountSource
from oauthprov.errors import ConfigurationError
from oauthprov.mail import Mailer
from oauthprov.messages import N_
from oauthprov.resource import preflight
from oauthprov.web.errors import to_response
from oauthprov.web.headers import HEADERS
from oauthprov.web.http.cross_origin import POLICIES
from oauthprov.web.http.endpoint import Endpoint, Handler, Page, Shortcut
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request

R = TypeVar("R")
View = Callable[[Request], Response | dict[str, object]]


def set_oauth_accounts(config: Configurator, source: AccountSource) -> None:
    """Use the host's accounts; the sign-in pages of the built-in accounts are then not added."""

    for method in (source.name_of, source.claims):
        try:
            inspect.signature(method).bind("account id", None)
        except TypeError:
            name = f"{type(source).__name__}.{method.__name__}"
            raise ConfigurationError([f"{name} must take account_id and request"]) from None

    def register() -> None:
        config.registry["oauthprov.accounts"] = source

    config.action(("oauthprov", "accounts"), register, order=PHASE0_CONFIG)


def set_oauth_mailer(config: Configurator, mailer: Mailer) -> None:
    """Send mail with ``mailer`` instead of the server of ``oauthprov.mail.url``."""

    def register() -> None:
        config.registry["oauthprov.mailer"] = mailer

    config.action(("oauthprov", "mailer"), register, order=PHASE0_CONFIG)


def add_oauth_metadata(config: Configurator, **entries: object) -> None:
    """Add entries to the metadata (RFC 8414 section 2).

    The name of one of our routes (``oauthprov.token``) is published as the route's URL. Lists from
    several features are joined; any other entry may be added only once.
    """
    for name, value in entries.items():
        mark = (name, tuple(value)) if isinstance(value, tuple | list) else (name,)
        config.action(
            ("oauthprov", "metadata", *mark),
            _announce,
            args=(config, name, value),
            order=PHASE0_CONFIG,
        )


def _announce(config: Configurator, name: str, value: object) -> None:
    entries = config.registry.setdefault("oauthprov.metadata", {})
    if isinstance(value, tuple | list):
        value = [*entries.get(name, []), *(v for v in value if v not in entries.get(name, []))]
    entries[name] = value


def add_oauth_page(
    config: Configurator,
    name: str,
    pattern: str,
    *,
    get: View | None = None,
    post: View | None = None,
    template: str | None = None,
    leaves: bool = False,
    shortcut: Shortcut | None = None,
) -> None:
    """Add the route ``oauthprov.<name>`` for a page; ``template`` renders the dicts of its views.

    ``leaves`` marks a page whose form may redirect to a client's site. A standalone server calls
    ``shortcut`` for a GET, before Pyramid, and ``get`` only where it returns None.
    """
    renderer = f"oauthprov:templates/{template}.pt" if template else None
    kind = "leaving" if leaves else "page"
    if shortcut is not None:
        endpoints = config.registry.setdefault("oauthprov.endpoints", {})
        endpoints[pattern] = Page({"GET": shortcut}, HEADERS[kind], name)
    _add(config, name, pattern, {"GET": get, "POST": post}, kind, renderer)


def add_oauth_endpoint(
    config: Configurator,
    name: str,
    pattern: str,
    *,
    get: View | None = None,
    post: View | None = None,
    put: View | None = None,
    delete: View | None = None,
    kind: str = "endpoint",
    cors: str | None = None,
    **options: object,
) -> None:
    """Add the route ``oauthprov.<name>`` for an endpoint for clients.

    ``cors`` is the option ``oauth_cors`` of its views, and adds a view for OPTIONS; ``options``
    are further options of the other views.
    """
    views = {"GET": get, "POST": post, "PUT": put, "DELETE": delete}
    if cors is not None:
        views["OPTIONS"] = preflight(", ".join(name for name, view in views.items() if view))
    _add(config, name, pattern, views, kind, None, oauth_cors=cors, **options)


def add_oauth_handler(
    config: Configurator,
    name: str,
    pattern: str,
    *,
    get: Handler | None = None,
    post: Handler | None = None,
    kind: str = "endpoint",
    cors: str | None = None,
) -> None:
    """Add the route ``oauthprov.<name>`` for an endpoint whose handlers need no Pyramid request.

    Its views wrap the handlers. A standalone server answers its requests straight from WSGI.
    """
    given = {"GET": get, "POST": post}
    handlers = {method: handler for method, handler in given.items() if handler is not None}
    policy = None if cors is None else POLICIES[cors]
    endpoint = Endpoint(handlers, HEADERS[kind], policy, name)
    config.registry.setdefault("oauthprov.endpoints", {})[pattern] = endpoint

    views: dict[str, View | None] = {}
    for method, handler in handlers.items():
        views[method] = _view_of(handler)
    if cors is not None:
        views["OPTIONS"] = preflight(", ".join(handlers))
    # Errors are raised, so that tweens such as those of transactions see them.
    _add(config, name, pattern, views, kind, None, oauth_cors=cors)


def _view_of(handler: Handler) -> View:
    @wraps(handler)  # pviews names it
    def view(request: Request) -> Response:
        return to_response(handler(request.oauthprov.exchange))

    return view


def add_oauth_response(
    config: Configurator, kind: type[R], respond: Callable[[Request, R], Response]
) -> None:
    """Say how to respond where the protocol's result is of this ``kind``."""

    def register() -> None:
        config.registry.setdefault("oauthprov.responses", {})[kind] = respond

    config.action(("oauthprov", "response", kind), register)


def _add(
    config: Configurator,
    name: str,
    pattern: str,
    views: dict[str, View | None],
    kind: str,
    renderer: str | None,
    **options: object,
) -> None:
    route = f"oauthprov.{name}"
    config.add_route(route, pattern)
    # A host's default permission and CSRF default aren't meant for our views.
    ours = {
        "route_name": route,
        "oauthprov": kind,
        "require_csrf": False,
        "permission": NO_PERMISSION_REQUIRED,
    }
    allowed = [method for method, view in views.items() if view is not None]
    for method in allowed:
        extra = options if method != "OPTIONS" else {}
        config.add_view(views[method], request_method=method, renderer=renderer, **ours, **extra)

    def refuse_method(request: Request) -> Response | dict[str, object]:
        raise Rejected(
            "invalid_request",
            N_("This address doesn't accept this method."),
            status=405,
            headers={"Allow": ", ".join(allowed)},
        )

    config.add_view(refuse_method, **ours)


def includeme(config: Configurator) -> None:
    """Add the directives."""
    said = (set_oauth_accounts, set_oauth_mailer)
    added = (add_oauth_page, add_oauth_endpoint, add_oauth_handler, add_oauth_response)
    for directive in (*said, add_oauth_metadata, *added):
        config.add_directive(directive.__name__, directive, action_wrap=True)

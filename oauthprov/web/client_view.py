"""The view of a client that all pages show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from oauthprov.protocol.clients.documents.urls import host_of
from oauthprov.protocol.clients.redirects import leaves_browser
from oauthprov.records import Client, is_client_url
from oauthprov.settings import Settings

if TYPE_CHECKING:
    from oauthprov.web.request import Request


@dataclass(frozen=True, slots=True)
class Link:
    """A URL that the client registered, and its host."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Face:
    """A client as pages show it. ``name`` and all links are what the client registered.

    Of a client that nobody registered, but a document describes, the host of the document comes
    first: that is its ``name``, since only the host is proven. ``calls_itself`` is the name in the
    document. ``on_device`` means that users are only sent to an app on their own device.
    ``logo`` is a URL of this server; without a logo, pages show ``initial``. ``verified`` means
    that the operator has verified the client, or that it is first-party. ``start`` is the page
    where the client begins a sign-in with this server.
    """

    client_id: str
    name: str
    calls_itself: str | None
    initial: str
    logo: str | None
    verified: bool
    self_registered: bool
    on_device: bool
    homepage: Link | None
    policy: Link | None
    terms: Link | None
    start: Link | None


def face(request: Request, client: Client) -> Face:
    """Return the view of ``client``. A logo that isn't stored yet is queued for fetching."""
    tools = request.oauthprov
    logo = None
    if client.logo is not None:
        logo = tools.url("client_logo", client_id=client.client_id, image=client.logo)
    elif client.logo_uri is not None:
        tools.provider.logo_worker.want(client)
    return Face(
        client_id=client.client_id,
        name=name_of(client),
        calls_itself=client.name if is_client_url(client.client_id) else None,
        initial=_initial(client.name),
        logo=logo,
        verified=client.verified or client.first_party,
        self_registered=client.registration_token is not None,
        on_device=all(map(leaves_browser, client.redirect_uris)) and bool(client.redirect_uris),
        homepage=_homepage(client),
        policy=link(client.policy_uri),
        terms=link(client.tos_uri),
        start=_start(tools.settings, client),
    )


def name_of(client: Client) -> str:
    """Return the name of a client for users: its own, or its host if a document describes it."""
    return host_of(client.client_id) if is_client_url(client.client_id) else client.name


def link(uri: str | None, schemes: Collection[str] = ("https", "http")) -> Link | None:
    """Return the link for ``uri``, None unless it is a web address with one of ``schemes``.

    It was checked at registration; since then rules and records may have changed.
    """
    try:
        parts = urlsplit(uri or "")
    except ValueError:
        return None
    if uri is None or parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc:
        return None
    return Link(uri, parts.netloc)


def way_back(settings: Settings, client: Client) -> Link | None:
    """Return where users go on at the client after an error here: its sign-in or its home page."""
    return _start(settings, client) or _homepage(client)


def _homepage(client: Client) -> Link | None:
    """Return the home page, whose host pages show to identify the app.

    A document may claim any: only one at its own host is shown.
    """
    found = link(client.homepage_uri, ("https",))
    if found is not None and is_client_url(client.client_id):
        own = urlsplit(found.url).hostname == host_of(client.client_id)
        return found if own else None
    return found


def _start(settings: Settings, client: Client) -> Link | None:
    """Return the link that begins a sign-in at the client (OpenID Connect Core section 4)."""
    begin = link(client.initiate_login_uri)
    if begin is None or not settings.openid:
        return None
    joint = "&" if "?" in begin.url else "?"
    return Link(f"{begin.url}{joint}{urlencode({'iss': settings.issuer})}", begin.host)


def _initial(name: str) -> str:
    return next((c for c in name if c.isalnum()), "?").upper()

"""The view of a client that all pages show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from oauthprov.records import Client
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

    ``logo`` is a URL of this server; without a logo, pages show ``initial``. ``verified`` means
    that the operator has verified the client, or that it is first-party. ``start`` is the page
    where the client begins a sign-in with this server.
    """

    client_id: str
    name: str
    initial: str
    logo: str | None
    verified: bool
    self_registered: bool
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
        name=client.name,
        initial=_initial(client.name),
        logo=logo,
        verified=client.verified or client.first_party,
        self_registered=client.registration_token is not None,
        homepage=_homepage(client),
        policy=link(client.policy_uri),
        terms=link(client.tos_uri),
        start=_start(tools.settings, client),
    )


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
    return link(client.homepage_uri, ("https",))  # pages show its host to identify the app


def _start(settings: Settings, client: Client) -> Link | None:
    """Return the link that begins a sign-in at the client (OpenID Connect Core section 4)."""
    begin = link(client.initiate_login_uri)
    if begin is None or not settings.openid:
        return None
    joint = "&" if "?" in begin.url else "?"
    return Link(f"{begin.url}{joint}{urlencode({'iss': settings.issuer})}", begin.host)


def _initial(name: str) -> str:
    return next((c for c in name if c.isalnum()), "?").upper()

"""What people see of a client, wherever a page names one: the same everywhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from oauthprov.records import Client
from oauthprov.web.request import Request


@dataclass(frozen=True, slots=True)
class Link:
    """An address of the client's own, and the host that it leads to."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class Face:
    """A client as a page shows it. ``name`` and all links are its own words.

    ``logo`` is an address of ours; without one ``initial`` stands in its place. ``verified`` is
    the operator's word, which an app of the operator's own doesn't need. ``start`` is where the
    client begins a sign-in here.
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
    """Return what to show of ``client``. A logo that isn't there yet is asked for."""
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
        homepage=link(client.homepage_uri, ("https",)),  # its host passes for who the app is
        policy=link(client.policy_uri),
        terms=link(client.tos_uri),
        start=_start(request, client),
    )


def link(uri: str | None, schemes: Collection[str] = ("https", "http")) -> Link | None:
    """Return where ``uri`` leads, None unless that is a page of the web.

    It was checked when it was registered; rules and records may have changed since.
    """
    try:
        parts = urlsplit(uri or "")
    except ValueError:
        return None
    if uri is None or parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc:
        return None
    return Link(uri, parts.netloc)


def _start(request: Request, client: Client) -> Link | None:
    """Return where the client begins a sign-in (OpenID Connect Core section 4)."""
    settings = request.oauthprov.settings
    begin = link(client.initiate_login_uri)
    if begin is None or not settings.openid:
        return None
    joint = "&" if "?" in begin.url else "?"
    return Link(f"{begin.url}{joint}{urlencode({'iss': settings.issuer})}", begin.host)


def _initial(name: str) -> str:
    return next((c for c in name if c.isalnum()), "?").upper()

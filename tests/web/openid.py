"""A site that speaks OpenID Connect, and an application that signs people in with it."""

from __future__ import annotations

from tests import site as sites
from tests.site import OPENID, OPENID_SCOPES, App, Site


def openid_site(**more: str) -> Site:
    settings = sites.ini("sqlite://", development="true", **({"scopes": OPENID} | more))
    return sites.standalone(settings)


def relying_party(site: Site, **metadata) -> App:
    metadata.setdefault("scopes", ("profile:read", *OPENID_SCOPES))
    return site.app(**metadata)

"""A site that speaks OpenID Connect, and an application that signs people in with it."""

from __future__ import annotations

import json

from webtest import TestResponse

from tests import site as sites
from tests.site import CALLBACK, OPENID, OPENID_SCOPES, VERIFIER, App, Site, challenge


def openid_site(**more: str) -> Site:
    settings = sites.ini("sqlite://", development="true", **({"scopes": OPENID} | more))
    return sites.standalone(settings)


def relying_party(site: Site, **metadata) -> App:
    metadata.setdefault("scopes", ("profile:read", *OPENID_SCOPES))
    return site.app(**metadata)


def register_itself(site: Site, **members) -> TestResponse:
    """Register a client as it does itself (RFC 7591); return the answer."""
    document = {"client_name": "Printer", "redirect_uris": [CALLBACK]}
    body = json.dumps(document | members).encode()
    return site.send("POST", "/oauth/register", body=body, Content_Type="application/json")


def login_page(site: Site, client_id: str) -> TestResponse:
    """The page on which a stranger signs in to go on to the client."""
    stranger = site.browser()
    asked = "response_type=code&scope=openid&code_challenge_method=S256"
    proof = f"code_challenge={challenge(VERIFIER)}"
    url = f"/oauth/authorize?client_id={client_id}&redirect_uri={CALLBACK}&{asked}&{proof}"
    return stranger.follow(stranger.get(url))

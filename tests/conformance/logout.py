"""Logout requests and logout tokens of the suite (OpenID RP-Initiated Logout 1.0)."""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from tests.conformance import signing
from tests.conformance.authorization import NEEDS_A_PAGE
from tests.conformance.browser import Arrival, Browser, Page, with_query
from tests.conformance.id_tokens import ALGORITHMS, SKEW, IdToken
from tests.conformance.relying_party import RelyingParty

STATE = "".join(map(chr, range(0x21, 0x7F))).replace("+", "~")
"""Every character that a state may have (RFC 6749 appendix A.5) but those that forms rewrite."""
LONG = "0123456789abcdef" * 8
EVENT = "http://schemas.openid.net/event/backchannel-logout"

Json = dict[str, Any]


def after(client: RelyingParty) -> str:
    """The URL after a logout."""
    return f"{client.provider.suite_url}/post_logout_redirect"


def url(client: RelyingParty, **given: str | None) -> str:
    """Return the logout URL; None omits a parameter."""
    asked = {name: value for name, value in given.items() if value is not None}
    return with_query(client.server["end_session_endpoint"], asked)


def made_by(client: RelyingParty) -> str:
    """Return an ID token that the client issues and the provider is to accept, as a bad hint.

    It is signed with the client's key or, where it has none, with its secret.
    """
    now = client.provider.clock()
    claims = {
        "iss": client.client["client_id"],
        "sub": "somebody",
        "aud": client.provider.issuer,
        "iat": now,
        "exp": now + 300,
    }
    if "jwks" in client.client:
        return signing.signed(claims, client.key)
    secret = OctKey.import_key(client.client["client_secret"])
    return jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])


def check_back(client: RelyingParty, arrival: Arrival | Page, state: str | None) -> None:
    """It is where the client wants it, with the state and nothing else."""
    assert isinstance(arrival, Arrival), f"it ended on a page: {arrival.text}"
    assert arrival.url.partition("?")[0] == after(client)
    assert arrival.method == "GET"
    assert arrival.query == ({} if state is None else {"state": state})
    assert arrival.fragment == {}


def check_signed_out(client: RelyingParty, browser: Browser) -> None:
    """Nobody is signed in any more: a request that shows no page is refused."""
    asked = client.asking(prompt="none", state=LONG)
    assert client.refused(client.ask(browser, asked), asked) in NEEDS_A_PAGE


def check_logout_token(form: dict[str, str], client: RelyingParty, id_token: IdToken) -> None:
    """It tells of this session and is valid (Back-Channel Logout section 2.6)."""
    assert set(form) == {"logout_token"}
    token = jwt.decode(form["logout_token"], client.server.keys, algorithms=ALGORITHMS)
    claims = token.claims
    assert token.header["alg"] == id_token.header["alg"]
    assert claims["iss"] == client.server["issuer"]
    assert client.client["client_id"] in claims["aud"]
    assert claims["iat"] < time.time() + SKEW
    assert claims["jti"]
    assert claims["events"] == {EVENT: {}}
    assert claims["sub"] == id_token["sub"]
    assert claims["sid"] == id_token["sid"]
    assert "nonce" not in claims

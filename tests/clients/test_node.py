"""oauth4webapi and openid-client as relying parties that register themselves, over real https.

They check what they are given: ``iss`` and ``state`` of the response; the signature, ``iss``,
``aud``, times and ``nonce`` of ID tokens; and that UserInfo is of the same ``sub``.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from examples.certification.people import PROFILE
from tests.clients import javascript


@pytest.fixture(scope="module")
def node():
    return javascript.node()


@pytest.mark.parametrize("library", ["oauth4webapi.js", "openid_client.js"])
@pytest.mark.parametrize("kind", ["plain", "signed", "only-signed"])
def test_sign_in_userinfo_refresh_and_revocation(node, provider, somebody, library, kind):
    visited = []

    def browse(url):
        visited.append(parse_qs(urlsplit(url).query))
        return somebody.go(url).url

    redirect_uri = f"{provider.suite_url}/callback"
    command = [node, library, provider.issuer, redirect_uri, kind]
    outcome = javascript.run(command, provider.ca_file, browse)

    [asked] = visited
    assert (asked.keys() == {"client_id", "request"}) is (kind != "plain")
    assert outcome["client"]["require_signed_request_object"] is (kind == "only-signed")
    claims, userinfo, renewed = outcome["claims"], outcome["userinfo"], outcome["renewed"]
    assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], PROFILE["name"])
    assert userinfo["email"] == PROFILE["email"]
    assert (renewed["sub"], renewed["auth_time"]) == (claims["sub"], claims["auth_time"])
    assert outcome["rotated"] is True
    assert outcome["statusAfterRevocation"] == 401

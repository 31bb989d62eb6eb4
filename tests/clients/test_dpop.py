"""Client libraries that prove to hold a key, with nonces and without (RFC 9449)."""

from __future__ import annotations

import pytest
import requests
from requests_oauth2client import ClientSecretBasic, DPoPKey, OAuth2Client

from oauthprov.records import AccessToken, Account
from tests.clients import javascript
from tests.clients.person import Person
from tests.site import CALLBACK, PASSWORD


@pytest.fixture(scope="module", params=["without nonces", "with nonces"])
def more(request):
    return {"dpop.nonce": str(request.param == "with nonces").lower()}


@pytest.fixture
def alice(openid_provider):
    made = Person(openid_provider.issuer)
    page = made.visit(openid_provider.url("/signup"))
    name = f"alice{len(list(openid_provider.storage.walk(Account)))}"
    made.submit(page, name=name, password=PASSWORD)
    yield made
    made.browser.close()


@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client", "mcp"])
def test_a_library_for_javascript_gets_and_uses_bound_tokens(
    openid_provider, alice, more, library
):
    redirect_uri = "http://127.0.0.1/callback"
    api = openid_provider.url("/api/me")
    command = [javascript.node(), "dpop.js", library, openid_provider.issuer, redirect_uri, api]

    outcome = javascript.run(command, "", lambda url: alice.allow(url, redirect_uri))

    assert outcome["type"].lower() == "dpop"
    assert outcome["statuses"] == [200, 200, 401]
    assert outcome["userinfo"]["sub"]
    token = openid_provider.storage.walk(AccessToken)
    assert f"jkt:{outcome['thumbprint']}" in {one.record.confirmation for one in token}
    # With nonces one request is sent twice, the first one: the nonce is good everywhere.
    again = [status for _, status in outcome["sent"] if status != 200]
    assert again == ([400] if more["dpop.nonce"] == "true" else [])


def test_requests_oauth2client_gets_and_uses_bound_tokens(openid_provider, alice, more):
    app = openid_provider.app(scopes=("openid", "profile:read"))
    client = OAuth2Client.from_discovery_endpoint(
        issuer=openid_provider.issuer,
        auth=ClientSecretBasic(app.client.client_id, app.secret),
        redirect_uri=CALLBACK,
        testing=True,  # http, on this machine
        dpop_bound_access_tokens=True,
    )
    key = DPoPKey.generate(alg="ES256")
    # With an ID token it fails: version 1.8 loses the key where it validates one.
    asked = client.authorization_request(scope="profile:read", dpop_key=key)
    response = asked.validate_callback(alice.allow(asked.uri))
    tokens = client.authorization_code(response, dpop_key=key)
    api = openid_provider.url("/api/me")
    assert requests.get(api, auth=tokens, timeout=30).status_code == 200
    renewed = client.refresh_token(tokens, dpop_key=key)
    assert requests.get(api, auth=renewed, timeout=30).status_code == 200
    stolen = {"Authorization": f"Bearer {renewed.access_token}"}
    assert requests.get(api, headers=stolen, timeout=30).status_code == 401

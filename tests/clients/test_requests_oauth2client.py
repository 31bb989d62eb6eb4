"""requests-oauth2client as a relying party: sign-in, UserInfo, refresh and revocation."""

from __future__ import annotations

import pytest
from requests_oauth2client import (
    ClientSecretBasic,
    ClientSecretPost,
    InvalidGrant,
    OAuth2Client,
    PublicApp,
)

from tests.clients.person import Person
from tests.site import CALLBACK, PASSWORD

METHODS = {
    "client_secret_basic": ClientSecretBasic,
    "client_secret_post": ClientSecretPost,
    "none": lambda client_id, secret: PublicApp(client_id),
}


@pytest.mark.parametrize("method", METHODS)
def test_requests_oauth2client_signs_in_refreshes_and_revokes(openid_provider, method):
    app = openid_provider.app(
        "browser" if method == "none" else "web", auth_method=method, scopes=("openid", "profile")
    )
    client = OAuth2Client.from_discovery_endpoint(
        issuer=openid_provider.issuer,
        auth=METHODS[method](app.client.client_id, app.secret),
        redirect_uri=CALLBACK,
        testing=True,  # http, on this machine
    )
    alice = Person(openid_provider.issuer)
    page = alice.visit(openid_provider.url("/signup"))
    alice.submit(page, name=f"alice.{method}", password=PASSWORD)

    request = client.authorization_request(scope="openid profile")
    response = request.validate_callback(alice.allow(request.uri))
    tokens = client.authorization_code(response)
    assert tokens.id_token.claims["sub"]
    assert client.userinfo(tokens)["sub"] == tokens.id_token.claims["sub"]
    renewed = client.refresh_token(tokens)
    assert renewed.refresh_token != tokens.refresh_token
    assert client.userinfo(renewed)["sub"] == tokens.id_token.claims["sub"]
    assert client.revoke_refresh_token(renewed)
    with pytest.raises(InvalidGrant):
        client.refresh_token(renewed)
    url = openid_provider.url("/oauth/userinfo")
    assert client.session.get(url, auth=renewed).status_code == 401
    alice.browser.close()

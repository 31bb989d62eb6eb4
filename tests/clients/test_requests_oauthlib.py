"""requests-oauthlib as the client, over real HTTP."""

from __future__ import annotations

from contextlib import closing

import pytest
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidGrantError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.site import CALLBACK


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    """The library refuses http, which is right anywhere but on loopback."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def session(app):
    return closing(
        OAuth2Session(
            app.client.client_id, redirect_uri=CALLBACK, scope=["profile:read"], pkce="S256"
        )
    )


def proof(app) -> dict:
    """How the library is told to authenticate: by the header, or by what it adds to the form."""
    if app.client.auth_method == "client_secret_basic":
        return {"auth": HTTPBasicAuth(app.client.client_id, app.secret)}
    fields = {"client_id": app.client.client_id, "client_secret": app.secret}
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize(
    ("kind", "auth_method"),
    [("web", "client_secret_basic"), ("web", "client_secret_post"), ("browser", "none")],
)
def test_requests_oauthlib_completes_the_code_flow(server, metadata, alice, kind, auth_method):
    app = server.app(kind, auth_method=auth_method)
    with session(app) as client:
        url, _ = client.authorization_url(metadata["authorization_endpoint"])
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=alice.allow(url),
            include_client_id=app.client.auth_method != "client_secret_basic",
            **{name: value for name, value in proof(app).items() if name != "client_id"},
        )
        me = f"{server.issuer}/api/me"
        assert client.get(me).json()["name"] == "alice"
        renewed = client.refresh_token(metadata["token_endpoint"], **proof(app))
        assert renewed["access_token"] != token["access_token"]
        assert client.get(me).status_code == 200
        server.clock.pass_by(60)
        with pytest.raises(InvalidGrantError):
            client.refresh_token(
                metadata["token_endpoint"], refresh_token=token["refresh_token"], **proof(app)
            )
        assert client.get(me).status_code == 401


def test_requests_oauthlib_gets_a_token_by_client_credentials(server, metadata):
    app = server.app("machine")
    machine = BackendApplicationClient(app.client.client_id, scope=["profile:read"])
    with closing(OAuth2Session(client=machine)) as client:
        client.fetch_token(metadata["token_endpoint"], **proof(app))
        assert client.get(f"{server.issuer}/api/me").json() == {"sub": app.client.client_id}


def test_requests_oauthlib_reports_a_wrong_secret(server, metadata):
    app = server.app("machine")
    app.secret = "wrong"
    machine = BackendApplicationClient(app.client.client_id)
    with closing(OAuth2Session(client=machine)) as client, pytest.raises(InvalidClientError):
        client.fetch_token(metadata["token_endpoint"], **proof(app))

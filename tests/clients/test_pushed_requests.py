"""Clients of other authors that push their authorization requests (RFC 9126), on each engine."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from idpyoidc.message import Message
from requests_oauth2client import ClientSecretBasic, OAuth2Client, PublicApp

from examples.certification.people import PROFILE
from tests.clients import javascript
from tests.clients.idpyoidc_rp import PKCE, REQUEST_OBJECTS, RelyingParty
from tests.engines import engines

PUSH_ALL = {"require_pushed_authorization_requests": True}

pytestmark = pytest.mark.parametrize(
    "storage_url", engines(["sqlite", "postgresql", "redis"], "sqlite"), indirect=True
)


def only_pushed(url):
    """The query shows whose request it is, and nothing else."""
    return parse_qs(urlsplit(url).query).keys() == {"client_id", "request_uri"}


@pytest.mark.parametrize("library", ["oauth4webapi.js", "openid_client.js"])
@pytest.mark.parametrize("kind", ["pushed", "pushed-signed"])
def test_programs_for_node_push_and_get_tokens(provider, somebody, library, kind):
    visited = []

    def browse(url):
        visited.append(url)
        return somebody.go(url).url

    redirect_uri = f"{provider.suite_url}/callback"
    command = [javascript.node(), library, provider.issuer, redirect_uri, kind]
    outcome = javascript.run(command, provider.ca_file, browse)
    [asked] = visited
    assert only_pushed(asked)
    assert outcome["client"]["require_pushed_authorization_requests"] is True
    assert outcome["userinfo"]["name"] == PROFILE["name"]
    assert outcome["statusAfterRevocation"] == 401


@pytest.mark.parametrize("signs", [False, True])
def test_requests_of_idpyoidc_are_pushed_and_get_tokens(provider, somebody, signs):
    push = {"function": f"{__name__}.push_last", "kwargs": {"ca_file": provider.ca_file}}
    add_ons = {"pkce": PKCE, "jar": REQUEST_OBJECTS} if signs else {"pkce": PKCE}
    party = RelyingParty(provider, metadata=PUSH_ALL, add_ons=add_ons | {"push": push})
    url = party.begin()
    assert only_pushed(url)
    assert party.finish(somebody.go(url).query)["userinfo"]["name"] == PROFILE["name"]


def push_last(services, ca_file):
    """Push what the library has made, authenticated by the library.

    Its own add-on can't: it expects 200 instead of 201, looks for the keys in an object that has
    none, and signs ``scope`` and ``response_type`` as arrays.
    """

    def push(request_args, service, **more):
        context = service.upstream_get("context")
        headers = service.get_headers(
            request_args, http_method="POST", authn_method="client_secret_basic", **more
        )
        response = requests.post(
            context.provider_info["pushed_authorization_request_endpoint"],
            request_args.to_urlencoded(),
            headers=headers | {"Content-Type": "application/x-www-form-urlencoded"},
            verify=ca_file,
            timeout=60,
        )
        assert response.status_code == 201, response.text
        request_uri = response.json()["request_uri"]
        return Pushed(client_id=context.get_client_id(), request_uri=request_uri)

    services["authorization"].post_construct.append(push)


class Pushed(Message):
    """A request of ``client_id`` and ``request_uri`` alone."""


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_requests_oauth2client_pushes_and_gets_tokens(provider, somebody, method):
    callback = f"{provider.suite_url}/callback"
    session = requests.Session()
    session.verify = provider.ca_file
    session.trust_env = False  # REQUESTS_CA_BUNDLE would count instead
    metadata = {"redirect_uris": [callback], "token_endpoint_auth_method": method} | PUSH_ALL
    registered = session.post(
        f"{provider.issuer}/oauth/register", json=metadata, timeout=60
    ).json()
    client_id, secret = registered["client_id"], registered.get("client_secret")
    client = OAuth2Client.from_discovery_endpoint(
        issuer=provider.issuer,
        auth=PublicApp(client_id) if secret is None else ClientSecretBasic(client_id, secret),
        redirect_uri=callback,
        session=session,
        testing=True,  # an address of this machine
    )
    request = client.authorization_request(scope="openid profile")
    pushed = client.pushed_authorization_request(request)
    assert only_pushed(pushed.uri)
    response = request.validate_callback(somebody.go(pushed.uri).url)
    tokens = client.authorization_code(response)
    assert client.userinfo(tokens)["name"] == PROFILE["name"]

"""Client libraries that prove to hold a key (RFC 9449), with nonces or without, on each engine."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import requests
from requests_oauth2client import ClientSecretBasic, DPoPKey, OAuth2Client

from oauthprov.records import AccessToken
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.engines import newcomer, on_each, served
from tests.site import CALLBACK, OPENID

NATIVE = "http://127.0.0.1/callback"
NONCES = {"without nonces": "false", "with nonces": "true"}


@pytest.fixture(scope="module")
def providers(engines):
    """Two providers on each engine, one of which demands nonces; they share its storage."""
    with ExitStack() as stack:
        yield {
            f"{engine}, {name}": stack.enter_context(
                served(url, scopes=OPENID, **{"dpop.nonce": value})
            )
            for engine, url in engines.items()
            for name, value in NONCES.items()
        }


@pytest.fixture(scope="module")
def people(providers):
    """Somebody at each provider, by its issuer."""
    made = {provider.issuer: newcomer(provider) for provider in providers.values()}
    yield made
    for person in made.values():
        person.browser.close()


@pytest.mark.parametrize("library", ["oauth4webapi", "openid-client", "mcp"])
def test_a_library_for_javascript_gets_and_uses_bound_tokens(providers, people, library):
    command = [javascript.node(), "dpop.js", library, NATIVE, *people]
    found = converse(
        command,
        lambda asked: people[asked["issuer"]].allow(asked["visit"], NATIVE),
        javascript.HOME,
    )
    for name, provider in providers.items():
        outcome = found[provider.issuer]
        assert "error" not in outcome, (name, outcome)
        assert outcome["type"].lower() == "dpop", name
        assert outcome["statuses"] == [200, 200, 401], name
        assert outcome["userinfo"]["sub"], name
        stored = {one.record.confirmation for one in provider.storage.walk(AccessToken)}
        assert f"jkt:{outcome['thumbprint']}" in stored, name
        # With nonces one request is sent twice, the first one: the nonce is good everywhere.
        again = [status for _, status in outcome["sent"] if status != 200]
        assert again == ([400] if name.endswith(", with nonces") else []), name


def test_requests_oauth2client_gets_and_uses_bound_tokens(providers, people):
    on_each(providers, lambda provider: bound_by_requests(provider, people[provider.issuer]))


def bound_by_requests(provider, alice):
    app = provider.app(scopes=("openid", "profile:read"))
    client = OAuth2Client.from_discovery_endpoint(
        issuer=provider.issuer,
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
    api = provider.url("/api/me")
    assert requests.get(api, auth=tokens, timeout=30).status_code == 200
    renewed = client.refresh_token(tokens, dpop_key=key)
    assert requests.get(api, auth=renewed, timeout=30).status_code == 200
    stolen = {"Authorization": f"Bearer {renewed.access_token}"}
    assert requests.get(api, headers=stolen, timeout=30).status_code == 401

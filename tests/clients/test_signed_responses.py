"""Clients of other authors that get signed responses (JARM, RFC 9701), on each engine."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import requests
from cryptojwt.jws.jws import factory
from idpyoidc.message.oauth2 import AuthorizationResponse, TokenIntrospectionResponse
from jwskate import JwkSet, SignedJwt
from requests_oauth2client import ClientSecretBasic, OAuth2Client

from examples.certification.people import PROFILE
from oauthprov.protocol.token.signed_introspection import MEDIA_TYPE, TYPE
from tests.clients import javascript
from tests.clients.idpyoidc_rp import RelyingParty
from tests.engines import engines

pytestmark = pytest.mark.parametrize(
    "storage_url", engines(["sqlite", "postgresql", "redis"], "sqlite"), indirect=True
)

LIBRARIES = [
    ("oauth4webapi", "jwt", ""),
    ("oauth4webapi", "fragment.jwt", "ES256"),
    ("oauth4webapi", "form_post.jwt", "PS256"),
    ("openid-client", "jwt", "RS256"),
    ("openid-client", "pushed jwt", "ES256"),
]


@pytest.mark.parametrize(("library", "mode", "alg"), LIBRARIES)
def test_programs_for_node_verify_signed_responses(provider, somebody, library, mode, alg):
    def browse(url):
        arrival = somebody.go(url)
        return f"{arrival.url}?{urlencode(arrival.form)}" if arrival.form else arrival.url

    redirect_uri = f"{provider.suite_url}/callback"
    program = [javascript.node(), "signed_responses.js", library, provider.issuer, redirect_uri]
    outcome = javascript.run([*program, mode, alg], provider.ca_file, browse)
    assert outcome["failed"] == "invalid_scope"
    assert outcome["scope"] == "profile"
    assert outcome["live"]["active"] is True
    assert outcome["live"]["client_id"] == outcome["client"]["client_id"]
    assert outcome["dead"] == {"active": False}
    response, introspection = {"alg": alg or "RS256"}, {"alg": alg or "RS256", "typ": TYPE}
    errors = [] if mode.startswith("pushed") else [response]
    assert outcome["received"] == [response, *errors, introspection, introspection]


def test_requests_oauth2client_reads_what_jwskate_has_verified(provider, somebody):
    """It has no functions for either; those for plain parameters take what is inside."""
    callback = f"{provider.suite_url}/callback"
    session = requests.Session()
    session.verify = provider.ca_file
    session.trust_env = False  # REQUESTS_CA_BUNDLE would count instead
    metadata = {"redirect_uris": [callback]}
    registered = session.post(
        f"{provider.issuer}/oauth/register", json=metadata, timeout=10
    ).json()
    client_id = registered["client_id"]
    client = OAuth2Client.from_discovery_endpoint(
        issuer=provider.issuer,
        auth=ClientSecretBasic(client_id, registered["client_secret"]),
        redirect_uri=callback,
        session=session,
        testing=True,  # an address of this machine
    )
    keys = JwkSet(session.get(f"{provider.issuer}/oauth/jwks", timeout=10).json())

    def verified(text):
        token = SignedJwt(text)
        assert token.verify_signature(keys, alg="RS256")
        assert (token.issuer, token.audiences) == (provider.issuer, [client_id])
        return token

    request = client.authorization_request(scope="openid profile", response_mode="jwt")
    sent = somebody.go(request.uri).query
    assert sent.keys() == {"response"}
    token = verified(sent["response"])
    assert not token.is_expired()
    inside = {name: token.claims[name] for name in ("code", "state", "iss")}
    tokens = client.authorization_code(
        request.validate_callback(f"{callback}?{urlencode(inside)}")
    )
    assert client.userinfo(tokens)["name"] == PROFILE["name"]
    signed = {"accept": MEDIA_TYPE}
    answer = verified(client.introspect_token(tokens.access_token, requests_kwargs=signed))
    assert answer.headers["typ"] == TYPE
    assert answer.claims["token_introspection"]["active"] is True


def test_idpyoidc_reads_what_cryptojwt_has_verified(provider, somebody):
    """It has no functions for either; its keys and its messages serve what is inside."""
    party = RelyingParty(provider)
    sent = somebody.go(f"{party.begin()}&response_mode=jwt").query
    assert sent.keys() == {"response"}
    keys = party.client.keyjar.get_issuer_keys(provider.issuer)
    claims = factory(sent["response"]).verify_compact(sent["response"], keys=keys)
    client_id = party.registered["client_id"]
    assert (claims["iss"], claims["aud"]) == (provider.issuer, client_id)
    inside = {name: claims[name] for name in ("code", "state", "iss")}
    AuthorizationResponse(**inside, client_id=client_id).verify(iss=provider.issuer)
    finished = party.finish(inside)
    assert finished["userinfo"]["name"] == PROFILE["name"]
    answer = requests.post(
        f"{provider.issuer}/oauth/introspect",
        {"token": finished["token"]},
        auth=(client_id, party.registered["client_secret"]),
        headers={"Accept": MEDIA_TYPE},
        verify=provider.ca_file,
        timeout=10,
    )
    said = factory(answer.text).verify_compact(answer.text, keys=keys)
    members = TokenIntrospectionResponse(**said["token_introspection"])
    assert members.verify()
    assert members["active"] is True

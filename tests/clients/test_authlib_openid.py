"""Authlib as a relying party, over real https."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.oidc.core import ImplicitIDToken
from joserfc.errors import BadSignatureError, InvalidClaimError

from examples.certification.people import PROFILE
from tests.clients.authlib_rp import RelyingParty
from tests.clients.forged import forged
from tests.clients.somebody import ELSEWHERE

NAME = PROFILE["name"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def relying_party(provider):
    def make(**metadata):
        return RelyingParty(provider, **metadata)

    return make


def signed_in(party, somebody, **asked):
    """Go through the code flow; return the tokens and the claims of the ID token."""
    begun = party.begin(**asked)
    assert "code_challenge_method=S256" in begun["url"]
    tokens = party.finish(begun, somebody.go(begun["url"]).query)
    return tokens, party.validated(tokens, begun["nonce"])


@pytest.mark.parametrize(
    "method", ["client_secret_basic", "client_secret_post", "private_key_jwt"]
)
def test_authlib_signs_in_reads_userinfo_and_refreshes(relying_party, somebody, method):
    party = relying_party(token_endpoint_auth_method=method)
    tokens, claims = signed_in(party, somebody, max_age="3600")
    userinfo = party.app.userinfo(token=tokens)
    assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], NAME)
    renewed = party.refreshed(tokens)
    assert renewed["access_token"] != tokens["access_token"]
    again = party.validated(renewed, None)
    assert (again["sub"], again["auth_time"]) == (claims["sub"], claims["auth_time"])


def test_authlib_signs_in_as_a_public_client(relying_party, somebody):
    party = relying_party(token_endpoint_auth_method="none", application_type="web")
    begun = party.begin(response_mode="fragment")
    tokens = party.finish(begun, somebody.go(begun["url"]).fragment)
    assert (
        party.validated(tokens, begun["nonce"])["sub"] == party.app.userinfo(token=tokens)["sub"]
    )


def test_authlib_gets_single_claims(relying_party, somebody):
    asked = {"userinfo": {"nickname": {"essential": True}}, "id_token": {"email": None}}
    party = relying_party()
    tokens, claims = signed_in(party, somebody, scope="openid", claims=json.dumps(asked))
    assert party.app.userinfo(token=tokens).keys() == {"sub", "nickname"}
    assert claims["email"] == PROFILE["email"]


def test_authlib_verifies_signed_userinfo(relying_party, somebody):
    party = relying_party(userinfo_signed_response_alg="PS256")
    tokens, claims = signed_in(party, somebody)
    response = party.app.get(party.discovered["userinfo_endpoint"], token=tokens)
    userinfo = party.opened(response.text, "PS256")
    assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], NAME)


def test_pairwise_subjects_differ_between_sites(relying_party, somebody):
    def subject(**more):
        return signed_in(relying_party(subject_type="pairwise", **more), somebody)[1]["sub"]

    here = subject()
    assert subject() == here != subject(base_url=ELSEWHERE)


@pytest.mark.parametrize("response_type", ["id_token", "id_token token"])
def test_authlib_accepts_id_tokens_of_the_implicit_flow(relying_party, somebody, response_type):
    party = relying_party(grant_types=["implicit"], response_types=[response_type])
    begun = party.begin(response_type=response_type)
    tokens = party.finish(begun, somebody.go(begun["url"]).fragment)
    claims = party.validated(tokens, begun["nonce"], ImplicitIDToken)
    with_token = "token" in response_type.split()
    assert ("access_token" in tokens) is with_token
    assert (party.app.userinfo(token=tokens) if with_token else claims)["name"] == NAME


def test_authlib_refuses_an_id_token_of_another_request(relying_party, somebody):
    party = relying_party()
    tokens, _ = signed_in(party, somebody)
    with pytest.raises(InvalidClaimError):
        party.validated(tokens, party.begin()["nonce"])


def test_authlib_signs_in_by_form_post(relying_party, somebody):
    party = relying_party()
    begun = party.begin(response_mode="form_post")
    arrival = somebody.go(begun["url"])
    assert (arrival.method, arrival.query) == ("POST", {})
    tokens = party.finish(begun, arrival.form)
    assert party.validated(tokens, begun["nonce"])["sub"]


@pytest.mark.parametrize("by_reference", [False, True])
def test_a_request_object_of_authlib_is_accepted(
    relying_party, somebody, provider, own_server, by_reference
):
    request_uri = f"{provider.suite_url}/authlib.jwt"
    party = relying_party(request_object_signing_alg="RS256", request_uris=[request_uri])
    begun = party.begin()
    endpoint, _, query = begun["url"].partition("?")
    asked = {name: value for name, [value] in parse_qs(query).items()}
    request = party.signed(asked)
    outside = {name: asked[name] for name in ("client_id", "response_type", "scope")}
    if by_reference:
        outside["request_uri"] = own_server.publish(request_uri, request, "application/jwt")
    else:
        outside["request"] = request
    tokens = party.finish(begun, somebody.go(f"{endpoint}?{urlencode(outside)}").query)
    assert party.validated(tokens, begun["nonce"])["sub"]


def test_authlib_signs_out_and_accepts_the_logout_token(
    relying_party, somebody, provider, own_server
):
    after = f"{provider.suite_url}/bye"
    party = relying_party(
        post_logout_redirect_uris=[after],
        backchannel_logout_uri=f"{provider.suite_url}/logout",
    )
    tokens, claims = signed_in(party, somebody)
    asked = party.app.create_logout_url(after, tokens["id_token"])
    arrival = somebody.sign_out(asked["url"])
    assert urlsplit(arrival.url)._replace(query="").geturl() == after
    assert arrival.query == {"state": asked["state"]}
    token = own_server.logout(claims["sid"])["logout_token"]
    told = party.opened(token, "RS256")
    assert (told["sub"], told["sid"], told["events"]) == (
        claims["sub"],
        claims["sid"],
        {EVENT: {}},
    )
    with pytest.raises(BadSignatureError):
        party.opened(forged(token), "RS256")

"""idpyoidc as a relying party that registers itself, over real https.

It checks what it is given by itself: signatures, ``iss``, ``aud``, times, ``nonce``, ``at_hash``,
and that UserInfo is of the same ``sub``.
"""

from __future__ import annotations

import pytest
from cryptojwt.exception import BadSignature
from idpyoidc.client.oauth2.stand_alone_client import backchannel_logout

from examples.certification.people import PROFILE
from tests.clients.forged import forged
from tests.clients.idpyoidc_rp import PKCE, REQUEST_OBJECTS, RelyingParty, by_reference
from tests.clients.somebody import ELSEWHERE

NAME = PROFILE["name"]


@pytest.fixture
def relying_party(provider):
    def make(response_type="code", **more):
        return RelyingParty(provider, response_type, **more)

    return make


def test_idpyoidc_discovers_registers_and_completes_the_code_flow(relying_party, somebody):
    party = relying_party()
    scope = ["openid", "profile", "email", "offline_access"]
    url = party.begin(scope=scope)
    assert "code_challenge_method=S256" in url
    outcome = party.finish(somebody.go(url).query)
    assert outcome["userinfo"]["name"] == NAME
    assert "iss" not in outcome["userinfo"]
    assert outcome["userinfo"]["email"] == PROFILE["email"]
    assert "address" not in outcome["userinfo"]
    renewed = party.client.refresh_access_token(outcome["state"], scope=scope)
    again = renewed["__verified_id_token"]
    assert (again["sub"], again["sid"]) == (outcome["id_token"]["sub"], outcome["id_token"]["sid"])
    assert renewed["access_token"] != outcome["token"]
    assert party.client.get_user_info(outcome["state"])["name"] == NAME


def test_idpyoidc_gets_single_claims(relying_party, somebody):
    party = relying_party()
    claims = {"userinfo": {"nickname": {"essential": True}}, "id_token": {"email": None}}
    url = party.begin(scope=["openid"], claims=claims)
    outcome = party.finish(somebody.go(url).query)
    assert outcome["userinfo"].to_dict().keys() == {"sub", "nickname"}
    assert outcome["id_token"]["email"] == PROFILE["email"]


def test_idpyoidc_verifies_signed_userinfo(relying_party, somebody):
    party = relying_party(userinfo_signing_alg_values_supported=["PS256"])
    userinfo = party.finish(somebody.go(party.begin()).query)["userinfo"]
    assert party.registered["userinfo_signed_response_alg"] == "PS256"
    assert userinfo["aud"] == party.registered["client_id"]
    assert userinfo["name"] == NAME


def test_pairwise_subjects_are_shared_within_a_sector_alone(
    relying_party, somebody, provider, own_server
):
    def subject(**more):
        party = relying_party(subject_types_supported=["pairwise"], **more)
        outcome = party.finish(somebody.go(party.begin()).query)
        assert outcome["userinfo"]["sub"] == outcome["id_token"]["sub"]
        return outcome["id_token"]["sub"]

    uris = own_server.publish(f"{provider.suite_url}/uris.json", [f"{ELSEWHERE}/callback"])
    here = subject()
    assert subject() == here != subject(base_url=ELSEWHERE)
    assert subject(base_url=ELSEWHERE, metadata={"sector_identifier_uri": uris}) == here


def test_idpyoidc_accepts_an_id_token_of_the_implicit_flow(relying_party, somebody):
    party = relying_party("id_token")
    outcome = party.finish(somebody.go(party.begin()).fragment)
    assert outcome["token"] is None
    assert outcome["userinfo"]["name"] == outcome["id_token"]["name"] == NAME


def test_idpyoidc_refuses_a_forged_id_token(relying_party, somebody):
    party = relying_party("id_token")
    answer = somebody.go(party.begin()).fragment
    with pytest.raises(BadSignature):
        party.finish(answer | {"id_token": forged(answer["id_token"])})
    assert party.finish(answer)["id_token"]["name"] == NAME


def test_idpyoidc_accepts_both_tokens_of_the_implicit_flow(relying_party, somebody):
    party = relying_party("id_token token")
    outcome = party.finish(somebody.go(party.begin(response_type="id_token token")).fragment)
    assert "at_hash" in outcome["id_token"]
    assert "name" not in outcome["id_token"]
    assert outcome["userinfo"]["name"] == NAME


def test_idpyoidc_signs_in_by_form_post(relying_party, somebody):
    party = relying_party(response_modes_supported=["form_post"])
    arrival = somebody.go(party.begin(response_mode="form_post"))
    assert (arrival.method, arrival.query) == ("POST", {})
    assert party.finish(arrival.form)["userinfo"]["name"] == NAME


def test_a_request_object_of_idpyoidc_is_accepted(relying_party, somebody):
    party = relying_party(add_ons={"pkce": PKCE, "jar": REQUEST_OBJECTS})
    url = party.begin()
    assert "code_challenge" not in url
    outcome = party.finish(somebody.go(url).query)
    assert outcome["userinfo"]["name"] == NAME


def test_a_request_uri_of_idpyoidc_is_accepted(relying_party, somebody, provider, own_server):
    request_uri = f"{provider.suite_url}/request.jwt"
    party = relying_party(
        add_ons={"pkce": PKCE, "jar": REQUEST_OBJECTS}, metadata={"request_uris": [request_uri]}
    )
    url, request_object = by_reference(party.begin(), request_uri)
    own_server.publish(request_uri, request_object, "application/oauth-authz-req+jwt")
    assert party.finish(somebody.go(url).query)["userinfo"]["name"] == NAME
    assert own_server.fetched[-1] == request_uri


def test_idpyoidc_signs_out_and_accepts_the_logout_token(
    relying_party, somebody, provider, own_server
):
    after = f"{provider.suite_url}/bye"
    logout = {
        "post_logout_redirect_uris": [after],
        "backchannel_logout_uri": f"{provider.suite_url}/logout",
    }
    party = relying_party(metadata=logout)
    outcome = party.finish(somebody.go(party.begin()).query)
    asked = party.client.logout(outcome["state"])
    arrival = somebody.sign_out(asked["url"])
    assert arrival.url.partition("?")[0] == after
    assert arrival.query == {"state": asked["request"]["state"]}
    told = own_server.logout(outcome["id_token"]["sid"])
    assert backchannel_logout(party.client, request_args=told) == outcome["state"]
    with pytest.raises(BadSignature):
        backchannel_logout(
            party.client, request_args={"logout_token": forged(told["logout_token"])}
        )


def test_idpyoidc_authenticates_by_private_key_jwt(relying_party, somebody):
    party = relying_party(token_endpoint_auth_methods_supported=["private_key_jwt"])
    outcome = party.finish(somebody.go(party.begin()).query)
    assert "client_secret" not in party.registered
    assert outcome["userinfo"]["name"] == NAME
    assert party.client.refresh_access_token(outcome["state"])["access_token"]

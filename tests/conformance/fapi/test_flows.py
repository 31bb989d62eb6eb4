"""Modules about requests that are in order: what well-behaved clients do."""

from __future__ import annotations

import json
import secrets

from oauthprov.protocol.keys.dpop import verify_proof
from tests.conformance.fapi.relying_party import ALGORITHMS, error
from tests.conformance.fapi.variants import with_dpop, with_openid, with_signed_requests
from tests.proofs import Holder


def test_fapi2_security_profile_final_discovery_end_point_verification(suite):
    server, variant = suite.client.server, suite.variant
    assert server["issuer"] == suite.site.issuer
    assert server["response_types_supported"] == ["code"]
    assert server["pushed_authorization_request_endpoint"] == f"{suite.site.issuer}/oauth/par"
    assert server["require_pushed_authorization_requests"] is True
    assert server["authorization_response_iss_parameter_supported"] is True
    assert server["code_challenge_methods_supported"] == ["S256"]
    methods = server["token_endpoint_auth_methods_supported"]
    if variant.client_auth_type == "mtls":
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
    else:
        assert "private_key_jwt" in methods
    for name, value in server.items():
        if name.endswith("alg_values_supported"):
            assert value, name
            assert set(value) <= set(ALGORITHMS), name
    if variant.sender_constrain == "dpop":
        assert set(server["dpop_signing_alg_values_supported"]) == set(ALGORITHMS)
    else:
        assert server["tls_client_certificate_bound_access_tokens"] is True
        assert server["mtls_endpoint_aliases"]["token_endpoint"].startswith("https://mtls.")
    if variant.openid:
        assert "openid" in server["scopes_supported"]
        assert server["id_token_signing_alg_values_supported"]
        assert server["subject_types_supported"]
    if variant.signed:
        assert server["require_signed_request_object"] is True
        assert "jwt" in server["response_modes_supported"]
        assert server["request_object_signing_alg_values_supported"]


def test_fapi2_security_profile_final_happy_flow(suite):
    first = suite.client.flow(suite.browser)
    second = suite.client2.flow(suite.browser)
    # The other client's token with this client's key.
    for client, tokens in ((suite.client, second), (suite.client2, first)):
        assert client.resource(tokens["access_token"]).status_int == 401


def test_fapi2_security_profile_final_user_rejects_authentication(suite):
    for client in (suite.client, suite.client2):
        asked = client.asking()
        url = client.url(client.pushed(asked))
        given = client.parameters(client.visit(suite.browser, url, "cancel"))
        assert set(given) <= {"error", "error_description", "state", "iss"}
        assert given["error"] == "access_denied"
        assert (given["state"], given["iss"]) == (asked["state"], suite.site.issuer)


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds(suite):
    client = suite.client
    asked, aud = client.asking(), [suite.site.issuer, "https://other.example"]
    answer = client.post("/oauth/par", {"request": client.signed(asked, aud=aud)})
    assert answer.status_int == 201, answer
    url = client.url(answer.json["request_uri"])
    assert "code" in client.parameters(client.visit(suite.browser, url))


def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(suite):
    suite.client.flow(suite.browser, state=None)


@with_openid
def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(suite):
    suite.client.flow(suite.browser, nonce=None)


@with_openid
def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(
    suite,
):
    suite.client.flow(suite.browser, nonce=secrets.token_hex(32))


@with_openid
def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(suite):
    suite.client.flow(suite.browser, scope="profile:read profile openid")


@with_openid
def test_fapi2_security_profile_final_test_claims_parameter_identity_claims(suite):
    client = suite.client
    server = client.server
    assert server["claims_parameter_supported"] is True
    names = ["name", "email", "email_verified", "preferred_username"]
    assert set(names) <= set(server["claims_supported"])
    forms = [None, {"essential": True}, {"essential": False}, {"value": "x"}]
    wanted = dict(zip([*names, "a_random_claim"], [*forms, None], strict=True))
    claims = json.dumps({"id_token": wanted, "userinfo": wanted})
    tokens = client.flow(suite.browser, claims=claims)
    url = server["userinfo_endpoint"]
    said = client.resource(tokens["access_token"], url=url)
    assert said.status_int == 200
    assert said.json["sub"] == client.id_token(tokens)["sub"]
    assert "a_random_claim" not in said.json | client.id_token(tokens)


def test_fapi2_security_profile_final_access_token_type_header_case_sensitivity(suite):
    tokens = suite.client.flow(suite.browser)
    scheme = tokens["token_type"].swapcase()
    assert suite.client.resource(tokens["access_token"], scheme=scheme).status_int == 200


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(  # noqa: E501
    suite,
):
    client = suite.client
    ahead = client.now + 8
    request = client.signed(client.asking(), nbf=ahead, exp=ahead + 60)
    assert client.post("/oauth/par", {"request": request}).status_int == 201


@with_dpop
def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(suite):
    client = suite.client
    times = {"nbf": client.now, "exp": client.now + 60}
    code = client.allowed(suite.browser, client.asking())["code"]
    headers = client.binding(client.server["token_endpoint"], **times)
    tokens = client.granted(client.redeem(code, headers))
    assert client.resource(tokens["access_token"], **times).status_int == 200


def check_proofs_of_another_clock(suite, ahead):
    client, server = suite.client, suite.client.server
    when = {"iat": client.now + ahead}
    par = server["pushed_authorization_request_endpoint"]
    code = allowed(suite, headers=client.binding(par, **when))
    tokens = client.granted(client.redeem(code, client.binding(server["token_endpoint"], **when)))
    assert client.resource(tokens["access_token"], **when).status_int == 200


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(suite):
    check_proofs_of_another_clock(suite, -10)


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(suite):
    check_proofs_of_another_clock(suite, 10)


def allowed(suite, headers=None, **changes):
    """A code for a request that is pushed with these headers."""
    client = suite.client
    url = client.url(client.pushed(client.asking(**changes), headers))
    return client.parameters(client.visit(suite.browser, url))["code"]


def thumbprint(holder):
    """The ``dpop_jkt`` of a key, as the server itself would say it."""
    proof = holder.proof("POST", "https://id.example/", 0)
    return verify_proof(proof, method="POST", url="https://id.example/", now=0).thumbprint


@with_dpop
def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(suite):
    client = suite.client
    par = client.server["pushed_authorization_request_endpoint"]
    asked = client.asking(dpop_jkt=thumbprint(Holder()))
    assert error(client.push(asked, client.binding(par))) in (
        "invalid_dpop_proof",
        "invalid_request",
    )


@with_dpop
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(
    suite,
):
    client, server = suite.client, suite.client.server
    par = server["pushed_authorization_request_endpoint"]
    code = allowed(suite, client.binding(par, Holder()))
    assert error(client.redeem(code)) in ("invalid_grant", "invalid_request", "invalid_dpop_proof")


@with_dpop
def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(suite):
    code = allowed(suite, dpop_jkt=thumbprint(Holder()))
    errors = ("invalid_grant", "invalid_request", "invalid_dpop_proof")
    assert error(suite.client.redeem(code)) in errors


@with_dpop
def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(suite):
    client = suite.client
    par = client.server["pushed_authorization_request_endpoint"]
    client.granted(client.redeem(allowed(suite, client.binding(par))))


@with_dpop
def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(suite):
    client = suite.client
    par = client.server["pushed_authorization_request_endpoint"]
    code = allowed(suite, client.binding(par), dpop_jkt=thumbprint(client.holder))
    client.granted(client.redeem(code))


@with_openid
def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
    suite,
):
    client, asked = suite.client, suite.client.asking()
    code = client.allowed(suite.browser, asked, nonce="outside")["code"]
    tokens = client.granted(client.redeem(code))
    assert client.id_token(tokens)["nonce"] == asked["nonce"]


def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
    suite,
):
    client = suite.client
    client.allowed(suite.browser, client.asking(), state="outside")  # and checks the state inside


@with_openid
def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(suite):
    suite.client.flow(suite.browser, nonce=secrets.token_hex(192))


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(suite):
    suite.client.flow(suite.browser, state=secrets.token_hex(192))


def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(suite):
    client = suite.client
    client.allowed(suite.browser, client.asking(state=None), state="outside")

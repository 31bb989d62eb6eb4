"""Modules about bad requests: at the authorization endpoint, for tokens, and where one pushes."""

from __future__ import annotations

import pytest

from tests.conformance.fapi.relying_party import error
from tests.site import CALLBACK

FOR_A_CODE = ("invalid_grant", "invalid_request", "invalid_client")


@pytest.mark.parametrize("added", ["/a", "?a=b", "."])
def test_fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri(suite, added):
    answer = suite.client.push(suite.client.asking(redirect_uri=CALLBACK + added))
    assert error(answer) in ("invalid_request", "invalid_request_object")


def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(  # noqa: E501
    suite,
):
    client = suite.client
    asked = client.asking(client_id=client.client.client_id, response_mode=None)
    response = suite.browser.get("/oauth/authorize", params=asked)
    assert response.status_int in (302, 303)
    assert response.location.startswith(CALLBACK)
    assert "error=invalid_request&" in response.location
    assert "code=" not in response.location


def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(suite):
    answer = suite.client.push(suite.client.asking(redirect_uri=None))
    assert error(answer) in ("invalid_request", "invalid_request_object")


def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(suite):
    asked = suite.client.asking(redirect_uri=None)
    url = suite.client.url("urn:ietf:params:oauth:request_uri:none", redirect_uri=CALLBACK)
    assert error(suite.client.push(asked)) in ("invalid_request", "invalid_request_object")
    assert suite.browser.get(url).status_int == 400


@pytest.mark.parametrize("response_type", ["code id_token", "id_token code"])
def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(
    suite, response_type
):
    answer = suite.client.push(suite.client.asking(response_type=response_type))
    assert error(answer) == "unsupported_response_type"


def test_fapi2_security_profile_final_ensure_response_type_token_fails(suite):
    answer = suite.client.push(suite.client.asking(response_type="token"))
    assert error(answer) == "unsupported_response_type"


def code_of(suite):
    return suite.client.allowed(suite.browser, suite.client.asking())["code"]


def test_fapi2_security_profile_final_ensure_client_id_in_token_endpoint(suite):
    client, other = suite.client, suite.client2
    code = code_of(suite)
    answer = client.redeem(code, client_id=other.client.client_id)
    assert error(answer) in ("invalid_client", "invalid_request")
    client.granted(client.redeem(code))


def test_fapi2_security_profile_final_ensure_holder_of_key_required(suite):
    client, code = suite.client, code_of(suite)
    expected = "invalid_dpop_proof"
    if suite.variant.sender_constrain == "mtls":
        authenticated = suite.variant.client_auth_type == "private_key_jwt"
        expected = "invalid_request" if authenticated else "invalid_client"
    assert error(client.redeem(code, {})) == expected
    client.granted(client.redeem(code))


def test_fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(suite):
    code = code_of(suite)
    assert error(suite.client2.redeem(code)) == "invalid_grant"
    suite.client.granted(suite.client.redeem(code))


def test_fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(suite):
    client, code = suite.client, code_of(suite)
    tokens = client.granted(client.redeem(code))
    assert client.resource(tokens["access_token"]).status_int == 200
    suite.site.clock.pass_by(1)
    assert error(client.redeem(code)) == "invalid_grant"
    assert client.resource(tokens["access_token"]).status_int == 401
    assert error(client.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code(suite):
    code = code_of(suite)
    suite.site.clock.pass_by(65)
    assert error(suite.client.redeem(code)) == "invalid_grant"


def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(  # noqa: E501
    suite,
):
    client, stranger = suite.client, suite.site.browser()
    asked = client.asking()
    url = client.url(client.pushed(asked))
    assert stranger.follow(stranger.get(url)).forms  # the page to sign in on
    signed_in = suite.site.browser().sign_in("alice")
    given = client.parameters(client.visit(signed_in, url))
    client.granted(client.redeem(given["code"]))


def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(suite):
    client = suite.client
    url = client.url(client.pushed(client.asking()))
    client.parameters(client.visit(suite.browser, url))
    again = suite.browser.get(url)
    assert again.status_int == 400
    assert "invalid_request_uri" in again


def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(suite):
    client = suite.client
    answer = client.push(client.asking())
    suite.site.clock.pass_by(answer.json["expires_in"] + 1)
    late = suite.browser.get(client.url(answer.json["request_uri"]))
    assert late.status_int == 400
    assert "invalid_request_uri" in late


def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(suite):
    uri = suite.client.pushed(suite.client.asking())
    response = suite.browser.get(suite.client2.url(uri))
    assert response.status_int == 400
    assert "invalid_request" in response
    suite.client.parameters(suite.client.visit(suite.browser, suite.client.url(uri)))


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(
    suite,
):
    client = suite.client
    form = client.form(client.asking()) | {"request_uri": client.pushed(client.asking())}
    errors = ("invalid_request", "invalid_request_object", "request_uri_not_supported")
    assert error(client.post("/oauth/par", form)) in errors


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_fapi2_security_profile_final_par_attempt_invalid_http_method(suite, method):
    answer = suite.site.send(method, "/oauth/par")
    assert answer.status_int == 405
    assert "POST" in answer.headers["Allow"]


def test_fapi2_security_profile_final_par_ensure_pkce_required(suite):
    asked = suite.client.asking(code_challenge=None, code_challenge_method=None)
    assert error(suite.client.push(asked)) == "invalid_request"


def test_fapi2_security_profile_final_ensure_pkce_code_verifier_required(suite):
    client, code = suite.client, code_of(suite)
    assert error(client.redeem(code, code_verifier=None)) == "invalid_grant"
    client.granted(client.redeem(code))


def test_fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected(suite):
    assert error(suite.client.redeem(code_of(suite), code_verifier="w" * 64)) == "invalid_grant"


@pytest.mark.parametrize("method", ["plain", None])
def test_fapi2_security_profile_final_par_plain_pkce_rejected(suite, method):
    asked = suite.client.asking(code_challenge="v" * 64, code_challenge_method=method)
    assert error(suite.client.push(asked)) == "invalid_request"


def test_fapi2_security_profile_final_par_without_duplicate_parameters(suite):
    suite.client.flow(suite.browser)  # which comes with client_id and request_uri alone


def test_the_response_to_a_post_is_a_303_and_authorize_has_no_cors(suite):
    client = suite.client
    origin = {"Origin": "https://app.example"}
    url = client.url(client.pushed(client.asking()))
    page = suite.browser.follow(suite.browser.get(url, headers=origin))
    assert page.status_int == 200
    response = suite.browser.decide(page)
    assert response.status_int == 303
    for answer in (page, response, suite.browser.get(url, headers=origin)):
        assert "Access-Control-Allow-Origin" not in answer.headers

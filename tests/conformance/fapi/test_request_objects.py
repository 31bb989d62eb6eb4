"""Modules about request objects, which Message Signing requires: bad ones are refused."""

from __future__ import annotations

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from tests.conformance.fapi.relying_party import error
from tests.conformance.fapi.variants import with_signed_requests
from tests.protocol.signed import encode


def pushed(client, request):
    return error(client.post("/oauth/par", {"request": request}))


def refused(client, **claims):
    """The error of a request object that is good but for ``claims``."""
    assert client.post("/oauth/par", {"request": client.signed(client.asking())}).status_int == 201
    return pushed(client, client.signed(client.asking(), **claims))


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_without_exp_fails(suite):
    assert refused(suite.client, exp=None) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_without_nbf_fails(suite):
    assert refused(suite.client, nbf=None) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_expired_request_object_fails(suite):
    then = suite.client.now - 300
    assert refused(suite.client, exp=then, nbf=then - 60) == "invalid_request_object"


@pytest.mark.parametrize("aud", [None, "https://other.example", ["https://other.example"]])
@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails(suite, aud):
    assert refused(suite.client, aud=aud) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails(suite):
    exp = suite.client.now + 70 * 60
    assert refused(suite.client, exp=exp) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails(suite):
    nbf = suite.client.now - 70 * 60
    assert refused(suite.client, nbf=nbf) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_signed_request_object_with_RS256_fails(suite):
    client = suite.client
    # The client's own RSA key, by the weaker algorithm.
    weak = PrivateKey(client.key.kid, "RS256", client.key.key)
    assert pushed(client, client.signed(client.asking(), weak)) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none(suite):
    header, payload, _ = suite.client.signed(suite.client.asking()).split(".")
    header = encode({"alg": "none"})
    for request in (f"{header}.{payload}.", f"{header}.{payload}"):
        assert pushed(suite.client, request) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails(suite):
    signed, _, signature = suite.client.signed(suite.client.asking()).rpartition(".")
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert pushed(suite.client, f"{signed}.{changed}") == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_matching_key_in_authorization_request(suite):
    client, other = suite.client, suite.client2
    assert pushed(client, client.signed(client.asking(), other.key)) == "invalid_request_object"


@with_signed_requests
def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails(suite):
    client = suite.client
    assert error(client.post("/oauth/par", client.asking())) == "invalid_request"


@with_signed_requests
def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri(suite):
    uri = "urn:ietf:params:oauth:request_uri:random"
    assert refused(suite.client, request_uri=uri) == "invalid_request_object"


@with_signed_requests
@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post"])
def test_a_response_that_would_not_be_signed_is_refused_before_anybody_signs_in(suite, mode):
    client = suite.client
    request = client.signed(client.asking(response_mode=mode))
    assert pushed(client, request) == "invalid_request"


@with_signed_requests
@pytest.mark.parametrize("typ", [None, "JWT", "oauth-authz-req+jwt", "OAUTH-AUTHZ-REQ+JWT"])
def test_the_type_of_a_request_object_is_optional_and_has_any_case(suite, typ):
    client = suite.client
    request = client.signed(client.asking(), typ=typ)
    assert client.post("/oauth/par", {"request": request}).status_int == 201


@with_signed_requests
def test_what_stands_beside_a_request_object_counts_for_nothing(suite):
    client = suite.client
    form = {"request": client.signed(client.asking(state=None)), "state": "outside"}
    answer = client.post("/oauth/par", form)
    url = client.url(answer.json["request_uri"])
    assert "state" not in client.parameters(client.visit(suite.browser, url))

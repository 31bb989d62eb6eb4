"""Modules about ``private_key_jwt``: assertions that don't authenticate the client."""

from __future__ import annotations

from oauthprov.credentials import mint_id
from oauthprov.protocol.keys.jwk import PrivateKey
from tests.conformance.fapi.relying_party import error
from tests.conformance.fapi.variants import with_assertions
from tests.protocol.signed import encode, signed

REFUSED = ("invalid_client", "invalid_request")


def code_of(suite):
    return suite.client.allowed(suite.browser, suite.client.asking())["code"]


def redeemed(suite, **claims):
    """The error of a code that comes with a bad assertion; a good one redeems it later."""
    client, code = suite.client, code_of(suite)
    headers = client.binding(client.server["token_endpoint"])
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 64}
    refused = error(client.post("/oauth/token", form, headers, **claims))
    client.granted(client.redeem(code))
    return refused


@with_assertions
def test_fapi2_security_profile_final_ensure_signed_client_assertion_with_RS256_fails(suite):
    # The client's own RSA key, by the weaker algorithm.
    weak = PrivateKey(suite.client.key.kid, "RS256", suite.client.key.key)
    assert redeemed(suite, key=weak) == "invalid_client"


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint(suite):
    client, code = suite.client, code_of(suite)
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": "v" * 64}
    form["client_id"] = client.client.client_id
    headers = client.binding(client.server["token_endpoint"])
    assert error(suite.site.post("/oauth/token", form, headers=headers)) == "invalid_client"


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(
    suite,
):
    assert redeemed(suite, exp=suite.client.now - 300) in REFUSED


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails(suite):
    assert redeemed(suite, aud="https://other.example") in REFUSED


@with_assertions
def test_fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails(suite):
    assert redeemed(suite, sub=None) in REFUSED


def bad_assertions(suite):
    """Client assertions that are wrong in one way each."""
    client, other, now = suite.client, suite.client2.client.client_id, suite.client.now
    server, issuer = client.server, suite.site.issuer
    par = server["pushed_authorization_request_endpoint"]
    wrong = [
        *({"sub": None}, {"sub": other}, {"iss": None}, {"iss": other}, {"jti": None}),
        *({"aud": None}, {"aud": "https://other.example"}, {"aud": par}),
        *({"aud": server["token_endpoint"]}, {"aud": [issuer, "https://other.example"]}),
        *({"aud": [issuer]}, {"exp": now - 300}, {"exp": None}),
        {"iat": now + 70, "nbf": now + 70, "exp": now + 170},
    ]
    made = [client.assertion(**claims) for claims in wrong]
    weak = PrivateKey(client.key.kid, "RS256", client.key.key)
    head, _, signature = client.assertion().rpartition(".")
    unsigned = f"{encode({'alg': 'none'})}.{head.split('.')[1]}."
    changed = head + "." + ("A" if signature[0] != "A" else "B") + signature[1:]
    return [*made, client.assertion(weak), unsigned, changed]


@with_assertions
def test_fapi2_security_profile_final_ensure_invalid_client_assertions_fail(suite):
    client = suite.client
    form = client.form(client.asking())
    good = client.credentials()
    cases = [client.presenting(assertion) for assertion in bad_assertions(suite)]
    cases.append({"client_id": client.client.client_id})
    cases.append({"client_assertion": good["client_assertion"]})
    cases.append(good | {"client_assertion_type": "urn:example:other"})
    for case in cases:
        assert error(suite.site.post("/oauth/par", form | case)) in REFUSED, case
    ahead = client.now + 8
    assert client.post("/oauth/par", form, iat=ahead, nbf=ahead).status_int == 201
    assert client.post("/oauth/par", form).status_int == 201


@with_assertions
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(  # noqa: E501
    suite,
):
    client, ahead = suite.client, suite.client.now + 8
    answer = client.post("/oauth/par", client.form(client.asking()), iat=ahead, nbf=ahead)
    assert answer.status_int == 201


def pushed(suite, **claims):
    form = suite.client.form(suite.client.asking())
    return error(suite.client.post("/oauth/par", form, **claims))


@with_assertions
def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(  # noqa: E501
    suite,
):
    ahead = suite.client.now + 65
    assert pushed(suite, iat=ahead, nbf=ahead, exp=ahead + 60) in REFUSED


@with_assertions
def test_fapi2_security_profile_final_par_test_array_as_audience_fails(suite):
    assert pushed(suite, aud=[suite.site.issuer, "https://other.example"]) in REFUSED


@with_assertions
def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(suite):
    par = suite.client.server["pushed_authorization_request_endpoint"]
    assert pushed(suite, aud=par) in REFUSED


@with_assertions
def test_an_assertion_is_good_once(suite):
    client = suite.client
    form = client.form(client.asking()) | client.presenting(client.assertion(jti=mint_id()))
    assert suite.site.post("/oauth/par", form).status_int == 201
    assert error(suite.site.post("/oauth/par", form)) == "invalid_client"


@with_assertions
def test_an_assertion_may_name_its_type(suite):
    client = suite.client
    claims = {"iss": client.client.client_id, "sub": client.client.client_id, "jti": mint_id()}
    claims |= {"aud": suite.site.issuer, "exp": client.now + 60}
    typed = signed(claims, client.key, {"typ": "client-authentication+jwt"})
    form = client.form(client.asking()) | client.presenting(typed)
    assert suite.site.post("/oauth/par", form).status_int == 201

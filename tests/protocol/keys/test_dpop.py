"""Proofs of possession: what is accepted, and what RFC 9449 section 4.3 forbids."""

import hashlib
import hmac
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oauthprov.failures import JoseError
from oauthprov.protocol.keys import dpop, jose
from oauthprov.protocol.keys.jwk import (
    ALGORITHMS,
    KeySet,
    parse_embedded_key,
    thumbprint,
)
from tests.proofs import Holder, encoded, without

NOW = 1_000_000
URL = "https://auth.example/oauth/token"
HOLDERS = {alg: Holder(alg) for alg in ALGORITHMS}
HOLDER = HOLDERS["ES256"]


def verify(proof, **changes):
    return dpop.verify_proof(proof, **({"method": "POST", "url": URL, "now": NOW} | changes))


def made(claims=None, header=None, holder=HOLDER):
    header = holder.header() if header is None else header
    return holder.signed(header, holder.claims("POST", URL, NOW) if claims is None else claims)


def refused(proof, because, **changes):
    with pytest.raises(JoseError) as error:
        verify(proof, **changes)
    assert because in error.value.reason


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_proof_names_the_thumbprint_of_its_key(alg):
    holder = HOLDERS[alg]
    proof = verify(holder.proof("POST", URL, NOW, jti="one", nonce="fresh"))
    assert (proof.thumbprint, proof.nonce) == (holder.jkt, "fresh")
    assert proof.expires_at == NOW + 300 + 60


def test_the_thumbprint_is_that_of_rfc_7638():
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = parse_embedded_key({"kty": "RSA", "n": n, "e": "AQAB", "kid": "2011-04-29"})
    assert thumbprint(key) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_key_that_is_encoded_otherwise_has_the_same_thumbprint():
    holder = HOLDERS["PS256"]
    raw = holder.key.key.public_key.public_numbers().n.to_bytes(260, "big")
    header = holder.header(jwk=holder.jwk | {"n": encoded(raw)})
    assert verify(made(header=header, holder=holder)).thumbprint == holder.jkt


@pytest.mark.parametrize("typ", ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"])
def test_the_type_counts_without_case(typ):
    assert verify(made(header=HOLDER.header(typ=typ))).thumbprint == HOLDER.jkt


@pytest.mark.parametrize("name", ["typ", "alg", "jwk"])
def test_a_header_member_that_is_missing_is_refused(name):
    refused(made(header=without(HOLDER.header(), name)), "the token")


@pytest.mark.parametrize("name", ["htm", "htu", "iat", "jti"])
def test_a_claim_that_is_missing_is_refused(name):
    refused(made(without(HOLDER.claims("POST", URL, NOW), name)), f"lacks {name}")


@pytest.mark.parametrize("name", ["htm", "htu", "iat", "jti", "nonce", "ath"])
@pytest.mark.parametrize("value", [True, None, [], {}, ["POST"]])
def test_a_claim_of_the_wrong_type_is_refused(name, value):
    refused(made(HOLDER.claims("POST", URL, NOW, **{name: value})), f"{name} isn't")


@pytest.mark.parametrize("name", ["htm", "htu", "jti", "nonce", "ath"])
def test_a_number_for_a_text_is_refused(name):
    refused(made(HOLDER.claims("POST", URL, NOW, **{name: 7})), f"{name} isn't a string")


@pytest.mark.parametrize("name", ["typ", "alg", "jwk"])
@pytest.mark.parametrize("value", [True, 7, None, [], {}])
def test_a_header_member_of_the_wrong_type_is_refused(name, value):
    refused(made(header=HOLDER.header(**{name: value})), "")


@pytest.mark.parametrize("name", ["htm", "htu", "iat", "jti"])
def test_a_doubled_claim_is_refused(name):
    claims = json.dumps(HOLDER.claims("POST", URL, NOW))
    doubled = claims[:-1] + f', "{name}": "x"}}'
    refused(made(doubled.encode()), "duplicate member")


@pytest.mark.parametrize("name", ["typ", "alg", "jwk"])
def test_a_doubled_header_member_is_refused(name):
    doubled = json.dumps(HOLDER.header())[:-1] + f', "{name}": "x"}}'
    refused(made(header=doubled.encode()), "duplicate member")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "dpop", ""])
def test_another_type_is_refused(typ):
    refused(made(header=HOLDER.header(typ=typ)), "wrong typ")


@pytest.mark.parametrize("alg", ["none", "HS256", "HS512", "RS1", "ES384", "es256"])
def test_another_algorithm_is_refused(alg):
    refused(made(header=HOLDER.header(alg=alg)), "algorithm")


def test_an_algorithm_that_is_not_allowed_here_is_refused():
    refused(made(), "algorithm", algorithms=("PS256",))


def test_an_unsigned_proof_is_refused():
    claims = HOLDER.claims("POST", URL, NOW)
    refused(f"{encoded(HOLDER.header(alg='none'))}.{encoded(claims)}.", "compact form")


def test_a_signature_with_the_public_key_as_a_secret_is_refused():
    header, claims = HOLDER.header(alg="HS256"), HOLDER.claims("POST", URL, NOW)
    signed = f"{encoded(header)}.{encoded(claims)}"
    secret = json.dumps(HOLDER.jwk).encode()
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    refused(f"{signed}.{encoded(mac)}", "algorithm")


def test_a_private_key_in_the_header_is_refused():
    private = HOLDER.key.key.as_dict(private=True)
    refused(made(header=HOLDER.header(jwk=private)), "the member d")


@pytest.mark.parametrize("name", ["p", "q", "dp", "dq", "qi", "oth", "k", "x5c", "x5u"])
def test_private_members_and_certificates_in_the_key_are_refused(name):
    refused(made(header=HOLDER.header(jwk=HOLDER.jwk | {name: "AQAB"})), f"the member {name}")


def test_a_secret_key_is_refused():
    refused(made(header=HOLDER.header(jwk={"kty": "oct"})), "isn't supported")


@pytest.mark.parametrize("name", ["x5c", "x5u", "jku", "crit", "b64", "zip", "enc"])
def test_header_members_that_could_change_the_meaning_are_refused(name):
    refused(made(header=HOLDER.header(**{name: ["exp"]})), f"({name})")


def test_another_key_in_the_header_than_the_signing_one_is_refused():
    refused(made(header=HOLDER.header(jwk=Holder().jwk)), "signature is wrong")


def test_a_changed_claim_is_refused():
    header, _, signature = made().split(".")
    claims = encoded(HOLDER.claims("POST", URL, NOW, jti="other"))
    refused(f"{header}.{claims}.{signature}", "signature is wrong")


def test_an_rsa_key_with_too_few_bits_is_refused():
    weak = HOLDERS["RS256"].jwk | {"n": encoded(b"\xff" * 128)}
    refused(made(header=HOLDERS["RS256"].header(jwk=weak), holder=HOLDERS["RS256"]), "supported")


def test_a_point_beside_the_curve_is_refused():
    refused(made(header=HOLDER.header(jwk=HOLDER.jwk | {"x": encoded(b"\1" * 32)})), "supported")


def test_a_key_for_another_use_is_refused():
    refused(made(header=HOLDER.header(jwk=HOLDER.jwk | {"use": "enc"})), "supported")


@pytest.mark.parametrize("method", ["GET", "post", ""])
def test_another_method_is_refused(method):
    refused(made(HOLDER.claims(method, URL, NOW)), "another method")


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example/oauth/introspect",
        "https://auth.example/oauth/token/",
        "https://auth.example/oauth%2Ftoken",
        "https://evil.example/oauth/token",
        "https://auth.example:8443/oauth/token",
        "http://auth.example/oauth/token",
        "https://auth.example.evil.example/oauth/token",
        "https://auth.example/OAuth/token",
    ],
)
def test_another_url_is_refused(url):
    refused(made(HOLDER.claims("POST", url, NOW)), "another URL")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/oauth/token",
        "//auth.example/oauth/token",
        "ftp://auth.example/oauth/token",
        "https:///oauth/token",
        "https://alice@auth.example/oauth/token",
        "https://auth.example:port/oauth/token",
        "https://auth.example:99999/oauth/token",
        "https://[auth.example/oauth/token",
        "https://auth.example/oauth/token%2",
        "https://auth.example/oauth/\ttoken",
        "https://auth.example/oauth/tökén",
    ],
)
def test_what_is_no_url_is_refused(url):
    refused(made(HOLDER.claims("POST", url, NOW)), "htu")


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://AUTH.example/oauth/token",
        "https://auth.example:443/oauth/token",
        "https://auth.example:/oauth/token",
        "https://auth.example/oauth/%74oken",
        "https://auth.example/./oauth/x/../token",
        "https://auth.example/oauth/token?a=b#c",
    ],
)
def test_one_url_written_otherwise_is_one_use(url):
    first, again = (verify(made(HOLDER.claims("POST", sent, NOW, jti="a"))) for sent in (URL, url))
    assert first.replay_key == again.replay_key


def test_a_server_may_have_aliases():
    alias = "https://mtls.auth.example/oauth/token"
    assert verify(made(HOLDER.claims("POST", alias, NOW)), aliases=(alias,))
    assert verify(made(), aliases=(alias,))
    refused(made(HOLDER.claims("POST", alias, NOW)), "another URL")


def test_an_empty_path_is_a_slash():
    assert dpop.normalized("https://auth.example") == "https://auth.example/"
    assert dpop.normalized("http://[::1]:80/a%2fb/..") == "http://[::1]/"


@pytest.mark.parametrize("iat", [NOW - 300, NOW, NOW + 30, NOW - 0.5])
def test_a_proof_is_good_for_five_minutes_and_half_a_minute_early(iat):
    assert verify(made(HOLDER.claims("POST", URL, iat))).expires_at >= iat + 360


@pytest.mark.parametrize("iat", [NOW - 301, 0, -1, -(2**60)])
def test_a_stale_proof_is_refused(iat):
    refused(made(HOLDER.claims("POST", URL, iat)), "")


@pytest.mark.parametrize("iat", [NOW + 31, NOW + 60, 2**60, 1e300])
def test_a_proof_of_the_future_is_refused(iat):
    refused(made(HOLDER.claims("POST", URL, iat)), "")


def test_a_proof_that_says_that_it_has_expired_is_refused():
    refused(made(HOLDER.claims("POST", URL, NOW, exp=NOW - 60)), "expired")


@pytest.mark.parametrize("jti", ["", "x" * 257])
def test_a_jti_that_is_empty_or_too_long_is_refused(jti):
    refused(made(HOLDER.claims("POST", URL, NOW, jti=jti)), "jti")
    assert verify(made(HOLDER.claims("POST", URL, NOW, jti="x" * 256)))


def test_two_proofs_in_one_header_are_refused():
    refused(f"{made()}, {made()}", "more than one")
    refused(f"{made()},", "more than one")


def test_a_proof_of_more_than_eight_kibibytes_is_refused():
    refused(made(HOLDER.claims("POST", URL, NOW, more="x" * 8192)), "too large")


@pytest.mark.parametrize("proof", ["", "a.b", "a.b.c.d", " ", "\xff.\xff.\xff", "e30.e30.e30="])
def test_what_is_no_jwt_is_refused(proof):
    refused(proof, "")


def test_a_proof_for_a_token_names_its_hash():
    proof = HOLDER.proof("POST", URL, NOW, token="opa_1.secret")
    assert verify(proof, access_token="opa_1.secret").thumbprint == HOLDER.jkt
    refused(proof, "another access token", access_token="opa_1.other")
    refused(made(), "lacks ath", access_token="opa_1.secret")
    lone = made(HOLDER.claims("POST", URL, NOW, ath="\ud800"))
    refused(lone, "", access_token="opa_1.secret")
    assert verify(proof).thumbprint == HOLDER.jkt  # where there is no token, the hash is ignored


def test_the_use_of_a_proof_depends_on_key_method_url_and_jti():
    def use(holder=HOLDER, method="POST", url=URL, jti="one"):
        proof = holder.proof(method, url, NOW, jti=jti)
        return verify(proof, method=method, url=url).replay_key

    other = Holder()
    uses = {use(), use(other), use(method="GET"), use(url=URL + "/x"), use(jti="two")}
    assert len(uses) == 5
    assert use() == use()


def test_nowhere_else_a_token_brings_its_key():
    proof = made()
    with pytest.raises(JoseError, match="embedded key"):
        jose.verify(proof, KeySet(()), algorithms=ALGORITHMS, types=("dpop+jwt",), now=NOW)
    with pytest.raises(JoseError, match="embedded key"):
        jose.unverified_claims(proof)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(("typ", "alg", "jwk", "htm", "htu", "iat", "jti", "ath", "nonce", "kty"))


@settings(max_examples=100, deadline=None)
@given(
    st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True)
)
def test_any_text_is_valid_or_refused(text):
    with pytest.raises(JoseError):
        verify(text, access_token="a")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(_NAMES, _JSON, max_size=4), st.dictionaries(_NAMES, _JSON, max_size=4))
def test_any_members_are_valid_or_refused(header, claims):
    proof = HOLDER.signed(HOLDER.header(**header), HOLDER.claims("POST", URL, NOW, **claims))
    with suppress(JoseError):
        assert verify(proof).thumbprint == HOLDER.jkt


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(("kty", "crv", "x", "y", "n", "e", "d", "use")), _JSON))
def test_any_key_is_valid_or_refused(members):
    proof = HOLDER.signed(HOLDER.header(jwk=HOLDER.jwk | members), HOLDER.claims("POST", URL, NOW))
    with suppress(JoseError):
        assert verify(proof).thumbprint == HOLDER.jkt


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_url_is_normal_or_refused(text):
    for url in (text, f"https://auth.example/{text}", f"https://{text}/"):
        with suppress(JoseError):
            assert dpop.normalized(dpop.normalized(url)) == dpop.normalized(url)

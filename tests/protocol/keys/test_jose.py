"""Verification of signed tokens: what is accepted, and what RFC 8725 forbids."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from oauthprov.errors import JoseError, UnknownKey
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS, PrivateKey, parse_key_set

NOW = 1_000_000
CLAIMS = {"iss": "alice", "exp": NOW + 60, "iat": NOW}
KEYS = {alg: PrivateKey.generate(alg) for alg in ALGORITHMS}
RS256 = KEYS["RS256"]


def key_set(*keys):
    return parse_key_set(json.dumps({"keys": [key.public() for key in keys]}))


def verify(token, keys=None, **changes):
    expected = {"algorithms": ("RS256",), "types": ("JWT",), "now": NOW} | changes
    return jose.verify(token, keys or key_set(RS256), **expected)


def encode(raw):
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header=None, payload=None, **more):
    """A token with a good signature of our own key over any header and payload."""
    made = {"alg": "RS256", "kid": RS256.kid, "typ": "JWT"} | more if header is None else header
    signed = f"{encode(made)}.{encode(CLAIMS if payload is None else payload)}"
    signature = jose._algorithm("RS256").sign(signed.encode(), RS256.key)
    return f"{signed}.{encode(signature)}"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_signed_token_verifies(alg):
    token = jose.sign(CLAIMS, KEYS[alg], typ="JWT")
    verified = verify(token, key_set(KEYS[alg]), algorithms=(alg,))
    assert verified.claims == CLAIMS
    assert verified.header == {"alg": alg, "kid": KEYS[alg].kid, "typ": "JWT"}
    assert jose.unverified_claims(token) == CLAIMS


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc_8725_3_1_an_algorithm_that_isnt_listed_is_refused(alg):
    token = jose.sign(CLAIMS, KEYS[alg], typ="JWT")
    others = tuple(other for other in ALGORITHMS if other != alg)
    with pytest.raises(JoseError, match="isn't allowed here"):
        verify(token, key_set(*KEYS.values()), algorithms=others)


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None, 1, ["RS256"], {}])
def test_rfc_8725_2_1_none_is_refused_even_where_it_is_listed(alg):
    header = {"alg": alg, "typ": "JWT"}
    for signature in ("", encode(b"x")):
        token = f"{encode(header)}.{encode(CLAIMS)}.{signature}"
        with pytest.raises(JoseError):
            verify(token, algorithms=("RS256", "none", "None", "nOnE", ""))


@pytest.mark.parametrize("form", ["pem", "der", "n"])
def test_rfc_8725_2_1_a_public_key_is_no_hmac_secret(form):
    public = RS256.key.public_key
    secret = {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "n": RS256.public()["n"].encode(),
    }[form]
    signed = f"{encode({'alg': 'HS256', 'kid': RS256.kid, 'typ': 'JWT'})}.{encode(CLAIMS)}"
    mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    with pytest.raises(JoseError, match="isn't allowed here"):
        verify(f"{signed}.{encode(mac)}", algorithms=("RS256", "HS256"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crit", ["exp"]),
        ("crit", []),
        ("b64", False),
        ("zip", "DEF"),
        ("enc", "A128GCM"),
        ("jwk", RS256.public()),
        ("jku", "https://evil.example/jwks"),
        ("x5u", "https://evil.example/cert"),
        ("x5c", ["MIIB"]),
    ],
)
def test_rfc_8725_3_10_a_header_that_leads_elsewhere_is_refused(name, value):
    with pytest.raises(JoseError, match=rf"\({name}\)"):
        verify(forged(**{name: value}))


@pytest.mark.parametrize(
    ("typ", "types", "taken"),
    [
        ("JWT", ("JWT",), True),
        ("jwt", ("JWT",), True),
        ("application/jwt", ("JWT",), True),
        (None, ("JWT", None), True),
        (None, ("JWT",), False),
        ("at+jwt", ("JWT", None), False),
        ("logout+jwt", ("at+jwt",), False),
        ("", ("JWT", None), False),
        (1, ("JWT", None), False),
    ],
)
def test_rfc_8725_3_11_only_an_expected_typ_is_accepted(typ, types, taken):
    header = {"alg": "RS256", "kid": RS256.kid} | ({} if typ is None else {"typ": typ})
    if taken:
        assert verify(forged(header), types=types).claims == CLAIMS
    else:
        with pytest.raises(JoseError, match=r"wrong typ|typ isn't a string"):
            verify(forged(header), types=types)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"exp": 1, "exp": 2000000}', "duplicate member"),
        (b'{"exp": 2000000, "a": {"b": 1, "b": 2}}', "duplicate member"),
        (b'{"exp": NaN}', "NaN"),
        (b'{"exp": Infinity}', "Infinity"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"{", "not JSON"),
        (b'{"exp": 2000000} {}', "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        ('{"exp": 2000000}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": "\\ud800"}', "not UTF-8"),
        (b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}", "nested too deeply"),
        (b'{"exp": ' + b"9" * 5000 + b"}", "a number that is too large"),
    ],
)
def test_rfc_8725_2_4_ambiguous_json_is_refused(payload, reason):
    with pytest.raises(JoseError, match=reason):
        verify(forged(payload=payload))


def test_a_header_with_a_member_twice_is_refused():
    header = f'{{"alg": "none", "alg": "RS256", "kid": "{RS256.kid}", "typ": "JWT"}}'
    with pytest.raises(JoseError, match="header has a duplicate member"):
        verify(forged(header.encode()))


def test_a_token_too_large_isnt_even_parsed():
    with pytest.raises(JoseError, match="too large"):
        verify("." * (jose.TOKEN_LIMIT + 1))
    with pytest.raises(JoseError, match="too large"):
        verify(jose.sign(CLAIMS | {"a": "x" * jose.TOKEN_LIMIT}, RS256, typ="JWT"))


@pytest.mark.parametrize(
    "shape", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "..", "a.b.", "\u00e9.b.c", "{}"]
)
def test_anything_but_a_compact_signed_token_is_refused(shape):
    with pytest.raises(JoseError, match="compact form"):
        verify(shape)


@pytest.mark.parametrize("change", [lambda t: t + "=", lambda t: t + "\n", lambda t: " " + t])
def test_padding_and_blanks_are_refused(change):
    with pytest.raises(JoseError, match="compact form"):
        verify(change(forged()))


def test_rfc_7515_2_a_signature_has_one_valid_encoding():
    token = forged()
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(token[-1])
    same = (
        token[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[last ^ 1]
    )
    with pytest.raises(JoseError, match="isn't canonical"):
        verify(same)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_changed_claim_or_signature_is_refused(alg):
    header, payload, signature = jose.sign(CLAIMS, KEYS[alg], typ="JWT").split(".")
    changed = encode(CLAIMS | {"iss": "bob"})
    for token in (
        f"{header}.{changed}.{signature}",
        f"{header}.{payload}.{encode(b'x' * 64)}",
        f"{header}.{payload}.{encode(bytes(64))}",
    ):
        with pytest.raises(JoseError, match="signature is wrong"):
            verify(token, key_set(KEYS[alg]), algorithms=(alg,))


def test_a_kid_that_the_set_lacks_has_its_own_error():
    other = PrivateKey.generate("ES256")
    with pytest.raises(UnknownKey):
        verify(jose.sign(CLAIMS, other, typ="JWT"), key_set(KEYS["ES256"]), algorithms=("ES256",))
    with pytest.raises(JoseError, match="kid isn't a string"):
        verify(forged(kid=1))


def test_openid_core_10_1_a_token_without_kid_needs_a_set_with_one_key():
    token = forged({"alg": "RS256", "typ": "JWT"})
    assert verify(token, key_set(RS256, KEYS["ES256"])).claims == CLAIMS
    with pytest.raises(JoseError, match="several keys"):
        verify(token, key_set(RS256, PrivateKey("other", "RS256", KEYS["RS256"].key)))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 30}, "expired"),
        ({"exp": NOW + 1}, None),
        ({"exp": NOW - 29}, None),
        ({"exp": NOW + 0.5}, None),
        ({"nbf": NOW + 31}, "isn't valid yet"),
        ({"nbf": NOW + 30}, None),
        ({"iat": NOW + 31}, "in the future"),
        ({"iat": NOW - 10_000}, None),
        ({"exp": str(NOW + 60)}, "isn't a number"),
        ({"exp": True}, "isn't a number"),
        ({"exp": None}, "isn't a number"),
        ({"exp": 10**400}, "isn't a time"),
        ({"exp": 1e300}, "isn't a time"),
        ({"nbf": [1]}, "isn't a number"),
    ],
)
def test_rfc_7519_4_1_exp_nbf_and_iat_are_checked(claims, reason):
    token = forged(payload=CLAIMS | claims)
    if reason is None:
        assert verify(token).claims == CLAIMS | claims
    else:
        with pytest.raises(JoseError, match=reason):
            verify(token)


def test_an_expired_token_verifies_where_that_is_allowed():
    token = forged(payload=CLAIMS | {"exp": 1})
    assert verify(token, now=None).claims["exp"] == 1


def test_a_missing_required_claim_is_refused():
    token = forged(payload={"iss": "alice"})
    with pytest.raises(JoseError, match="lacks exp"):
        verify(token)
    with pytest.raises(JoseError, match="lacks jti, aud"):
        verify(token, required=("iss", "jti", "aud"))
    assert verify(token, required=()).claims == {"iss": "alice"}


def test_openid_core_3_1_3_6_half_hash_matches_the_specification():
    # The access token, code and at_hash, c_hash of the examples in appendix A.4 and A.6.
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert jose.half_hash("RS256", token) == "77QmUPtjPfzWtF2AnpK9RQ"
    code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
    assert jose.half_hash("RS256", code) == "LDktKdoQak3Pk0cnXxCltA"
    assert len(jose.half_hash("Ed25519", code)) == len(jose.half_hash("EdDSA", code)) == 43

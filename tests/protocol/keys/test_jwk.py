"""Keys of our own, and key sets of others."""

import json

import pytest
from joserfc import jwk

from oauthprov.errors import JoseError
from oauthprov.protocol.keys.jwk import (
    ALGORITHMS,
    KEYS_LIMIT,
    SET_LIMIT,
    PrivateKey,
    parse_key_set,
    parse_private_key,
    parse_public_key,
)

RSA = PrivateKey.generate("RS256").public()
EC = PrivateKey.generate("ES256").public()
ED = PrivateKey.generate("Ed25519").public()


def parsed(*members):
    return parse_key_set(json.dumps({"keys": members})).keys


def without(member, *names):
    return {name: value for name, value in member.items() if name not in names}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_survives_being_stored_and_shows_nothing_private(alg):
    key = PrivateKey.generate(alg)
    again = PrivateKey.load(alg, key.dump())
    assert (again.kid, again.alg, again.public()) == (key.kid, alg, key.public())
    assert key.public().keys() <= {"kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"}
    assert (key.public()["alg"], key.public()["use"]) == (alg, "sig")
    [public] = parsed(key.public())
    assert (public.kid, public.algorithms) == (key.kid, (alg,))


def test_rfc_7638_a_kid_is_the_thumbprint():
    member = json.loads(PrivateKey.generate("RS256").dump())
    assert PrivateKey.load("RS256", json.dumps(member).encode()).kid == jwk.thumbprint(
        {name: member[name] for name in ("e", "kty", "n")}
    )


@pytest.mark.parametrize(
    ("member", "algorithms"),
    [
        (without(RSA, "alg", "use"), ("RS256", "PS256")),
        (without(ED, "alg"), ("Ed25519", "EdDSA")),
        (without(EC, "alg", "kid"), ("ES256",)),
        (RSA | {"alg": "PS256"}, ("PS256",)),
        (RSA | {"key_ops": ["verify"]}, ("RS256",)),
    ],
)
def test_the_algorithms_of_a_key_follow_from_its_type_and_alg(member, algorithms):
    [key] = parsed(member)
    assert (key.kid, key.algorithms) == (member.get("kid"), algorithms)


@pytest.mark.parametrize(
    "member",
    [
        RSA | {"use": "enc"},
        RSA | {"alg": "RSA-OAEP"},
        RSA | {"alg": "HS256"},
        RSA | {"key_ops": ["encrypt"]},
        RSA | {"key_ops": "verify"},
        RSA | {"kid": 1},
        RSA | {"n": None},
        RSA | {"n": 7},
        RSA | {"n": "\u00e9"},
        RSA | {"n": "AQAB"},
        RSA | {"n": "_" * 1400},
        RSA | {"e": "_" * 340},
        without(RSA, "e"),
        EC | {"x": EC["y"]},
        EC | {"crv": "secp256k1"},
        EC | {"crv": ["P-256"]},
        ED | {"x": ED["x"][:-4]},
        ED | {"crv": "X25519"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": RSA["kid"]},
        {"kty": "oct", "k": "c2VjcmV0", "alg": "RS256"},
        {"kty": "AKP", "alg": "ML-DSA-44"},
        {"kty": 1},
        {},
    ],
)
def test_rfc_7517_5_an_unusable_key_is_skipped(member):
    assert parse_public_key(member) is None
    assert [key.kid for key in parsed(member, ED)] == [ED["kid"]]


@pytest.mark.parametrize("more", [{}, {"use": "enc"}, {"crv": "P-384"}, {"alg": "ECDH-ES"}])
def test_a_set_with_a_private_key_is_refused(more):
    private = json.loads(PrivateKey.generate("ES256").dump())
    with pytest.raises(JoseError, match="contains a private key"):
        parsed(ED, private | more)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no list of keys"),
        ('{"keys": {}}', "no list of keys"),
        ('{"keys": [1]}', "no list of keys"),
        ('{"keys": [], "keys": []}', "duplicate member"),
        (b"\xff", "not UTF-8"),
        (" " * (SET_LIMIT + 1), "too large"),
        (json.dumps({"keys": [{}] * (KEYS_LIMIT + 1)}), "more than"),
    ],
)
def test_a_document_that_is_no_key_set_is_refused(document, reason):
    with pytest.raises(JoseError, match=reason):
        parse_key_set(document)


def test_key_objects_are_made_once():
    document = json.dumps({"keys": [RSA]})
    assert parse_key_set(document) is parse_key_set(document)


def test_no_kid_begins_with_a_hyphen():
    kids = {PrivateKey.generate("Ed25519").kid for _ in range(1000)}
    assert {kid for kid in kids if kid.startswith("-")} == set()


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "Ed25519"])
def test_a_private_key_is_read_with_its_kid_and_algorithm(alg):
    key = PrivateKey.generate(alg)
    document = json.loads(key.dump())
    named = parse_private_key(json.dumps(document | {"kid": "mine", "alg": alg}))
    assert (named.kid, named.alg) == ("mine", alg)
    plain = parse_private_key(json.dumps(document))
    assert plain.kid == key.kid
    assert plain.alg == {"PS256": "RS256"}.get(alg, alg)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        '{"kty": "oct", "k": "AAAA"}',
        '{"kty": "EC", "crv": "P-256"}',
        json.dumps(PrivateKey.generate("ES256").public()),
        json.dumps(json.loads(PrivateKey.generate("ES256").dump()) | {"alg": "RS256"}),
        json.dumps(json.loads(PrivateKey.generate("ES256").dump()) | {"kid": 7}),
    ],
)
def test_what_is_no_private_key_is_refused(document):
    with pytest.raises(JoseError):
        parse_private_key(document)

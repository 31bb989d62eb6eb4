"""private_key_jwt: RFC 7523 sections 2.2 and 3, RFC 7521 section 4.2, OpenID Connect Core 9."""

import base64
import hashlib
import hmac
import json
import logging

import pytest

from oauthprov.protocol.authentication.private_key_jwt import LIFETIME_LIMIT, TYPE
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS, PrivateKey
from oauthprov.protocol.request.answers import InteractionRequired
from oauthprov.records import Client
from tests.protocol.assertions import (
    KEY,
    TOKEN,
    SigningWorld,
    ask,
    proof,
    published,
    signed,
    worker,
    works,
)
from tests.protocol.world import ISSUER, OPENID, basic

OTHER_KEY = PrivateKey.generate("ES256")
KEYS = {alg: PrivateKey.generate(alg) for alg in ALGORITHMS}
START = 1_000_000


@pytest.fixture
def world():
    made = SigningWorld()
    made.signer("worker", "machine")
    return made


def encode(raw):
    raw = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header):
    """An assertion of ``worker`` with any header and a good signature of its key."""
    made = {"alg": "ES256", "kid": KEY.kid} | header
    made = {name: value for name, value in made.items() if value is not None}
    text = f"{encode(made)}.{worker().split('.')[1]}"
    signature = jose._algorithm("ES256").sign(text.encode(), KEY.key)
    return f"{text}.{encode(signature)}"


# The parameters (RFC 7521 section 4.2, RFC 7523 section 2.2)


def test_7521_4_2_the_client_id_is_optional(world):
    assert works(world, worker())
    assert works(world, worker(), client_id="worker")


def test_7521_4_2_another_client_id_is_refused(world):
    assert not works(world, worker(), client_id="app")


@pytest.mark.parametrize("left", ["client_assertion", "client_assertion_type"])
def test_7523_2_2_an_assertion_without_its_type_or_the_reverse_is_refused(world, left):
    form = {"grant_type": "client_credentials", left: proof(worker())[left]}
    answer = world.send("token", form)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "given", [TYPE.upper(), TYPE + " ", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"]
)
def test_7523_2_2_another_assertion_type_is_refused(world, given):
    assert not works(world, worker(), client_assertion_type=given)


def test_6749_2_3_two_methods_in_one_request_are_refused(world):
    for answer in (
        ask(world, worker(), client_secret="x"),
        world.send("token", proof(worker()), basic("worker", "x")),
    ):
        assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_6749_2_3_only_the_registered_method_is_accepted(world):
    world.client("keeper", "machine")
    world.change(Client, "keeper", jwks=published(KEY))
    assert not works(world, signed("keeper"))
    world.change(Client, "worker", secrets=world.storage.get(Client, "keeper").record.secrets)
    form = {"grant_type": "client_credentials"}
    secret = world.secrets["keeper"]
    assert world.send("token", form, basic("worker", secret)).status == 401
    assert world.send("token", form | {"client_id": "worker"}).status == 401


def test_a_public_client_with_an_assertion_fails(world):
    world.client("spa", "browser", jwks=published(KEY))
    form = {"grant_type": "refresh_token", "refresh_token": "opr_x.y"}
    assert world.send("token", form | proof(signed("spa"))).status == 401


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "x" * 20_000, "ey\u00e4.x.x"])
def test_7521_4_2_an_assertion_that_is_no_jwt_is_refused(world, text):
    assert not works(world, text)


# The claims (RFC 7523 section 3)


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti"])
def test_7523_3_a_missing_claim_is_refused(world, name):
    assert not works(world, worker(**{name: None}))


def test_openid_core_9_iat_is_optional(world):
    assert works(world, worker(iat=None))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", ["worker"]),
        ("iss", "app"),
        ("sub", ["worker"]),
        ("sub", {}),
        ("sub", 7),
        ("sub", ""),
        ("jti", ["x"]),
        ("jti", 7),
        ("jti", ""),
        ("exp", "1000060"),
        ("exp", True),
        ("exp", [START + 60]),
        ("exp", 10**400),
        ("iat", "now"),
        ("nbf", {}),
        ("aud", {"x": TOKEN}),
        ("aud", [[TOKEN]]),
        ("aud", [TOKEN, 7]),
        ("aud", 7),
    ],
)
def test_7523_3_a_claim_with_a_wrong_type_or_value_is_refused(world, name, value):
    assert not works(world, worker(**{name: value}))


def test_7523_3_2_the_assertion_of_another_client_is_refused(world):
    world.signer("other", "machine", (OTHER_KEY,))
    assert works(world, signed("other", OTHER_KEY))
    assert not works(world, signed("worker", OTHER_KEY))
    assert not works(world, signed("other", KEY))
    assert not works(world, signed("other", OTHER_KEY, sub="worker"))
    assert not works(world, signed("worker", OTHER_KEY, iss="other"))
    assert not works(world, signed("nobody"))


@pytest.mark.parametrize("aud", [ISSUER, TOKEN, [ISSUER], [TOKEN], [TOKEN, ISSUER]])
def test_7523_3_3_the_issuer_or_endpoint_as_audience_is_accepted(world, aud):
    assert works(world, worker(aud=aud))


@pytest.mark.parametrize(
    "aud",
    [
        "https://other.example",
        f"{ISSUER}/",
        f"{TOKEN}/",
        f"{ISSUER}/oauth/introspect",
        "",
        [],
        [TOKEN, "https://other.example/token"],
        "worker",
    ],
)
def test_7523_3_3_another_audience_is_refused(world, aud):
    assert not works(world, worker(aud=aud))


def test_7523bis_a_typed_assertion_is_for_the_issuer_alone(world):
    typ = "client-authentication+jwt"
    assert works(world, worker(typ=typ, aud=ISSUER))
    assert not works(world, worker(typ=typ))
    assert not works(world, worker(typ=typ, aud=[ISSUER, TOKEN]))


@pytest.mark.parametrize(
    ("claims", "taken"),
    [
        ({"exp": START + 1}, True),
        ({"exp": START + 0.5}, True),
        ({"exp": START - jose.LEEWAY + 1}, True),
        ({"exp": START - jose.LEEWAY}, False),
        ({"exp": START + LIFETIME_LIMIT + jose.LEEWAY}, True),
        ({"exp": START + LIFETIME_LIMIT + jose.LEEWAY + 1}, False),
        ({"nbf": START + jose.LEEWAY}, True),
        ({"nbf": START + jose.LEEWAY + 1}, False),
        ({"iat": START + jose.LEEWAY}, True),
        ({"iat": START + jose.LEEWAY + 1}, False),
        ({"iat": START - 10_000}, True),
    ],
)
def test_7523_3_4_expired_future_and_overlong_lifetimes_are_refused(world, claims, taken):
    assert works(world, worker(**claims)) is taken


# The signature (RFC 7523 section 3.9, RFC 8725)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_announced_algorithm_is_accepted(world, alg):
    world.signer("signer", "machine", (KEYS[alg],))
    assert works(world, signed("signer", KEYS[alg]))


def test_registration_2_only_the_registered_algorithm_is_accepted(world):
    keys = (KEYS["RS256"], KEYS["PS256"])
    world.signer("bound", "machine", keys, token_endpoint_auth_signing_alg="PS256")
    assert works(world, signed("bound", KEYS["PS256"]))
    assert not works(world, signed("bound", KEYS["RS256"]))


def test_8725_3_1_hs256_with_a_public_key_or_a_client_s_secret_is_refused(world):
    secret = b"a secret of the client"
    jwk = {"kty": "oct", "k": encode(secret), "alg": "HS256"}
    world.change(Client, "worker", jwks=json.dumps({"keys": [KEY.public(), jwk]}))
    claims = worker().split(".")[1]
    for known in (secret, published(KEY).encode(), json.dumps(KEY.public()).encode()):
        text = f"{encode({'alg': 'HS256'})}.{claims}"
        mac = hmac.new(known, text.encode(), hashlib.sha256).digest()
        assert not works(world, f"{text}.{encode(mac)}")
    assert not works(world, f"{encode({'alg': 'none'})}.{claims}.")
    assert not works(world, f"{encode({'alg': 'none'})}.{claims}.{encode(b'x')}")


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": KEY.public()},
        {"jku": "https://evil.example/jwks"},
        {"x5c": ["MIIB"]},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["exp"]},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": "oauth-authz-req+jwt"},
        {"typ": "logout+jwt"},
        {"typ": ["JWT"]},
        {"kid": "another"},
        {"kid": 7},
        {"alg": "ES384"},
    ],
)
def test_8725_3_a_wrong_header_is_refused(world, header):
    assert works(world, forged({}))
    assert not works(world, forged(header))


def test_openid_core_10_1_kid_is_optional_with_a_single_key(world):
    public = {name: value for name, value in KEY.public().items() if name != "kid"}
    world.change(Client, "worker", jwks=json.dumps({"keys": [public]}))
    assert works(world, forged({"kid": None}))


def test_a_client_without_keys_fails(world):
    world.change(Client, "worker", jwks=None)
    assert not works(world, worker())


def test_keys_changed_elsewhere_are_seen_when_authentication_fails(world):
    assert works(world, worker())
    world.change(Client, "worker", jwks=published(OTHER_KEY))
    world.now += 1
    assert works(world, signed("worker", OTHER_KEY))
    assert not works(world, worker())


# Settings, logging and storage


def test_pkce_public_only_counts_private_key_jwt_as_confidential():
    given = {"scopes": OPENID, "default_scopes": "", "resources": "", "pkce": "public-only"}
    world = SigningWorld(**given)
    world.signer("confidential", scopes=("openid",))
    without = {"code_challenge": None, "code_challenge_method": None}
    answer = world.authorize("confidential", scope="openid", **without)
    assert isinstance(answer, InteractionRequired)


def test_the_reason_of_a_refusal_is_logged_without_the_assertion(world, caplog):
    caplog.set_level(logging.DEBUG)
    again = worker()
    given = [worker(exp=START - 60), worker(aud="https://other.example"), again, again]
    for assertion in given:
        ask(world, assertion)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "the token has expired" in logged
    assert "isn't this server alone" in logged
    assert "reason=client_assertion_replayed client_id=worker" in logged
    parts = [part for assertion in given for part in assertion.split(".")[1:]]
    assert [part for part in parts if part in logged] == []


def test_no_part_of_an_assertion_is_stored(world):
    assertion = worker(jti="the one and only")
    assert works(world, assertion)
    dump = world.dump()
    assert [part for part in (*assertion.split("."), "the one and only") if part in dump] == []

"""Signed authorization requests by value: RFC 9101, OpenID Connect Core section 6.1."""

import hashlib
import hmac
import json
import logging
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import ALGORITHMS, PrivateKey
from oauthprov.protocol.request import params
from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import AuthorizationCode, Client, Interaction
from tests.protocol.authorize.test_endpoint import assert_refused
from tests.protocol.signed import encode, key_set, signed
from tests.protocol.world import ALICE, BROWSER, CALLBACK, FORM, ISSUER, challenge, openid_world

KEYS = {alg: PrivateKey.generate(alg) for alg in ALGORITHMS}
KEY, STRANGE = KEYS["RS256"], PrivateKey.generate("RS256")
INSIDE = {
    "iss": "app",
    "aud": ISSUER,
    "client_id": "app",
    "response_type": "code",
    "scope": "openid read",
    "redirect_uri": CALLBACK,
    "state": "inside",
    "nonce": "n",
    "code_challenge": challenge(),
    "code_challenge_method": "S256",
}
ONLY_INSIDE = {
    "scope": "openid",
    "redirect_uri": None,
    "state": None,
    "code_challenge": None,
    "code_challenge_method": None,
}


@pytest.fixture
def world():
    made = openid_world()
    made.change(Client, "app", jwks=key_set(KEY))
    return made


def inside(**changes):
    """The claims of a valid object; None drops a member."""
    return {name: value for name, value in (INSIDE | changes).items() if value is not None}


def ask(world, token=None, person=ALICE, **outside):
    """Send a request whose object is ``token``, a good one by default."""
    token = signed(INSIDE, KEY) if token is None else token
    return world.authorize(person=person, **ONLY_INSIDE | {"request": token} | outside)


def ask_plainly(world, token, **outside):
    """The same with redirect URI and state outside, so that errors reach the client."""
    return ask(world, token, **{"redirect_uri": CALLBACK, "state": "outside"} | outside)


def end(world, answer):
    """Say Allow, and return the record of the code."""
    if isinstance(answer, InteractionRequired):
        answer = world.authorization.decide(
            answer.interaction_id, Visitor(BROWSER, ALICE), allow=True
        )
    assert "code" in dict(answer.params), answer
    return max(world.all(AuthorizationCode), key=lambda stored: stored.record.issued_at).record


def assert_told(answer, error, state):
    assert isinstance(answer, Redirect), answer
    assert answer.redirect_uri == CALLBACK
    told = dict(answer.params)
    assert (told["error"], told.get("state"), told["iss"]) == (error, state, ISSUER)


class TestValidObject:
    def test_core_6_1_every_parameter_may_be_inside(self, world):
        answer = world.authorization.decide(
            ask(world).interaction_id, Visitor(BROWSER, ALICE), allow=True
        )
        told = dict(answer.params)
        assert (answer.redirect_uri, told["state"], told["iss"]) == (CALLBACK, "inside", ISSUER)
        tokens = world.redeem(told["code"]).body
        assert set(tokens["scope"].split()) == {"openid", "read"}
        assert world.id_token(tokens["id_token"]).claims["nonce"] == "n"

    @pytest.mark.parametrize("alg", ALGORITHMS)
    def test_every_announced_algorithm_is_accepted(self, world, alg):
        world.change(Client, "app", jwks=key_set(*KEYS.values()))
        assert end(world, ask(world, signed(INSIDE, KEYS[alg])))

    @pytest.mark.parametrize("typ", [None, "JWT", "jwt", "oauth-authz-req+jwt"])
    def test_rfc_9101_10_8_typ_may_be_absent_jwt_or_oauth_authz_req(self, world, typ):
        assert end(world, ask(world, signed(INSIDE, KEY, {"typ": typ})))

    def test_an_object_without_kid_is_accepted_with_a_single_key(self, world):
        [public] = json.loads(key_set(KEY))["keys"]
        del public["kid"]
        world.change(Client, "app", jwks=json.dumps({"keys": [public]}))
        assert end(world, ask(world, signed(INSIDE, KEY, {"kid": None})))

    @pytest.mark.parametrize("aud", [None, ISSUER, ["https://other.example", ISSUER]])
    def test_core_6_1_iss_and_aud_are_optional(self, world, aud):
        assert end(world, ask(world, signed(inside(aud=aud, iss=aud and "app"), KEY)))

    def test_an_object_may_be_used_again(self, world):
        token = signed(inside(jti="once"), KEY)
        assert end(world, ask(world, token))
        assert end(world, ask(world, token))

    def test_rfc_9101_4_max_age_may_be_a_number_and_claims_an_object(self, world):
        wanted = {"id_token": {"email": {"essential": True}}}
        code = end(world, ask(world, signed(inside(max_age=10**6, claims=wanted), KEY)))
        assert "email" in code.claims
        stale = ask(world, signed(inside(max_age=0), KEY))
        assert (type(stale), stale.step) == (InteractionRequired, "reauthenticate")

    def test_rfc_8707_resource_may_be_an_array(self):
        resources = ["https://one.example/", "https://two.example/"]
        declared = "\n".join(f"{uri} | read | {uri}" for uri in resources)
        world = openid_world(resources=declared)
        world.change(Client, "app", jwks=key_set(KEY))
        code = end(world, ask(world, signed(inside(resource=resources), KEY)))
        assert sorted(code.resources) == resources

    def test_a_request_object_may_be_posted(self, world):
        pairs = world.query(**ONLY_INSIDE, request=signed(INSIDE, KEY))
        parked = world.authorization.store(Call("POST", b"", urlencode(pairs).encode(), FORM))
        assert end(world, world.resume(parked)).nonce == "n"

    def test_a_request_object_costs_no_further_trip_to_storage(self, world):
        end(world, ask(world))
        world.provider = world.another_process()
        with world.counted(reads=2, writes=1):
            assert isinstance(ask(world), Redirect)


class TestInsideAndOutside:
    def test_core_6_1_parameters_inside_override_those_outside(self, world):
        outside = {"state": "outside", "nonce": "outside", "prompt": "bogus"}
        code = end(world, ask(world, signed(inside(prompt="consent"), KEY), **outside))
        assert (code.nonce, code.redirect_uri) == ("n", CALLBACK)

    def test_core_6_1_a_parameter_that_is_only_outside_counts(self, world):
        token = signed(inside(nonce=None), KEY)
        assert end(world, ask(world, token, nonce="outside")).nonce == "outside"

    def test_rfc_9101_6_3_outside_parameters_are_ignored_when_signing_is_required(self, world):
        world.change(Client, "app", require_signed_request_object=True)
        token = signed(inside(nonce=None), KEY)
        assert end(world, ask(world, token, nonce="outside", prompt="none login")).nonce is None
        unscoped = signed(inside(scope=None), KEY)
        assert_told(ask(world, unscoped, scope="openid email"), "invalid_request_object", "inside")
        untyped = signed(inside(response_type=None), KEY)
        assert_told(ask(world, untyped), "invalid_request_object", "inside")

    @pytest.mark.parametrize(
        ("outside", "changes"),
        [
            ({}, {"response_type": "id_token"}),
            ({}, {"client_id": "other"}),
            ({"scope": "read"}, {}),
            ({}, {"scope": "read"}),
            ({"response_type": None}, {"scope": "read"}),
        ],
    )
    def test_core_6_1_response_type_client_id_and_openid_must_agree(self, world, outside, changes):
        answer = ask(world, signed(inside(**changes), KEY), **outside)
        assert_told(answer, "invalid_request_object", "inside")

    def test_core_6_1_the_other_scopes_outside_needn_t_agree(self, world):
        code = end(world, ask(world, signed(INSIDE, KEY), scope="email openid"))
        assert set(code.scopes) == {"openid", "read"}

    def test_core_6_1_response_type_and_scope_needn_t_be_inside(self, world):
        token = signed(inside(response_type=None, client_id=None, scope=None), KEY)
        assert end(world, ask(world, token)).scopes == ("openid",)

    @pytest.mark.parametrize("signs_everything", [False, True])
    @pytest.mark.parametrize("scope", ["openid read", "read"])
    def test_rfc_9101_5_only_the_client_id_must_be_outside(self, world, scope, signs_everything):
        world.change(Client, "app", require_signed_request_object=signs_everything)
        token = signed(inside(scope=scope), KEY)
        code = end(world, ask(world, token, response_type=None, scope=None))
        assert set(code.scopes) == set(scope.split())

    @pytest.mark.parametrize("scope", ["openid", "read"])
    def test_response_type_is_required_inside_or_outside(self, world, scope):
        token = signed(inside(response_type=None, scope=scope), KEY)
        assert_told(ask(world, token, response_type=None, scope=None), "invalid_request", "inside")

    def test_rfc_9101_5_the_client_id_is_required_outside(self, world):
        assert_refused(ask(world, client_id=None))


class TestErrors:
    def test_an_unverified_object_s_redirect_uri_is_not_used(self, world):
        token = signed(INSIDE, STRANGE, {"kid": KEY.kid})
        assert_refused(ask(world, token), "invalid_request_object")

    def test_errors_return_to_the_redirect_uri_outside(self, world):
        token = signed(INSIDE, STRANGE, {"kid": KEY.kid})
        assert_told(ask_plainly(world, token), "invalid_request_object", "outside")

    def test_errors_of_a_verified_object_return_to_its_redirect_uri(self, world):
        answer = ask(world, signed(inside(aud="https://other", response_mode="form_post"), KEY))
        assert_told(answer, "invalid_request_object", "inside")
        assert answer.response_mode == "form_post"

    def test_an_unregistered_redirect_uri_gets_no_response(self, world):
        evil = "https://evil.example/"
        assert_refused(ask(world, signed(inside(redirect_uri=evil), KEY)))
        assert_refused(ask(world, signed(inside(redirect_uri=evil, aud="other"), KEY)))
        assert_refused(ask(world, "a.b.c", redirect_uri=evil))

    def test_errors_of_parameters_inside_return_to_the_client(self, world):
        answer = ask(world, signed(inside(prompt="bogus"), KEY))
        assert_told(answer, "invalid_request", "inside")

    def test_the_reason_is_logged_and_the_object_is_not(self, world, caplog):
        caplog.set_level(logging.INFO)
        token = signed(inside(exp=world.now - 60), KEY)
        description = dict(ask_plainly(world, token).params)["error_description"]
        [line] = [line for line in caplog.messages if "reason=request_object_refused" in line]
        assert "error=invalid_request_object" in line
        assert 'client_id=app compared="the token has expired"' in line
        assert "expired" not in description
        assert token.rpartition(".")[2] not in caplog.text


def unsigned(claims, alg="none", signature=b""):
    return f"{encode({'alg': alg, 'kid': KEY.kid})}.{encode(claims)}.{encode(signature)}"


def hmac_with_the_public_key():
    secret = KEY.key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{encode({'alg': 'HS256', 'kid': KEY.kid})}.{encode(INSIDE)}"
    return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def assert_object_refused(world, token):
    assert_told(ask_plainly(world, token), "invalid_request_object", "outside")


class TestForgedObject:
    """RFC 9101 section 10, RFC 8725."""

    @pytest.mark.parametrize("alg", ["none", "None", "nOnE", ""])
    def test_rfc_8725_2_1_an_unsigned_object_is_refused(self, world, alg):
        assert_object_refused(world, unsigned(INSIDE, alg))
        assert_object_refused(world, unsigned(INSIDE, alg, b"x" * 256))

    def test_rfc_8725_2_1_an_hmac_with_the_public_key_is_refused(self, world):
        assert_object_refused(world, hmac_with_the_public_key())

    def test_rfc_8725_3_1_an_algorithm_other_than_the_registered_is_refused(self, world):
        changes = {"request_object_signing_alg": "PS256", "jwks": key_set(*KEYS.values())}
        world.change(Client, "app", **changes)
        assert_object_refused(world, signed(INSIDE, KEY))
        assert end(world, ask(world, signed(INSIDE, KEYS["PS256"])))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("jwk", STRANGE.public()),
            ("jku", "https://evil.example/jwks"),
            ("x5u", "https://evil.example/cert"),
            ("x5c", ["MIIB"]),
            ("crit", ["b64"]),
            ("zip", "DEF"),
            ("enc", "A128GCM"),
            ("typ", "at+jwt"),
            ("typ", "client-authentication+jwt"),
            ("kid", "another"),
            ("kid", ["x"]),
        ],
    )
    def test_rfc_8725_3_10_a_header_that_names_another_key_is_refused(self, world, name, value):
        assert_object_refused(world, signed(INSIDE, KEY, {name: value}))
        assert_object_refused(world, signed(INSIDE, STRANGE, {"kid": KEY.kid, name: value}))

    def test_the_object_of_another_client_is_refused(self, world):
        world.client("other", jwks=key_set(STRANGE))
        theirs = inside(iss="other", client_id="other")
        assert_object_refused(world, signed(theirs, STRANGE))
        # Even if both have the same keys.
        world.change(Client, "other", jwks=key_set(KEY))
        for changes in ({"iss": "other"}, {"client_id": "other"}, {"client_id": ["app"]}):
            answer = ask(world, signed(inside(**changes), KEY))
            assert_told(answer, "invalid_request_object", "inside")

    @pytest.mark.parametrize("aud", ["https://other.example", ISSUER + "/", [], ["x"], 1, {}])
    def test_rfc_9101_4_an_object_for_another_server_is_refused(self, world, aud):
        answer = ask(world, signed(inside(aud=aud), KEY))
        assert_told(answer, "invalid_request_object", "inside")

    def test_rfc_9101_10_8_a_client_assertion_is_refused(self, world):
        answer = ask(world, signed(inside(sub="app"), KEY))
        assert_told(answer, "invalid_request_object", "inside")
        assert end(world, ask(world, signed(inside(sub="alice-id"), KEY)))

    @pytest.mark.parametrize("times", [{"exp": -30}, {"nbf": 31}, {"iat": 31}])
    def test_rfc_9101_4_an_expired_or_future_object_is_refused(self, world, times):
        moved = {name: world.now + seconds for name, seconds in times.items()}
        assert_object_refused(world, signed(inside(**moved), KEY))

    def test_an_object_of_a_client_without_keys_is_refused(self, world):
        world.change(Client, "app", jwks=None)
        assert_object_refused(world, signed(INSIDE, KEY))

    def test_rfc_9101_10_5_a_client_that_must_sign_sends_no_unsigned_request(self, world):
        world.change(Client, "app", require_signed_request_object=True)
        assert_told(world.authorize(state="outside"), "invalid_request", "outside")
        assert_object_refused(world, unsigned(INSIDE))
        assert end(world, ask(world))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
    max_leaves=5,
)


class TestMalformedObject:
    @pytest.mark.parametrize(
        "token", ["a.b.c", "x", "..", "a.b.c.d.e", "{}", "\u00e9", " ", "eyJhbGciOiJub25lIn0.e30."]
    )
    def test_an_object_that_is_no_jwt_is_refused(self, world, token):
        assert_object_refused(world, token)

    def test_rfc_8725_2_4_a_repeated_member_is_refused(self, world):
        text = json.dumps(INSIDE)[:-1]
        for member in ("redirect_uri", "state", "client_id"):
            twice = f'{text}, "{member}": "https://evil.example/"}}'.encode()
            assert_object_refused(world, signed(twice, KEY))

    @pytest.mark.parametrize("name", ["request", "request_uri"])
    @pytest.mark.parametrize("value", ["x.y.z", "", None])
    def test_rfc_9101_4_an_object_within_an_object_is_refused(self, world, name, value):
        answer = ask(world, signed(INSIDE | {name: value}, KEY))
        assert_told(answer, "invalid_request_object", "inside")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("redirect_uri", [CALLBACK]),
            ("redirect_uri", {"x": CALLBACK}),
            ("state", 1),
            ("state", True),
            ("state", None),
            ("state", "a\0b"),
            ("scope", ["openid"]),
            ("response_type", {}),
            ("max_age", 1.5),
            ("max_age", True),
            ("max_age", {}),
            ("claims", ["email"]),
            ("resource", [1]),
            ("resource", {}),
        ],
    )
    def test_rfc_9101_4_a_value_of_the_wrong_type_is_refused(self, world, name, value):
        assert_object_refused(world, signed(INSIDE | {name: value}, KEY))

    def test_an_empty_value_counts_as_absent(self, world):
        assert "state" not in dict(ask(world, signed(inside(state="", prompt="none"), KEY)).params)

    @pytest.mark.parametrize("max_age", [-1, 10**20, "x"])
    def test_parameters_inside_are_validated_like_those_outside(self, world, max_age):
        answer = ask(world, signed(inside(max_age=max_age), KEY))
        assert_told(answer, "invalid_request", "inside")

    def test_request_and_request_uri_together_are_refused(self, world):
        answer = ask_plainly(world, None, request_uri="https://app.example/object")
        assert_told(answer, "invalid_request", "outside")

    def test_an_object_over_the_size_limit_is_refused(self, world):
        assert end(world, ask(world, signed(inside(padding="x" * 9000), KEY)))
        too_large = signed(inside(padding="x" * jose.TOKEN_LIMIT), KEY)
        assert len(too_large) < params.REQUEST_LIMIT - 1000
        assert_object_refused(world, too_large)
        assert_refused(ask(world, signed(inside(padding="x" * params.REQUEST_LIMIT), KEY)))

    def test_a_uri_inside_is_no_longer_than_one_outside(self, world):
        assert_object_refused(world, signed(inside(redirect_uri=f"{CALLBACK}/{'a' * 2000}"), KEY))

    def test_parameters_longer_than_a_query_may_be_are_not_stored(self, world):
        with world.counted(reads=1, writes=0):
            answer = ask(world, signed(inside(state="x" * params.QUERY_LIMIT), KEY))
        assert isinstance(answer, Refusal)

    @given(st.dictionaries(st.sampled_from(sorted({*INSIDE, *PARAMETERS})), json_values))
    @hypothesis_settings(max_examples=150, suppress_health_check=list(HealthCheck))
    def test_whatever_is_signed_gets_an_answer(self, world, changes):
        answer = ask(world, signed(INSIDE | changes, KEY))
        assert isinstance(answer, Redirect | Refusal | InteractionRequired)


class TestTheInteraction:
    def test_the_interaction_stores_the_resolved_parameters(self, world):
        token = signed(INSIDE, KEY)
        ask(world, token)
        [stored] = world.all(Interaction)
        names = dict(stored.record.params)
        assert names["state"] == "inside"
        assert names.keys().isdisjoint({"request", "request_uri", "iss", "aud"})

    def test_an_object_may_expire_while_the_person_decides(self, world):
        world.change(Client, "app", require_signed_request_object=True)
        waiting = ask(world, signed(inside(exp=world.now + 10), KEY))
        world.now += 600
        assert end(world, waiting).nonce == "n"

    def test_an_object_beside_an_interaction_is_refused(self, world):
        waiting = ask(world).interaction_id
        assert_refused(ask(world, interaction=waiting))

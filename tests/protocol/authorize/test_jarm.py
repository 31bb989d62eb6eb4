"""Authorization responses as JWTs: JARM, section by section."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from oauthprov.protocol.authorize import jarm
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import PrivateKey, parse_key_set
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request.answers import InteractionRequired, Redirect, Refusal, Visitor
from oauthprov.records import AuthorizationCode, Client
from tests.protocol.signed import key_set, signed
from tests.protocol.world import (
    ALICE,
    BOB,
    BROWSER,
    CALLBACK,
    ISSUER,
    Accounts,
    World,
    challenge,
    openid_world,
)

STATE = "s t&=ä"
IMPLICIT = ("authorization_code", "implicit")
PLACES = {
    "jwt": "query",
    "query.jwt": "query",
    "fragment.jwt": "fragment",
    "form_post.jwt": "form_post",
}


@pytest.fixture
def world():
    """A server without OpenID Connect, at which alice has allowed ``app`` to read."""
    made = World(**{"keys.algorithms": "ES256 RS256 Ed25519"})
    made.client()
    made.allow()
    return made


@pytest.fixture
def openid():
    """A server with OpenID Connect, its implicit flow too."""
    made = openid_world(**{"openid.implicit": "true"})
    made.client("page", "browser", grant_types=IMPLICIT, scopes=("openid", "email", "read"))
    return made


def verified(world, answer, client_id="app"):
    """The header and claims of a response, verified as a client does (section 2.4)."""
    assert isinstance(answer, Redirect), answer
    [(name, token)] = answer.sent
    assert name == "response"
    keys = parse_key_set(json.dumps(world.provider.keys.jwks()))
    alg = jws.extract_compact(token.encode()).headers()["alg"]
    made = jose.verify(token, keys, algorithms=[alg], types=[None], now=world.now, leeway=0)
    assert (made.claims["iss"], made.claims["aud"]) == (ISSUER, client_id)
    return made


def response(world, answer, client_id="app"):
    """The parameters of a response."""
    claims = dict(verified(world, answer, client_id).claims)
    return {name: claims[name] for name in claims.keys() - {"iss", "aud", "exp"}}


def implicit(world, mode, **changes):
    """A request for tokens from the authorization endpoint."""
    asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n"}
    asked |= {"code_challenge": None, "code_challenge_method": None, "response_mode": mode}
    return world.authorize("page", **asked | changes)


def allowed(world, answer, person=ALICE):
    assert isinstance(answer, InteractionRequired), answer
    return world.authorization.decide(answer.interaction_id, Visitor(BROWSER, person), allow=True)


class TestDocument:
    """Section 2.1: the JWT and what is in it."""

    @pytest.mark.parametrize("mode", PLACES)
    def test_2_1_1_code_and_state_are_in_the_jwt_and_nothing_beside_it(self, world, mode):
        answer = world.authorize(response_mode=mode)
        came = response(world, answer)
        assert came.keys() == {"code", "state"}
        assert came["state"] == STATE
        assert world.redeem(came["code"]).status == 200

    def test_iss_aud_and_exp_are_there_and_no_other_claim(self, world):
        claims = verified(world, world.authorize(response_mode="jwt")).claims
        assert claims.keys() == {"iss", "aud", "exp", "code", "state"}
        assert (claims["iss"], claims["aud"]) == (ISSUER, "app")

    def test_a_response_expires_within_ten_minutes(self, world):
        claims = verified(world, world.authorize(response_mode="jwt")).claims
        assert claims["exp"] == world.now + jarm.LIFETIME <= world.now + 600

    def test_without_a_state_there_is_none(self, world):
        assert response(world, world.authorize(response_mode="jwt", state=None)).keys() == {"code"}

    @pytest.mark.parametrize("mode", PLACES)
    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"scope": "unknown"}, "invalid_scope"),
            ({"code_challenge": None}, "invalid_request"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_type": None}, "invalid_request"),
            ({"resource": "https://unknown.example/"}, "invalid_target"),
            ({"request": "x.y.z"}, "invalid_request_object"),
        ],
    )
    def test_errors_are_in_a_jwt_too(self, world, mode, changes, error):
        answer = world.authorize(response_mode=mode, **changes)
        came = response(world, answer)
        assert (came["error"], came["state"]) == (error, STATE)
        assert answer.response_mode == PLACES[mode]

    def test_a_refusal_of_the_user_is_in_a_jwt_too(self, world):
        asked = world.authorize(response_mode="jwt", scope="write")
        answer = world.authorization.decide(
            asked.interaction_id, Visitor(BROWSER, ALICE), allow=False
        )
        assert response(world, answer) == {"error": "access_denied", "state": STATE}

    def test_an_answer_after_the_consent_page_is_in_a_jwt_too(self, world):
        answer = allowed(world, world.authorize(response_mode="jwt", scope="write"))
        assert response(world, answer).keys() == {"code", "state"}

    def test_an_error_instead_of_a_page_is_in_a_jwt_too(self, openid):
        answer = openid.authorize(person=None, scope="openid", prompt="none", response_mode="jwt")
        assert response(openid, answer)["error"] == "login_required"

    def test_the_error_for_a_step_without_a_page_is_in_a_jwt_too(self, world):
        asked = world.authorize(person=None, response_mode="jwt")
        assert response(world, asked.otherwise)["error"] == "login_required"

    def test_2_1_2_tokens_are_in_the_jwt_as_the_parameters_are(self, openid):
        answer = allowed(openid, implicit(openid, "jwt"))
        came = response(openid, answer, "page")
        assert came | {"iss": ISSUER} == dict(answer.params)
        assert came["expires_in"] == "600"
        assert openid.id_token(came["id_token"]).claims["nonce"] == "n"
        assert openid.is_live(came["access_token"])

    def test_no_client_takes_it_for_an_id_token(self, openid):
        """It has no type, and lacks what ID tokens require."""
        made = verified(openid, allowed(openid, implicit(openid, "jwt")), "page")
        assert "typ" not in made.header
        assert made.claims.keys().isdisjoint({"sub", "iat", "nonce"})

    def test_a_state_can_become_no_other_claim(self, world):
        state = '","aud":"other","x":"'
        answer = world.authorize(response_mode="jwt", state=state)
        assert response(world, answer)["state"] == state


class TestSignature:
    """Sections 2.2 and 3: ``authorization_signed_response_alg``."""

    def alg(self, world):
        return verified(world, world.authorize(response_mode="jwt")).header["alg"]

    def test_rs256_is_the_default_whatever_the_first_algorithm_is(self, world):
        assert self.alg(world) == "RS256"

    @pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
    def test_the_registered_algorithm_signs(self, world, alg):
        world.change(Client, "app", authorization_signed_response_alg=alg)
        assert self.alg(world) == alg

    @pytest.mark.parametrize("stored", ["none", "HS256", "PS256"])
    def test_none_and_what_this_server_lacks_never_sign(self, world, stored):
        world.change(Client, "app", authorization_signed_response_alg=stored)
        assert self.alg(world) == "RS256"

    def test_a_key_that_can_t_be_opened_ends_the_request_before_a_code_is_issued(self, world):
        self.alg(world)
        codes = len(world.all(AuthorizationCode))
        changed = dataclasses.replace(
            world.settings, secret=("another-secret-that-is-long-enough",)
        )
        world.provider = Provider(changed, world.storage, Accounts(), lambda: world.now)
        answer = world.authorize(response_mode="jwt")
        assert isinstance(answer, Refusal)  # and no redirect without a signature
        assert (answer.error, answer.status) == ("server_error", 500)
        assert len(world.all(AuthorizationCode)) == codes
        assert "code" in dict(world.authorize().params)


class TestModes:
    """Section 2.3: where the JWT goes."""

    @pytest.mark.parametrize(("mode", "place"), PLACES.items())
    def test_the_jwt_of_a_code_goes_where_the_mode_says(self, world, mode, place):
        assert world.authorize(response_mode=mode).response_mode == place

    @pytest.mark.parametrize("mode", ["jwt", "fragment.jwt", "form_post.jwt"])
    def test_2_3_4_the_default_for_tokens_is_the_fragment(self, openid, mode):
        answer = allowed(openid, implicit(openid, mode))
        assert answer.response_mode == ("form_post" if "post" in mode else "fragment")
        assert "access_token" in response(openid, answer, "page")

    @pytest.mark.parametrize("response_type", ["id_token", "id_token token", "token id_token"])
    def test_2_3_1_query_jwt_is_never_for_tokens(self, openid, response_type):
        answer = implicit(openid, "query.jwt", response_type=response_type)
        assert response(openid, answer, "page")["error"] == "invalid_request"
        assert answer.response_mode == "fragment"

    @pytest.mark.parametrize("mode", ["query", "fragment", "form_post", None])
    def test_other_modes_send_the_parameters_themselves(self, world, mode):
        world.change(Client, "app", authorization_signed_response_alg="ES256")
        answer = world.authorize(response_mode=mode)
        assert answer.sent == answer.params
        assert dict(answer.sent).keys() == {"code", "state", "iss"}

    def test_a_repeated_response_mode_decides_nothing(self, world):
        answer = world.authorize(response_mode=["jwt", "jwt"])
        assert answer.sent == answer.params
        assert dict(answer.params)["error"] == "invalid_request"

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"client_id": "unknown"}, "invalid_request"),
            ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
            ({"redirect_uri": "x"}, "invalid_request"),
        ],
    )
    def test_errors_without_a_proven_redirect_uri_stay_pages(self, world, changes, error):
        asked = {"response_mode": "jwt"} | changes
        answer = world.authorize(asked.pop("client_id", "app"), **asked)
        assert isinstance(answer, Refusal)
        assert (answer.error, answer.status) == (error, 400)


class TestRequests:
    """Where the response_mode may stand."""

    def test_a_pushed_request_gets_a_jwt(self, world):
        answer = world.arrive(world.pushed(response_mode="jwt"))
        assert response(world, answer).keys() == {"code", "state"}

    def test_the_query_beside_a_pushed_request_asks_for_no_jwt(self, world):
        answer = world.arrive(world.pushed(), response_mode="jwt")
        assert answer.sent == answer.params

    def test_errors_of_the_endpoint_for_pushed_requests_are_json(self, world):
        answer = world.push(response_mode="jwt", scope="unknown")
        assert (answer.status, answer.body["error"]) == (400, "invalid_scope")

    def test_a_pushed_query_jwt_for_tokens_is_refused(self, openid):
        asked = {"response_type": "id_token", "scope": "openid", "nonce": "n"}
        answer = openid.push("page", response_mode="query.jwt", **asked)
        assert (answer.status, answer.body["error"]) == (400, "invalid_request")

    def test_the_response_mode_of_a_request_object_counts(self, openid):
        key = PrivateKey.generate("ES256")
        openid.change(Client, "app", jwks=key_set(key))
        inside = {
            "iss": "app",
            "aud": ISSUER,
            "client_id": "app",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "inside",
            "response_mode": "fragment.jwt",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        }
        asked = {name: None for name, _ in openid.query()} | {"request": signed(inside, key)}
        answer = openid.authorize(**asked | {"client_id": "app"})
        answer = allowed(openid, answer)
        assert answer.response_mode == "fragment"
        assert response(openid, answer)["state"] == "inside"

    def test_an_openid_request_gets_its_id_token_for_the_code(self, openid):
        answer = allowed(openid, openid.authorize(scope="openid", response_mode="jwt"))
        tokens = openid.redeem(response(openid, answer)["code"]).body
        assert openid.id_token(tokens["id_token"]).claims["sub"] == "alice-id"

    def test_another_user_who_must_be_asked_gets_a_jwt_after_the_page(self, world):
        answer = allowed(world, world.authorize(person=BOB, response_mode="jwt"), BOB)
        assert response(world, answer).keys() == {"code", "state"}


@pytest.fixture(scope="module")
def one_world():
    made = World()
    made.client()
    return made


@given(
    state=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
)
def test_any_state_comes_back_in_the_jwt(one_world, state):
    answer = one_world.authorize(response_mode="jwt", scope="unknown", state=state)
    assert response(one_world, answer)["state"] == state


def test_a_jwt_costs_no_trip_to_storage(world):
    world.authorize(response_mode="jwt")  # each process reads the keys once
    for asked in ({}, {"response_mode": "jwt"}):
        world.provider.clients.evict("app")
        with world.counted(reads=2, writes=1):
            assert world.authorize(**asked).sent


def test_pages_sign_nothing_that_isn_t_sent(world, monkeypatch):
    made = []
    monkeypatch.setattr(jarm.Signer, "__call__", lambda *given: made.append(given) or "x")
    asked = world.authorize(response_mode="jwt", scope="write")
    world.authorization.question(asked.interaction_id, Visitor(BROWSER, ALICE))
    assert not made
    assert allowed(world, asked).sent == (("response", "x"),)
    assert len(made) == 1

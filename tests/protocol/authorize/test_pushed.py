"""Pushing an authorization request: RFC 9126 sections 2 and 3."""

import logging
from urllib.parse import urlencode

import pytest

from oauthprov.credentials import PUSHED_REQUEST, Bearer
from oauthprov.protocol.authorize.pushed import URN
from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.protocol.request.answers import Call, Visitor
from oauthprov.records import Client, PushedRequest, ReplayMark
from tests.protocol.assertions import TOKEN, SigningWorld, proof
from tests.protocol.assertions import signed as assertion
from tests.protocol.signed import key_set, signed
from tests.protocol.world import (
    ALICE,
    BROWSER,
    CALLBACK,
    FORM,
    ISSUER,
    PHOTOS,
    World,
    basic,
    challenge,
    openid_world,
)

KEY, STRANGE = PrivateKey.generate("RS256"), PrivateKey.generate("RS256")
INSIDE = {
    "iss": "app",
    "aud": ISSUER,
    "client_id": "app",
    "response_type": "code",
    "scope": "openid read",
    "redirect_uri": CALLBACK,
    "state": "inside",
    "code_challenge": challenge(),
    "code_challenge_method": "S256",
}


def assert_refused(world, answer, error, status=400):
    assert (answer.status, answer.body["error"]) == (status, error), answer
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body.keys() == {"error", "error_description"}
    assert world.all(PushedRequest) == []


class TestSection2:
    def test_2_2_the_response_is_201_with_a_request_uri_and_its_lifetime(self, world):
        answer = world.push()
        assert answer.status == 201
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.body.keys() == {"request_uri", "expires_in"}
        assert answer.body["request_uri"].startswith(URN)
        assert answer.body["expires_in"] == 60

    def test_2_2_a_request_uri_has_256_random_bits_of_which_a_digest_is_stored(self, world):
        first, second = world.pushed(), world.pushed()
        bearer = Bearer.parse(first.removeprefix(URN))
        assert bearer.kind == PUSHED_REQUEST
        assert len(bearer.raw.rpartition(".")[2]) == 43
        assert first != second
        assert {stored.record.key for stored in world.all(PushedRequest)} >= {bearer.key}
        assert bearer.raw.rpartition(".")[2] not in world.dump()

    def test_2_2_the_lifetime_is_a_setting(self):
        world = World(par_lifetime="90")
        world.client()
        assert world.push().body["expires_in"] == 90
        [stored] = world.all(PushedRequest)
        assert stored.record.usable_until == world.now + 90

    def test_a_push_costs_one_read_and_one_write(self, world):
        world.provider = world.another_process()
        with world.counted(reads=1, writes=1):
            world.pushed()

    def test_the_proof_is_used_up_by_the_same_commit(self):
        world = SigningWorld()
        world.provider = world.another_process()
        form = dict(world.query()) | proof(assertion(aud=TOKEN))
        with world.counted(reads=1, writes=1):
            assert push(world, form).status == 201
        assert len(world.all(ReplayMark)) == 1

    @pytest.mark.parametrize("aud", [ISSUER, TOKEN, f"{ISSUER}/oauth/par"])
    def test_2_an_assertion_may_name_the_issuer_the_token_or_this_endpoint(self, aud):
        world = SigningWorld()
        form = dict(world.query()) | proof(assertion(aud=aud))
        assert push(world, form).status == 201
        assert_used(push(world, form))

    def test_2_an_assertion_for_another_endpoint_is_refused(self):
        world = SigningWorld()
        form = dict(world.query()) | proof(assertion(aud=f"{ISSUER}/oauth/revoke"))
        assert_refused(world, push(world, form), "invalid_client", 401)

    def test_2_a_wrong_secret_is_invalid_client(self, world):
        answer = world.push(headers=basic("app", "wrong"))
        assert_refused(world, answer, "invalid_client", 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    def test_2_an_unknown_client_is_invalid_client(self, world):
        assert_refused(world, push(world, world.query("nobody")), "invalid_client", 401)

    def test_2_a_disabled_client_is_invalid_client(self, world):
        world.change(Client, "app", disabled_at=world.now)
        assert_refused(world, world.push(), "invalid_client", 401)

    def test_2_a_confidential_client_must_authenticate(self, world):
        assert_refused(world, push(world, world.query()), "invalid_client", 401)

    def test_2_a_request_without_any_client_is_refused(self, world):
        assert_refused(world, push(world, world.query(client_id=None)), "invalid_client", 401)

    def test_2_two_methods_of_authentication_are_refused(self, world):
        form = dict(world.query()) | {"client_secret": world.secrets["app"]}
        assert_refused(world, push(world, form, world.auth("app")), "invalid_request")

    def test_2_another_client_in_the_form_than_in_the_header_is_refused(self, world):
        world.client("other")
        form = world.query("other")
        assert_refused(world, push(world, form, world.auth("app")), "invalid_request")

    def test_2_a_client_that_authenticates_in_the_header_need_not_repeat_its_id(self, world):
        answer = push(world, world.query(client_id=None), world.auth("app"))
        assert answer.status == 201
        [stored] = world.all(PushedRequest)
        assert ("client_id", "app") in stored.record.params

    @pytest.mark.parametrize("kind", ["browser", "native"])
    def test_2_1_a_public_client_pushes_with_its_id_alone(self, world, kind):
        world.client("spa", kind)
        assert world.push("spa").status == 201

    def test_2_1_a_request_uri_in_the_form_is_refused(self, world):
        uri = world.pushed()
        world.storage.purge(now=world.now + 10**7)
        for given in (uri, "https://app.example/object"):
            assert_refused(world, world.push(request_uri=given), "invalid_request")

    def test_2_1_client_credentials_are_not_stored(self, world):
        form = dict(world.query()) | {"client_secret": world.secrets["app"]}
        world.change(Client, "app", auth_method="client_secret_post")
        assert push(world, form).status == 201
        assert world.secrets["app"] not in world.dump()

    def test_2_1_a_repeated_parameter_is_refused(self, world):
        assert_refused(world, world.push(state=["a", "b"]), "invalid_request")

    def test_2_1_the_body_must_be_a_form(self, world):
        call = Call("POST", b"", b"{}", {"content-type": "application/json"})
        answer = world.provider.pushed_requests.push(call, lambda: None)
        assert_refused(world, answer, "invalid_request")

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
            ({"redirect_uri": "not a uri"}, "invalid_request"),
            ({"response_type": None}, "invalid_request"),
            ({"response_type": "bogus"}, "unsupported_response_type"),
            ({"response_type": "token"}, "unsupported_response_type"),
            ({"response_mode": "bogus"}, "invalid_request"),
            ({"scope": "bogus"}, "invalid_scope"),
            ({"resource": "https://nowhere.example/"}, "invalid_target"),
            ({"scope": "notes", "resource": PHOTOS}, "invalid_scope"),
            ({"code_challenge": None}, "invalid_request"),
            ({"code_challenge_method": "plain"}, "invalid_request"),
            ({"code_challenge": "short"}, "invalid_request"),
        ],
    )
    def test_2_3_errors_have_their_usual_codes_in_json(self, world, changes, error):
        assert_refused(world, world.push(**changes), error)

    @pytest.mark.parametrize(
        "changes",
        [
            {"redirect_uri": None},
            {"prompt": "bogus"},
            {"prompt": "none login"},
            {"max_age": "soon"},
            {"claims": "{"},
            {"id_token_hint": "a.b.c"},
        ],
    )
    def test_2_3_errors_of_openid_parameters_too(self, changes):
        world = openid_world()
        answer = world.push(**{"scope": "openid"} | changes)
        assert_refused(world, answer, "invalid_request")

    def test_2_3_a_client_without_the_grant_type_is_unauthorized(self, world):
        world.client("worker", "machine")
        world.change(Client, "worker", redirect_uris=(CALLBACK,))
        assert_refused(world, world.push("worker"), "unauthorized_client")

    @pytest.mark.parametrize("size", [9_000, 40_000])
    def test_2_3_a_request_that_is_too_large_is_413(self, world, size):
        assert_refused(world, world.push(state="x" * size), "invalid_request", 413)

    def test_2_3_another_method_is_405(self, world):
        answer = world.provider.pushed_requests.push(Call("GET"), lambda: None)
        assert_refused(world, answer, "invalid_request", 405)
        assert answer.headers["Allow"] == "POST"

    def test_a_public_client_is_rationed_and_an_authenticated_one_is_not(self, world):
        class TooMany(Exception):
            pass

        def ration():
            raise TooMany

        world.client("spa", "browser")
        body = urlencode(world.query("spa")).encode()
        with pytest.raises(TooMany):
            world.provider.pushed_requests.push(Call("POST", b"", body, FORM), ration)
        assert world.all(PushedRequest) == []
        body = urlencode(world.query()).encode()
        call = Call("POST", b"", body, FORM | world.auth("app"))
        assert world.provider.pushed_requests.push(call, ration).status == 201

    def test_a_refused_push_is_logged_with_the_values_that_differed(self, world, caplog):
        caplog.set_level(logging.INFO)
        world.push(redirect_uri="https://evil.example/")
        [line] = [line for line in caplog.messages if "redirect_uri_unregistered" in line]
        assert "error=invalid_request" in line
        assert "client_id=app" in line
        assert "https://evil.example/" in line

    def test_a_success_is_not_logged_and_no_line_has_the_request_uri(self, world, caplog):
        caplog.set_level(logging.DEBUG)
        uri = world.pushed()
        world.arrive(uri)
        assert uri.removeprefix(URN) not in caplog.text

    def test_a_request_uri_is_no_token(self, world):
        credential = world.pushed().removeprefix(URN)
        assert world.introspect(credential).body == {"active": False}
        assert not world.is_live(credential)
        assert world.redeem(credential).body["error"] == "invalid_grant"
        assert world.refresh(credential).body["error"] == "invalid_grant"
        assert world.post("revoke", {"token": credential}, client_id="app").status == 200
        assert "code" in end(world, credential)


class TestSection3:
    """With a request object (RFC 9101)."""

    @pytest.fixture
    def world(self):
        made = openid_world()
        made.change(Client, "app", jwks=key_set(KEY))
        return made

    def test_only_what_is_inside_counts_with_openid_too(self, world):
        token = signed(INSIDE, KEY)
        answer = push_object(
            world, token, nonce="outside", prompt="login", state="outside", scope="openid photos"
        )
        assert answer.status == 201
        params = dict(world.all(PushedRequest)[0].record.params)
        assert (params["state"], params["scope"]) == ("inside", "openid read")
        assert params.keys().isdisjoint({"nonce", "prompt", "request", "request_uri"})

    def test_what_is_missing_inside_is_missing(self, world):
        token = signed({name: INSIDE[name] for name in INSIDE if name != "redirect_uri"}, KEY)
        assert_refused(world, push_object(world, token, redirect_uri=CALLBACK), "invalid_request")

    def test_the_parameters_are_stored_and_not_the_object_which_may_expire(self, world):
        token = signed(INSIDE | {"exp": world.now + 5}, KEY)
        uri = push_object(world, token).body["request_uri"]
        world.now += 50
        assert "code" in end(world, uri)

    @pytest.mark.parametrize(
        "claims", [{"client_id": "other"}, {"iss": "other"}, {"aud": "https://other.example"}]
    )
    def test_an_object_of_another_client_or_for_another_server_is_refused(self, world, claims):
        world.client("other")
        token = signed(INSIDE | claims, KEY)
        assert_refused(world, push_object(world, token), "invalid_request_object")

    @pytest.mark.parametrize("token", ["a.b.c", "nonsense", signed(INSIDE, STRANGE)])
    def test_an_object_that_cannot_be_verified_is_refused(self, world, token):
        assert_refused(world, push_object(world, token), "invalid_request_object")

    def test_an_expired_object_is_refused(self, world):
        token = signed(INSIDE | {"exp": world.now - 60}, KEY)
        assert_refused(world, push_object(world, token), "invalid_request_object")

    @pytest.mark.parametrize("name", ["request", "request_uri"])
    def test_an_object_may_hold_no_other(self, world, name):
        token = signed(INSIDE | {name: "x"}, KEY)
        assert_refused(world, push_object(world, token), "invalid_request_object")

    def test_a_client_that_must_sign_can_push_nothing_else(self, world):
        world.change(Client, "app", require_signed_request_object=True)
        assert_refused(world, world.push(scope="openid"), "invalid_request")
        assert push_object(world, signed(INSIDE, KEY)).status == 201

    def test_errors_of_parameters_inside_are_json(self, world):
        token = signed(INSIDE | {"redirect_uri": "https://evil.example/"}, KEY)
        assert_refused(world, push_object(world, token), "invalid_request")


def push(world, form, headers=None):
    """Push exactly this form."""
    body = urlencode(form if isinstance(form, list) else list(form.items())).encode()
    audiences = (TOKEN, f"{ISSUER}/oauth/par")
    call = Call("POST", b"", body, FORM | (headers or {}), audiences)
    return world.provider.pushed_requests.push(call, lambda: None)


def push_object(world, token, **beside):
    return push(world, {"client_id": "app", "request": token} | beside, world.auth("app"))


def assert_used(answer):
    assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def end(world, uri):
    """Come with a pushed request and allow it; return the parameters of the response."""
    uri = uri if uri.startswith(URN) else URN + uri
    began = world.arrive(uri)
    visitor = Visitor(BROWSER, ALICE)
    answer = world.authorization.decide(began.interaction_id, visitor, allow=True)
    return dict(answer.params)

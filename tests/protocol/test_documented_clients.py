"""Clients of a document beside the other protocols: JWTs as responses, bound tokens, FAPI 2.0."""

import json
from urllib.parse import urlencode

import pytest

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.protocol.request.answers import (
    Call,
    InteractionRequired,
    Redirect,
    Refusal,
    Visitor,
)
from oauthprov.records import Client
from tests.proofs import Holder
from tests.protocol import assertions
from tests.protocol.device.television import Television
from tests.protocol.fapi import HOLDER, KEY, PAR_URL, FapiWorld, refused
from tests.protocol.world import (
    ALICE,
    BROWSER,
    CALLBACK,
    FORM,
    ISSUER,
    PHOTOS,
    TOKEN_URL,
    VERIFIER,
    World,
)

STATE = "of alice"
SIGNS = {
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": json.loads(assertions.published(KEY)),
}


def signed(world, client_id):
    """The parameters that authenticate a client with a key in its document."""
    times = {"aud": ISSUER, "iat": world.now, "exp": world.now + 60}
    return assertions.proof(assertions.signed(client_id, KEY, **times))


def push(world, client_id, pairs=None, more=None, holder=None, **proven):
    """Push an authorization request, with a proof of ``holder``, if there is one."""
    form = [*(pairs or world.query(client_id)), *(more or {}).items()]
    headers = dict(FORM)
    if holder is not None:
        headers["dpop"] = holder.proof("POST", PAR_URL, world.now, **proven)
    call = Call("POST", b"", urlencode(form).encode(), headers, (TOKEN_URL, PAR_URL), url=PAR_URL)
    return world.provider.pushed_requests.push(call, lambda: None)


def response(world, answer, client_id, alg):
    """The claims of a response that is a JWT, verified as a client does."""
    if isinstance(answer, InteractionRequired):
        visitor = Visitor(BROWSER, ALICE)
        answer = world.authorization.decide(answer.interaction_id, visitor, allow=True)
    assert isinstance(answer, Redirect), answer
    [(name, token)] = answer.sent
    assert name == "response"
    keys = parse_key_set(json.dumps(world.provider.keys.jwks()))
    made = jose.verify(token, keys, algorithms=[alg], types=[None], now=world.now).claims
    assert (made["iss"], made["aud"]) == (ISSUER, client_id)
    return made


class TestWithoutAProfile:
    """A public client of a document, on a server of everybody."""

    @pytest.fixture
    def world(self, publisher):
        return World(**publisher.settings)

    def test_a_response_that_is_a_jwt_is_for_the_url_of_the_client(self, world, publisher):
        app = publisher.publish()
        answer = world.authorize(app, response_mode="jwt", state=STATE)
        came = response(world, answer, app, "RS256")
        assert came["state"] == STATE
        assert world.redeem(came["code"], app).status == 200

    def test_its_document_names_the_algorithm_of_responses(self, publisher):
        world = World(**publisher.settings | {"keys.algorithms": "RS256 ES256"})
        app = publisher.publish(authorization_signed_response_alg="ES256")
        response(world, world.authorize(app, response_mode="jwt"), app, "ES256")

    def test_its_refresh_token_is_bound_to_the_key_of_its_proof(self, world, publisher):
        app = publisher.publish(dpop_bound_access_tokens=True)
        refused(world.redeem(world.code(app), app), "invalid_dpop_proof")
        tokens = world.tokens(app, proof=HOLDER)
        assert tokens["token_type"] == "DPoP"
        token = tokens["refresh_token"]
        refused(world.refresh(token, app), "invalid_dpop_proof")
        refused(world.refresh(token, app, proof=Holder()), "invalid_grant")
        assert world.refresh(token, app, proof=HOLDER).status == 200

    def test_a_device_of_a_document_gets_jwts_that_are_bound_to_its_key(self, publisher):
        photos = f"{PHOTOS} | photos | Photos | jwt bound"
        world = World(device="true", resources=photos, **publisher.settings)
        app = publisher.publish(
            grant_types=[DEVICE_CODE, "refresh_token"], redirect_uris=None, response_types=None
        )
        tv = Television(world)
        code = tv.begin(app, scope="photos", resource=PHOTOS).body["device_code"]
        tv.decide(code)
        refused(tv.poll(code, app), "invalid_dpop_proof")
        world.now += 5
        answer = tv.poll(code, app, proof=HOLDER)
        assert (answer.status, answer.body["token_type"]) == (200, "DPoP")
        described = world.provider.token_info(answer.body["access_token"])
        assert (described.client_id, described.confirmation) == (app, f"jkt:{HOLDER.jkt}")

    def test_a_round_trip_for_a_nonce_fetches_no_document(self, publisher):
        world = World(**publisher.settings | {"dpop.nonce": "true"})
        app = publisher.publish()
        first = push(world, app, holder=HOLDER)
        refused(first, "use_dpop_nonce")
        assert publisher.paths == []
        nonce = first.headers["DPoP-Nonce"]
        assert push(world, app, holder=HOLDER, nonce=nonce).status == 201

    @pytest.mark.parametrize(
        ("setting", "member"),
        [
            ({"dpop": "off"}, {"dpop_bound_access_tokens": True}),
            ({"par": "off"}, {"require_pushed_authorization_requests": True}),
            ({}, {"tls_client_certificate_bound_access_tokens": True}),
            ({}, {"tls_client_auth_subject_dn": "CN=app"}),
            ({}, {"authorization_signed_response_alg": "ES256"}),
        ],
    )
    def test_a_demand_that_this_server_cannot_meet_makes_it_useless(
        self, publisher, setting, member
    ):
        world = World(**publisher.settings | setting)
        answer = world.authorize(publisher.publish(**member))
        assert isinstance(answer, Refusal)
        assert (answer.error, answer.status) == ("invalid_client", 400)
        assert world.all(Client) == []


class TestFapi:
    """FAPI 2.0 Security Profile section 5.3.2.1: clients are confidential."""

    @pytest.fixture
    def world(self, publisher):
        return FapiWorld(**publisher.settings)

    def test_a_public_client_is_refused_wherever_it_begins(self, world, publisher):
        app = publisher.publish()
        refused(push(world, app), "invalid_client", 401)
        page = world.authorize(app)
        assert isinstance(page, Refusal)
        assert page.error == "invalid_client"
        assert world.storage.get(Client, app) is None

    def test_a_public_client_from_before_the_profile_begins_and_refreshes_nothing(self, publisher):
        before = World(**publisher.settings)
        app = publisher.publish()
        tokens = before.tokens(app)
        world = FapiWorld(**publisher.settings)
        world.storage, world.now = before.storage, before.now
        world.provider = world.another_process()
        refused(push(world, app), "invalid_client", 401)
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        refused(world.post("token", form | {"client_id": app}), "invalid_client", 401)

    def test_a_client_with_a_key_in_its_document_gets_bound_tokens(self, world, publisher):
        app = publisher.publish(**SIGNS)
        pushed = push(world, app, more=signed(world, app))
        assert pushed.status == 201, pushed
        code = world.answered(pushed.body["request_uri"], app)["code"]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        form["redirect_uri"] = CALLBACK
        unbound = world.call("token", form | signed(world, app), client_id=None)
        refused(unbound, "invalid_dpop_proof")
        bound = world.call("token", form | signed(world, app), HOLDER, client_id=None)
        assert (bound.status, bound.body["token_type"]) == (200, "DPoP")

    def test_without_authentication_it_pushes_nothing(self, world, publisher):
        refused(push(world, publisher.publish(**SIGNS)), "invalid_client", 401)

    @pytest.mark.parametrize("changes", [{"token_endpoint_auth_signing_alg": "RS256"}, {}])
    def test_a_document_of_weak_signatures_or_other_schemes_is_refused(
        self, world, publisher, changes
    ):
        elsewhere = {} if changes else {"redirect_uris": ["com.example.app:/callback"]}
        app = publisher.publish(**SIGNS | changes | elsewhere)
        refused(push(world, app, more=signed(world, app)), "invalid_client", 401)
        assert world.storage.get(Client, app) is None

    def test_under_message_signing_its_requests_and_responses_are_jwts(self, publisher):
        world = FapiWorld("fapi2-message-signing", **publisher.settings)
        app = publisher.publish(**SIGNS)
        refused(push(world, app, more=signed(world, app)), "invalid_request")
        claims = dict(world.query(app, response_mode="jwt", state=STATE))
        claims |= {"iss": app, "aud": ISSUER, "nbf": world.now, "exp": world.now + 60}
        pairs = [("client_id", app), ("request", jose.sign(claims, KEY, typ=None))]
        pushed = push(world, app, pairs, signed(world, app))
        assert pushed.status == 201, pushed
        came = response(world, world.arrive(pushed.body["request_uri"], app), app, "PS256")
        assert came["state"] == STATE

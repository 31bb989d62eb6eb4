"""Signed introspection responses: RFC 9701, section by section."""

import dataclasses
import json
from urllib.parse import urlencode

import pytest

from oauthprov.protected_resource.client_certificates import ClientCertificate
from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.protocol.provider import Provider
from oauthprov.protocol.request.answers import Call, SignedBody
from oauthprov.records import Client
from tests.certificates import SUBJECT_DN, Authority
from tests.protocol.assertions import KEY, proof, published, signed
from tests.protocol.certified import CertifiedWorld
from tests.protocol.world import FORM, ISSUER, NOTES, PHOTOS, Accounts, World

INACTIVE = {"active": False}
ALGORITHMS = {"keys.algorithms": "ES256 RS256 Ed25519"}


@pytest.fixture
def world():
    made = World(**ALGORITHMS)
    made.client()
    made.client("api", "api", introspects=(PHOTOS,))
    return made


def ask(world, token, client_id="api"):
    """Introspect a token with a signed response."""
    return asked(world, {"token": token}, world.auth(client_id))


def asked(world, form, headers):
    call = Call("POST", b"", urlencode(form).encode(), FORM | headers)
    return world.provider.endpoints.introspect(call, signed=True)


def verified(world, answer):
    """The header and claims of a signed response, verified by the published keys alone."""
    assert answer.status == 200, answer
    assert isinstance(answer.body, SignedBody)
    keys = parse_key_set(json.dumps(world.provider.keys.jwks()))
    header = world.id_token(answer.body.jwt).header
    return jose.verify(
        answer.body.jwt,
        keys,
        algorithms=[header["alg"]],
        types=["token-introspection+jwt"],
        now=world.now,
        required=("iat",),
    )


def photos(world):
    return world.tokens(scope="read photos", resource=PHOTOS)["access_token"]


class TestResponse:
    """Section 5."""

    def test_the_members_of_the_token_are_an_object_inside(self, world):
        token = photos(world)
        plain = world.introspect(token, "api").body
        claims = verified(world, ask(world, token)).claims
        assert claims == {
            "iss": ISSUER,
            "aud": "api",
            "iat": world.now,
            "token_introspection": plain,
        }
        assert plain["active"] is True

    def test_the_type_and_the_media_type_are_its_own(self, world):
        answer = ask(world, photos(world))
        assert verified(world, answer).header["typ"] == "token-introspection+jwt"
        assert answer.body.media_type == "application/token-introspection+jwt"

    def test_the_response_is_never_cached(self, world):
        assert ask(world, photos(world)).headers["Cache-Control"] == "no-store"

    def test_the_audience_is_the_client_that_asks_and_not_that_of_the_token(self, world):
        assert verified(world, ask(world, photos(world), "app")).claims["aud"] == "app"

    def test_no_sub_and_no_exp_stand_beside_the_members(self, world):
        """It would pass for an access token where nobody looks at the type."""
        claims = verified(world, ask(world, photos(world))).claims
        assert claims.keys().isdisjoint({"sub", "exp", "jti", "scope", "client_id", "active"})
        assert {"sub", "exp", "scope"} <= claims["token_introspection"].keys()

    @pytest.mark.parametrize("token", ["x", "opa_x.y", "a.b.c", "ä", "x" * 5000])
    def test_the_response_for_an_unknown_token_is_signed_too(self, world, token):
        claims = verified(world, ask(world, token)).claims
        assert claims["token_introspection"] == INACTIVE

    def test_expired_revoked_and_foreign_tokens_have_no_member_but_active(self, world):
        expired = photos(world)
        world.now += 600
        revoked = photos(world)
        world.post("revoke", {"token": revoked}, client_id="app")
        notes = world.tokens(scope="notes", resource=NOTES)["access_token"]
        for token in (expired, revoked, notes):
            assert verified(world, ask(world, token)).claims["token_introspection"] == INACTIVE

    def test_the_scopes_are_those_of_the_resource_server_that_asks(self, world):
        token = world.tokens(scope="read photos notes", resource=[PHOTOS, NOTES])["access_token"]
        members = verified(world, ask(world, token)).claims["token_introspection"]
        assert members["scope"] == world.introspect(token, "api").body["scope"]
        assert "notes" not in members["scope"].split()


class TestRefusals:
    """Section 5: requests that don't authenticate the caller get status 400."""

    @pytest.mark.parametrize("form", [{}, {"client_id": "api"}, {"client_id": "unknown"}])
    def test_a_request_without_credentials_gets_status_400(self, world, form):
        answer = asked(world, {"token": photos(world)} | form, {})
        assert (answer.status, answer.body["error"]) == (400, "invalid_client")
        assert "WWW-Authenticate" not in answer.headers

    def test_a_public_client_gets_status_400(self, world):
        world.client("spa", "browser")
        answer = asked(world, {"token": "x", "client_id": "spa"}, {})
        assert (answer.status, answer.body["error"]) == (400, "invalid_client")

    def test_wrong_credentials_get_status_401_and_a_challenge(self, world):
        """RFC 7662 section 2.3, RFC 6749 section 5.2."""
        world.secrets["api"] = "wrong"
        answer = ask(world, "x")
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"client_secret": "wrong"},
            {"client_assertion": "x.y.z", "client_assertion_type": "nonsense"},
        ],
    )
    def test_wrong_credentials_in_the_form_get_status_401(self, world, wrong):
        answer = asked(world, {"token": "x", "client_id": "api"} | wrong, {})
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")

    def test_errors_are_plain_json(self, world):
        answer = ask(world, "")
        assert (answer.status, answer.body["error"]) == (400, "invalid_request")
        call = Call("GET", b"token=x", b"", world.auth("api"))
        answer = world.provider.endpoints.introspect(call, signed=True)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")

    def test_a_plain_request_without_credentials_still_gets_status_401(self, world):
        answer = world.post("introspect", {"token": "x"})
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")


class TestAlgorithm:
    """Section 6: ``introspection_signed_response_alg``."""

    def alg(self, world):
        return verified(world, ask(world, photos(world))).header["alg"]

    def test_rs256_is_the_default_whatever_the_first_algorithm_is(self, world):
        assert self.alg(world) == "RS256"

    @pytest.mark.parametrize("alg", ["RS256", "ES256", "Ed25519"])
    def test_the_registered_algorithm_signs(self, world, alg):
        world.change(Client, "api", introspection_signed_response_alg=alg)
        assert self.alg(world) == alg

    def test_the_algorithm_is_that_of_the_client_that_asks(self, world):
        world.change(Client, "app", introspection_signed_response_alg="ES256")
        assert self.alg(world) == "RS256"

    @pytest.mark.parametrize("stored", ["none", "HS256", "PS256"])
    def test_rs256_replaces_an_algorithm_that_this_server_lacks(self, world, stored):
        world.change(Client, "api", introspection_signed_response_alg=stored)
        assert self.alg(world) == "RS256"

    def test_a_server_without_rs256_signs_with_its_first_algorithm(self, world):
        left = dataclasses.replace(world.settings, keys_algorithms=("ES256", "Ed25519"))
        world.provider = Provider(left, world.storage, Accounts(), lambda: world.now)
        assert self.alg(world) == "ES256"


class TestTrips:
    """A signature costs no trip to storage."""

    def test_a_signed_response_costs_the_trips_of_a_plain_one(self, world):
        token = photos(world)
        ask(world, token)  # each process reads the keys once
        for asking in (lambda: world.introspect(token, "api"), lambda: ask(world, token)):
            world.provider.clients.evict("app")
            world.provider.clients.evict("api")
            with world.counted(reads=2, writes=0):
                asking()

    def test_an_assertion_authenticates_one_signed_response(self, world):
        key = {"auth_method": "private_key_jwt", "secrets": (), "jwks": published(KEY)}
        world.change(Client, "api", **key)
        token, form = photos(world), proof(signed("api", aud=ISSUER))
        first = asked(world, {"token": token} | form, {})
        assert verified(world, first).claims["token_introspection"]["active"] is True
        answer = asked(world, {"token": token} | form, {})
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_an_api_that_authenticates_by_its_certificate_learns_what_a_token_is_bound_to(tmp_path):
    authority = Authority()
    made = authority.issue()
    certificate = ClientCertificate(made.der, made.thumbprint)
    world = CertifiedWorld(authority.file(tmp_path / "ca.pem"))
    world.certified("api", "api", introspects=(PHOTOS,), tls_client_auth_subject_dn=SUBJECT_DN)
    world.client("job", "machine", tls_client_certificate_bound_access_tokens=True)
    form = {"grant_type": "client_credentials", "resource": PHOTOS, "scope": "photos"}
    token = world.show("token", form, certificate, headers=world.auth("job")).body["access_token"]
    body = urlencode({"token": token, "client_id": "api"}).encode()
    call = Call("POST", b"", body, FORM, certificate=certificate)
    claims = verified(world, world.provider.endpoints.introspect(call, signed=True)).claims
    assert claims["aud"] == "api"
    assert claims["token_introspection"]["cnf"] == {"x5t#S256": made.thumbprint}
    without = dataclasses.replace(call, certificate=None)
    answer = world.provider.endpoints.introspect(without, signed=True)
    assert (answer.status, answer.body["error"]) == (400, "invalid_client")

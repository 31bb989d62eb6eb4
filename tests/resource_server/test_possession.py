"""Bound access tokens in an app elsewhere: the proof is checked there (RFC 9449 section 7)."""

from __future__ import annotations

import pytest

from oauthprov.resource_server.proofs import InMemory
from oauthprov.resource_server.unavailable import Unavailable
from tests.proofs import Holder
from tests.resource_server.conftest import PHOTOS, RESOURCE, Api, ini
from tests.resource_server.issuer import in_json
from tests.resource_server.test_access_jwts import jwt_ini
from tests.resource_server.test_failing_closed import unavailable
from tests.site import Clock

HOLDER, OTHER = Holder(), Holder()
CNF = {"jkt": HOLDER.jkt}
URL = "https://photos.example/album"
DPOP = "DPoP"


def refused(response, error="invalid_token"):
    assert (response.status_int, response.json["error"]) == (401, error), response


class Introspecting:
    """An app that introspects, and the token that its issuer knows."""

    def __init__(self, issuer):
        self.api = Api(ini(issuer.url))
        self.token = "opa_a.b"
        self.issuer = issuer

    def issue(self, cnf, token_type=DPOP):
        answer = self.issuer.live(self.api.clock()) | {"token_type": token_type}
        self.issuer.reply = in_json(answer if cnf is None else answer | {"cnf": cnf})
        return self.token


class Verifying:
    """An app that verifies JWTs."""

    def __init__(self, issuer):
        self.api = Api(jwt_ini(issuer.url, RESOURCE))
        self.issuer = issuer

    def issue(self, cnf, token_type=DPOP):
        more = {} if cnf is None else {"cnf": cnf}
        return self.issuer.sign(self.api.clock(), **more)


@pytest.fixture(params=[Introspecting, Verifying])
def app(request, issuer):
    return request.param(issuer)


def proof(app, token, holder=HOLDER, url=URL, method="GET"):
    return holder.proof(method, url, app.api.clock(), token=token)


def ask(app, token, made=None, scheme="DPoP", **headers):
    more = {"Authorization": f"{scheme} {token}"} | ({} if made is None else {"DPoP": made})
    return app.api.get(**more | headers)


def test_a_bound_token_is_accepted_with_its_proof(app):
    token = app.issue(CNF)
    assert ask(app, token, proof(app, token)).json["account"] == "alice-id"


def test_a_proof_is_good_for_one_request(app):
    token = app.issue(CNF)
    made = proof(app, token)
    assert ask(app, token, made).status_int == 200
    refused(ask(app, token, made), error="invalid_dpop_proof")
    app.api.clock.pass_by(20)
    refused(ask(app, token, made), error="invalid_dpop_proof")


def test_a_bound_token_needs_a_proof_of_its_key_for_this_request(app):
    token = app.issue(CNF)
    for made in (
        None,
        "a.b.c",
        proof(app, token, OTHER),
        proof(app, token, method="POST"),
        proof(app, token, url="https://evil.example/album"),
        proof(app, "another token"),
    ):
        refused(ask(app, token, made, Host="evil.example"), error="invalid_dpop_proof")


def test_the_scheme_must_be_that_of_the_token(app):
    token = app.issue(CNF)
    refused(ask(app, token, proof(app, token), scheme="Bearer"))
    app.api.clock.pass_by(10)
    token = app.issue(None, "Bearer")
    refused(ask(app, token, proof(app, token)))


@pytest.mark.parametrize(
    "cnf", [{}, [], "x", {"x5t#S256": "a"}, {"jkt": 7}, CNF | {"x5t#S256": "a"}, {"jwk": {}}]
)
def test_a_binding_that_is_not_understood_is_refused(app, cnf):
    token = app.issue(cnf)
    refused(ask(app, token, proof(app, token)))


def test_a_token_whose_type_contradicts_its_binding_is_refused(issuer):
    app = Introspecting(issuer)
    token = app.issue(CNF, "Bearer")
    refused(ask(app, token, proof(app, token)))
    app.api.clock.pass_by(10)
    token = app.issue(None, "DPoP")
    refused(ask(app, token, proof(app, token)))


def test_both_challenges_come_the_first_for_bearer_tokens(app):
    bearer, dpop = app.api.get().headers.getall("WWW-Authenticate")
    assert bearer.startswith("Bearer ")
    assert dpop.startswith("DPoP ")
    assert 'algs="RS256 PS256 ES256 Ed25519 EdDSA"' in dpop
    assert "resource_metadata=" in bearer
    assert "resource_metadata=" in dpop


def test_a_refused_request_uses_up_no_proof(issuer):
    app = Introspecting(issuer)
    token = app.issue(CNF)
    made = proof(app, token, url=f"{PHOTOS}album".replace("//album", "/album"))
    issuer.reply = in_json(
        issuer.live(app.api.clock()) | {"token_type": "DPoP", "cnf": CNF, "scope": "photos:write"}
    )
    assert ask(app, token, made).status_int == 403
    app.api.clock.pass_by(10)
    app.issue(CNF)
    assert ask(app, token, made).status_int == 200


@pytest.mark.parametrize("validation", ["introspection", "jwt"])
def test_a_resource_that_accepts_only_bound_tokens_refuses_others(issuer, validation):
    api = Api(ini(issuer.url, validation=validation, resources=f"{RESOURCE} bound"))
    app = (Introspecting if validation == "introspection" else Verifying)(issuer)
    app.api = api
    refused(ask(app, app.issue(None, "Bearer"), scheme="Bearer"))
    api.clock.pass_by(10)
    token = app.issue(CNF)
    assert ask(app, token, proof(app, token)).status_int == 200
    document = api.get(path="/.well-known/oauth-protected-resource").json
    assert document["dpop_bound_access_tokens_required"] is True


class Use:
    def __init__(self, replay_key, expires_at):
        self.replay_key, self.expires_at = replay_key, expires_at


def test_used_proofs_are_forgotten_once_they_are_stale():
    clock = Clock(1000)
    used = InMemory(clock)
    assert used.is_first_use(Use("a", 1360))
    assert not used.is_first_use(Use("a", 1360))
    clock.pass_by(359)
    assert not used.is_first_use(Use("a", 1360))
    clock.pass_by(1)
    assert used.is_first_use(Use("b", 2000))
    assert len(used._used) == 1


def test_a_full_memory_refuses_and_never_forgets_what_is_live():
    clock = Clock(1000)
    used = InMemory(clock, limit=1)
    assert used.is_first_use(Use("a", 1360))
    with pytest.raises(Unavailable):
        used.is_first_use(Use("b", 1360))
    assert not used.is_first_use(Use("a", 1360))
    clock.pass_by(360)
    assert used.is_first_use(Use("b", 1720))


def test_while_the_memory_is_full_the_response_is_503(issuer):
    app = Introspecting(issuer)
    token = app.issue(CNF)
    app.api.wsgi.registry["oauthprov.resource_server.proofs"] = InMemory(app.api.clock, limit=0)
    unavailable(ask(app, token, proof(app, token)))

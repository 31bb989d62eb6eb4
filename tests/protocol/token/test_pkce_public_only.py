"""``oauthprov.pkce = public-only``: what certification needs, and no more (RFC 9700 2.1.1)."""

import pytest

from oauthprov.protocol.request.answers import Redirect
from oauthprov.records import AuthorizationCode
from tests.protocol.world import VERIFIER, openid_world

WITHOUT = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
def world():
    return openid_world(pkce="public-only")


def refused(answer):
    return isinstance(answer, Redirect) and dict(answer.params).get("error") == "invalid_request"


@pytest.mark.parametrize("nonce", [None, "n"])
def test_a_confidential_openid_client_may_omit_pkce(world, nonce):
    code = world.code(scope="openid", nonce=nonce, **WITHOUT)
    answer = world.redeem(code, code_verifier=None)
    assert answer.body["id_token"]


def test_a_verifier_for_a_code_without_a_challenge_is_refused(world):
    """Downgrade: a stolen code must not work where PKCE is used."""
    code = world.code(scope="openid", **WITHOUT)
    answer = world.redeem(code, code_verifier=VERIFIER)
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")


def test_a_client_that_sent_a_challenge_must_send_its_verifier(world):
    code = world.code(scope="openid")
    assert world.redeem(code, code_verifier=None).status == 400
    assert world.redeem(code, code_verifier="w" * 50).body["error"] == "invalid_grant"
    assert world.redeem(code).status == 200


def test_a_challenge_must_be_s256_here_too(world):
    assert refused(world.authorize(scope="openid", code_challenge_method="plain"))
    assert refused(world.authorize(scope="openid", code_challenge="short"))


def test_pkce_is_required_without_scope_openid(world):
    assert refused(world.authorize(scope="read", **WITHOUT))


@pytest.mark.parametrize("client_type", ["browser", "native"])
def test_pkce_is_required_of_public_clients(world, client_type):
    world.client("public", client_type, scopes=("openid",))
    assert refused(world.authorize("public", scope="openid", **WITHOUT))


def test_by_default_pkce_is_required_of_every_client():
    world = openid_world()
    assert refused(world.authorize(scope="openid", nonce="n", **WITHOUT))
    assert world.all(AuthorizationCode) == []

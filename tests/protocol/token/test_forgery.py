"""Forged parameters: oauthlib turns each one into a request attribute."""

import pytest
from oauthlib.common import Request

from oauthprov.protocol.authorize.checks import PARAMETERS
from oauthprov.protocol.request import params
from oauthprov.records import AccessToken, AuthorizationCode, Grant
from tests.protocol.world import World

FORGED = {
    "user": "admin",
    "client": "other",
    "_cache": "evil",
    "scopes": "admin",
    "claims": "x",
    "account_id": "admin",
    "redirect": "https://evil.example",
    "oauthprov": "evil",
    "extra_credentials": "x",
    "credentials": "x",
    "validator_log": "x",
    "resources": "https://evil.example",
    "expires_in": "999999999",
    "auth_time": "0",
    "access_token": "forged",
    "request_token": "forged",
    "decoded_body": "x",
    "uri": "x",
    "headers": "x",
    "http_method": "GET",
    "__dict__": "x",
    "__class__": "x",
}


def test_oauthlib_turns_query_parameters_into_request_attributes():
    request = Request("https://x.example/?user=admin&client=x&_cache=evil")
    assert (request.user, request.client, request._cache) == ("admin", "x", "evil")


@pytest.mark.parametrize(
    "known",
    [params.CODE_REQUEST, params.TOKEN, params.ABOUT_TOKEN],
    ids=["a", "t", "i"],
)
def test_no_endpoint_accepts_a_parameter_that_forges_an_attribute(known):
    assert known.isdisjoint(FORGED)


def test_openid_parameters_are_not_passed_to_oauthlib(world):
    ours = PARAMETERS - params.CODE_REQUEST
    assert ours > {"claims", "nonce", "prompt"}
    pairs = (*world.query(), *((name, "x") for name in ours))
    with world.provider.validator.request("authorize"):
        passed = world.provider.endpoints.validate_authorization(pairs)
    assert vars(passed)["state"] == "s t&=ä"
    assert ours.isdisjoint(vars(passed))


def test_the_authorization_endpoint_ignores_forged_attributes(world):
    world.client("other")
    world.allow(scope="read", **FORGED)
    (code,) = [stored.record for stored in world.all(AuthorizationCode)]
    assert (code.client_id, code.account_id, code.scopes) == ("app", "alice-id", ("read",))
    assert (code.auth_time, code.resources) == (999, ())


def test_the_code_exchange_ignores_forged_attributes(world):
    answer = world.redeem(world.code(scope="read"), scope="admin", code_challenge="x", **FORGED)
    assert answer.status == 200
    assert answer.body["scope"] == "read"
    assert set(answer.body) == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
    }
    (grant,) = [stored.record for stored in world.all(Grant)]
    assert (grant.client_id, grant.account_id, grant.scopes) == ("app", "alice-id", ("read",))


def test_the_refresh_ignores_forged_attributes(world):
    token = world.tokens(scope="read")["refresh_token"]
    answer = world.refresh(token, code="opc_x.y", **FORGED)
    assert answer.status == 200
    assert answer.body["scope"] == "read"
    assert {s.record.account_id for s in world.all(AccessToken)} == {"alice-id"}


def test_client_credentials_ignore_forged_attributes():
    world = World()
    world.client("worker", "machine")
    form = {"grant_type": "client_credentials", "scope": "read", "code": "x"}
    answer = world.post("token", form | FORGED, client_id="worker")
    assert answer.body["scope"] == "read"
    (token,) = [stored.record for stored in world.all(AccessToken)]
    assert (token.client_id, token.account_id, token.resources) == ("worker", None, ())
    assert token.expires_at == world.now + 600


def test_introspection_and_revocation_ignore_forged_attributes(world):
    tokens = world.tokens()
    world.client("other")
    assert world.introspect(tokens["access_token"], "other", **FORGED).body == {"active": False}
    form = {"token": tokens["access_token"]} | FORGED
    assert world.post("revoke", form, client_id="other").status == 400
    assert world.is_live(tokens["access_token"])


def test_another_client_id_beside_a_valid_secret_is_refused(world):
    world.client("other")
    form = {"grant_type": "authorization_code", "code": world.code(), "client_id": "other"}
    answer = world.post("token", form, client_id="app")
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")

"""The validator in oauthlib's own Server with every grant enabled, and no provider."""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from oauthlib.oauth2 import InvalidClientError, OAuth2Error, RequestValidator, Server

from oauthprov.protocol.engine import validator as module
from oauthprov.protocol.engine.validator import Validator
from oauthprov.records import AccessToken, AuthorizationCode
from tests.protocol.assertions import KEY, proof, published, signed
from tests.protocol.world import ALICE, CALLBACK, FORM, ISSUER, VERIFIER, challenge

SERVER = "https://as.example/oauth"


class Alone:
    """A framework's glue: oauthlib's Server over the validator."""

    def __init__(self, world):
        self.world = world
        self.validator = world.provider.validator
        self.server = Server(self.validator)

    def authorize(self, **changes):
        pairs = [(k, v) for k, v in self.world.query(**changes) if v is not None]
        uri = SERVER + "/authorize?" + urlencode(pairs)
        with self.validator.request():
            scopes, _ = self.server.validate_authorization_request(uri)
            headers, _, _ = self.server.create_authorization_response(
                uri, scopes=scopes, credentials={"user": ALICE}
            )
        return parse_qs(urlsplit(headers["Location"]).query)

    def post(self, method, form, client_id=None):
        headers = FORM | (self.world.auth(client_id) if client_id else {})
        with self.validator.request():
            _, body, status = getattr(self.server, method)(
                SERVER, "POST", urlencode(form), headers
            )
        return status, json.loads(body) if body else None

    def token(self, client_id="app", **form):
        return self.post("create_token_response", form, client_id)


@pytest.fixture
def alone(world):
    return Alone(world)


def exchange(alone, code):
    return alone.token(grant_type="authorization_code", code=code, code_verifier=VERIFIER)


def test_the_validator_alone_completes_the_code_flow(alone):
    (code,) = alone.authorize(scope="read")["code"]
    assert code.startswith("opc_")
    status, tokens = exchange(alone, code)
    assert (status, tokens["scope"]) == (200, "read")
    assert alone.world.is_live(tokens["access_token"])
    status, more = alone.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert status == 200
    _, told = alone.post("create_introspect_response", {"token": more["access_token"]}, "app")
    assert told["active"] is True
    gone = {"token": more["refresh_token"]}
    assert alone.post("create_revocation_response", gone, "app") == (200, None)
    assert not alone.world.is_live(more["access_token"])


def test_a_client_assertion_is_accepted_once(alone):
    signer = {"auth_method": "private_key_jwt", "secrets": (), "jwks": published(KEY)}
    alone.world.client("signer", **signer)
    (code,) = alone.authorize(client_id="signer")["code"]
    form = {"grant_type": "authorization_code", "code_verifier": VERIFIER}
    used = proof(signed("signer", aud=ISSUER))
    status, answer = alone.token(None, **form, code="opc_x.y", **used)
    assert (status, answer["error"]) == (400, "invalid_grant")
    with pytest.raises(InvalidClientError):
        alone.token(None, **form, code=code, **used)
    status, _ = alone.token(None, **form, code=code, **proof(signed("signer", aud=ISSUER)))
    assert status == 200


def test_resources_are_bound_and_narrowed(alone):
    target = "https://photos.example/"
    (code,) = alone.authorize(scope="read photos", resource=target)["code"]
    _, tokens = exchange(alone, code)
    assert alone.world.provider.token_info(tokens["access_token"]).resources == (target,)


def test_a_replay_raises_and_revokes(alone):
    (code,) = alone.authorize()["code"]
    _, tokens = exchange(alone, code)
    with pytest.raises(OAuth2Error):
        exchange(alone, code)
    assert not alone.world.is_live(tokens["access_token"])


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
        {"code_challenge": ""},
        {"response_type": "token"},
        {"response_type": "codexyz"},
        {"response_type": "code token"},
        {"response_type": "none"},
    ],
)
def test_no_implicit_and_no_pkce_but_s256(alone, changes):
    with pytest.raises(OAuth2Error):
        alone.authorize(**changes)
    assert alone.world.all(AuthorizationCode) == []
    assert alone.world.all(AccessToken) == []


@pytest.mark.parametrize("response_type", ["token", "none", "code token"])
def test_no_implicit_without_validating_first_either(alone, response_type):
    uri = SERVER + "?" + urlencode(alone.world.query(response_type=response_type))
    with alone.validator.request():
        headers, _, _ = alone.server.create_authorization_response(
            uri, scopes=["read"], credentials={"user": ALICE}
        )
    assert "access_token" not in headers["Location"]
    assert "code=" not in headers["Location"].replace("response_type", "")
    assert alone.world.all(AccessToken) == []


def test_no_plain_without_validating_first_either(alone):
    query = alone.world.query(code_challenge_method="plain", code_challenge=VERIFIER)
    uri = SERVER + "?" + urlencode(query)
    with alone.validator.request():
        headers, _, _ = alone.server.create_authorization_response(
            uri, scopes=["read"], credentials={"user": ALICE}
        )
    assert "error=invalid_request" in headers["Location"]
    assert alone.world.all(AuthorizationCode) == []


def test_the_password_grant_is_refused(alone):
    alone.world.client("all", grant_types=("password", "authorization_code"))
    status, body = alone.token("all", grant_type="password", username="alice", password="p")
    assert (status, body["error"]) == (400, "invalid_grant")
    assert alone.world.all(AccessToken) == []


def test_the_grant_type_openid_is_refused(alone):
    (code,) = alone.authorize()["code"]
    status, body = alone.token(grant_type="openid", code=code, code_verifier=VERIFIER)
    assert (status, body["error"]) == (400, "unauthorized_client")


def test_a_public_client_may_not_introspect(alone):
    alone.world.client("spa", "browser")
    token = alone.world.tokens("spa")["access_token"]
    form = {"token": token, "client_id": "spa"}
    assert alone.post("create_introspect_response", form) == (200, {"active": False})


def test_without_a_signed_in_person_there_is_no_code(alone):
    uri = SERVER + "?" + urlencode([*alone.world.query(), ("user", "admin")])
    with alone.validator.request(), pytest.raises(OAuth2Error):
        alone.server.create_authorization_response(uri, scopes=["read"])
    with alone.validator.request(), pytest.raises(OAuth2Error):
        alone.server.create_authorization_response(
            uri, scopes=["read"], credentials={"user": "admin"}
        )
    assert alone.world.all(AuthorizationCode) == []


def test_every_code_has_a_challenge_and_needs_its_verifier(alone):
    (code,) = alone.authorize()["code"]
    (stored,) = alone.world.all(AuthorizationCode)
    assert stored.record.code_challenge == challenge()
    status, body = alone.token(grant_type="authorization_code", code=code)
    assert (status, body["error"]) == (400, "invalid_request")


def test_a_bearer_token_is_verified_with_its_scopes(alone):
    (code,) = alone.authorize(scope="read")["code"]
    token = exchange(alone, code)[1]["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with alone.validator.request():
        assert alone.server.verify_request(CALLBACK, headers=headers, scopes=["read"])[0]
        assert not alone.server.verify_request(CALLBACK, headers=headers, scopes=["write"])[0]
        assert not alone.server.verify_request(CALLBACK, scopes=["read"])[0]


HOOKS = sorted(name for name in vars(RequestValidator) if not name.startswith("_"))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_oauthlib_hook_is_overridden(hook):
    assert hook in vars(Validator) or hook == "save_token"


@pytest.mark.parametrize("hook", HOOKS)
def test_outside_a_request_every_hook_raises(world, hook):
    function = getattr(world.provider.validator, hook)
    code = function.__func__.__code__
    arguments = [_Request() for _ in range(code.co_argcount - 1)]
    with pytest.raises(RuntimeError, match=r"validator\.request"):
        function(*arguments)


class _Request:
    """What a hook may read of a request before it looks for its context."""

    headers = {"authorization": "Bearer x"}  # noqa: RUF012
    client_id = client_secret = code_challenge = None


def test_hooks_called_out_of_order_raise(world):
    with (
        world.provider.validator.request(),
        pytest.raises(RuntimeError, match="in the wrong order"),
    ):
        world.provider.validator.get_code_challenge("x", _RequestWithVerifier())


class _RequestWithVerifier(_Request):
    code_verifier = None


def test_the_next_request_starts_afresh(world):
    with world.provider.validator.request() as first:
        first.client = world.client("other")
    with world.provider.validator.request() as second:
        assert second.client is None
    with pytest.raises(RuntimeError):
        module.current()

"""Each token endpoint error has one sentence without request values or causes."""

from __future__ import annotations

import logging
import re

import pytest

from oauthprov.protocol.engine.client_endpoint import DESCRIPTIONS
from tests.protocol.world import NOTES, PHOTOS, VERIFIER, basic

GRANT = DESCRIPTIONS["invalid_grant"]
SENT = "zx81"
"""Stands in all that the requests of these tests send."""
# RFC 6749 section 5.2
ALLOWED = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")


def attempts(world):
    """Every invalid code or refresh token, by its cause."""
    world.client("other")
    yield "unknown", world.redeem("opc_abc.x")
    yield "no code", world.redeem(SENT)
    yield "verifier", world.redeem(world.code(), code_verifier="w" * 50)
    yield "redirect_uri", world.redeem(world.code(), redirect_uri=f"https://{SENT}.example/")
    yield "client", world.redeem(world.code(), "other")
    code = world.code()
    token = world.redeem(code).body["refresh_token"]
    yield "replayed", world.redeem(code)
    yield "revoked", world.refresh(token)
    yield "unknown refresh token", world.refresh("opr_abc.x")
    yield (
        "refresh token of another client",
        world.refresh(world.tokens()["refresh_token"], "other"),
    )
    code = world.code()
    world.now += 61
    yield "expired", world.redeem(code)


def test_invalid_grant_does_not_reveal_its_cause(world):
    answers = dict(attempts(world))
    told = {"error": "invalid_grant", "error_description": GRANT}
    assert {what: answer.body for what, answer in answers.items()} == dict.fromkeys(answers, told)
    assert {answer.status for answer in answers.values()} == {400}


def test_invalid_client_does_not_reveal_its_cause(world):
    form = {"grant_type": "client_credentials"}
    given = [basic("app", "wrong"), basic("nobody", "wrong"), {"authorization": "Basic %"}, {}]
    answers = [
        world.post(name, form | {"token": SENT}, headers)
        for headers in given
        for name in ("token", "introspect", "revoke")
    ]
    assert {answer.status for answer in answers} == {401}
    assert {answer.body["error_description"] for answer in answers} == {
        DESCRIPTIONS["invalid_client"]
    }


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": SENT}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": SENT}, "invalid_request"),
        (
            {"grant_type": "authorization_code", "code": SENT, "code_verifier": SENT},
            "invalid_request",
        ),
    ],
)
def test_every_error_has_a_sentence_without_request_values(world, form, error):
    answer = world.post("token", form, client_id="app")
    assert answer.body["error"] == error
    description = answer.body["error_description"]
    assert ALLOWED.fullmatch(description)
    assert description.endswith(".")
    assert SENT not in description


class TestARefusedScopeIsNamed:
    MALFORMED = "The scope is not a list of scopes with one blank between them."

    @pytest.fixture
    def described(self, world, caplog):
        """A function that requests a scope and returns how the client and the log explain it."""
        world.client("machine", "machine", scopes=("read", "photos"))
        caplog.set_level(logging.INFO, "oauthprov.events")

        def ask(scope):
            form = {"grant_type": "client_credentials", "scope": scope}
            answer = world.post("token", form, client_id="machine")
            assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
            description = answer.body["error_description"]
            assert ALLOWED.fullmatch(description)
            assert caplog.records[-1].compared.endswith(f": {description}")
            return description

        return ask

    def test_a_scope_that_is_not_declared(self, described):
        assert described("read admin root") == "This server has no scope admin root."

    def test_a_scope_that_is_not_the_client_s(self, described):
        sentence = "The client is not registered for the scope write notes."
        assert described("read write notes") == sentence

    def test_long_names_are_cut(self, described):
        assert described("x" * 1000) == f"This server has no scope {'x' * 97}...."

    @pytest.mark.parametrize("scope", ['re"ad', "re\\ad", "l\u00e4s", "read  write", "\n", "a\tb"])
    def test_what_is_no_scope_is_not_repeated(self, described, scope):
        assert described(scope) == self.MALFORMED

    def test_a_client_without_scopes_that_requests_none(self, world):
        world.client("bare", "machine", scopes=())
        answer = world.post("token", {"grant_type": "client_credentials"}, client_id="bare")
        sentence = "The client requests no scope, and has no default scopes."
        assert answer.body == {"error": "invalid_scope", "error_description": sentence}

    def test_a_scope_beyond_a_refresh_token(self, world):
        answer = world.refresh(world.tokens()["refresh_token"], scope="read write")
        sentence = "The refresh token was not granted the scope write."
        assert answer.body == {"error": "invalid_scope", "error_description": sentence}

    def test_at_the_authorization_endpoint_the_client_is_told(self, world):
        told = dict(world.authorize(scope="read admin").params)
        assert told["error"] == "invalid_scope"
        assert told["error_description"] == "This server has no scope admin."


@pytest.mark.parametrize("verifier", [None, "short"])
def test_a_missing_or_malformed_verifier_reveals_nothing_of_the_code(world, verifier):
    """A thief of a code can't find out here whether it still works."""
    live, dead = world.code(), "opc_abc.x"
    answers = [world.redeem(code, code_verifier=verifier) for code in (live, dead)]
    assert answers[0].body == answers[1].body
    assert answers[0].body["error"] == "invalid_request"
    assert world.redeem(live, code_verifier=VERIFIER).status == 200


def test_a_resource_reveals_nothing_of_a_code_without_its_verifier(world):
    live, dead = world.code(scope="photos", resource=PHOTOS), "opc_abc.x"
    wrong = {"code_verifier": "w" * 50, "resource": NOTES}
    answers = [world.redeem(code, **wrong) for code in (live, dead)]
    assert (
        answers[0].body
        == answers[1].body
        == {
            "error": "invalid_grant",
            "error_description": GRANT,
        }
    )
    assert world.redeem(live, resource=NOTES).body["error"] == "invalid_target"


@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_introspection_and_revocation_describe_a_missing_token(world, endpoint):
    answer = world.post(endpoint, {}, client_id="app")
    assert answer.body["error"] == "invalid_request"
    assert ALLOWED.fullmatch(answer.body["error_description"])


def test_the_sentences_are_plain_ascii_that_the_standard_allows():
    for description in DESCRIPTIONS.values():
        assert ALLOWED.fullmatch(description)
        assert description.endswith(".")

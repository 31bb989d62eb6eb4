"""Each token endpoint error has one sentence without request values or causes."""

from __future__ import annotations

import re

import pytest

from oauthprov.protocol.engine.endpoints import DESCRIPTIONS
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


def test_a_scope_that_is_refused_isn_t_quoted(world):
    world.client("machine", "machine")
    form = {"grant_type": "client_credentials", "scope": SENT}
    answer = world.post("token", form, client_id="machine")
    assert answer.body["error_description"] == DESCRIPTIONS["invalid_scope"]
    token = world.tokens()["refresh_token"]
    assert (
        world.refresh(token, scope=SENT).body["error_description"]
        == (DESCRIPTIONS["invalid_scope"])
    )


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

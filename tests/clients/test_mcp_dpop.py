"""DPoP through a whole MCP server: a client's session with ``examples/mcp/bound_server.py``."""

from __future__ import annotations

import time

import pytest
import requests

from oauthprov.records import AccessToken
from tests.clients import javascript
from tests.clients.conversation import converse
from tests.clients.mcp_server import SERVER, notes_in
from tests.proofs import Holder

CALLBACK = "http://127.0.0.1/callback"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    folder, program = tmp_path_factory.mktemp("notes"), SERVER.with_name("bound_server.py")
    with notes_in(folder, program, **{"dpop.nonce": "true"}) as served:
        served.provider.clock.run()
        yield served


@pytest.fixture(scope="module")
def outcome(notes):
    """What the client of the TypeScript SDK has done."""
    alice = notes.someone("alice")
    command = [javascript.node(), "mcp_sdk.js", "dpop", notes.url, CALLBACK]
    return converse(command, lambda wish: notes.answer(alice, wish), javascript.HOME)


def ask(notes, token, proof=None, scheme="DPoP"):
    headers = {
        "Authorization": f"{scheme} {token}",
        "Accept": "application/json, text/event-stream",
    }
    if proof is not None:
        headers["DPoP"] = proof
    return requests.post(notes.url, json=PING, headers=headers, timeout=30)


def test_the_client_registers_calls_tools_refreshes_and_steps_up(notes, outcome):
    assert set(outcome["tools"]) == {"list_notes", "add_note", "delete_notes"}
    assert (outcome["added"], outcome["after"]) == ("You have 1 notes.", '["from Node"]')
    assert outcome["rotated"] is True
    assert outcome["bound"]["type"] == "DPoP"
    stored = {
        one.record.confirmation is not None for one in notes.provider.storage.walk(AccessToken)
    }
    assert stored == {True}


def test_each_request_to_the_server_has_a_proof_of_its_own(outcome):
    with_token = [one for one in outcome["bound"]["sent"] if one[0]]
    assert {scheme for scheme, _, _ in with_token} == {"DPoP"}
    proofs = [proof for _, _, proof in with_token]
    assert len(set(proofs)) == len(proofs) > 5
    assert {status for _, status, _ in with_token} >= {200, 401, 403}


def test_what_the_client_sent_is_worth_nothing_to_who_overhears_it(notes, outcome):
    token = outcome["bound"]["token"]
    assert ask(notes, token, scheme="Bearer").status_code == 401
    assert ask(notes, token).status_code == 401
    [*_, used] = [
        proof for _, status, proof in outcome["bound"]["sent"] if status == 200 and proof
    ]
    answer = ask(notes, token, used)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_dpop_proof")
    other = Holder()
    forged = other.proof("POST", notes.url, int(time.time()), token=token)
    assert ask(notes, token, forged).status_code == 401


def test_a_challenge_names_both_schemes_that_of_bearer_tokens_first(notes):
    answer = ask(notes, "x", "a.b.c")
    assert answer.status_code == 401
    bearer, dpop = answer.raw.headers.getlist("WWW-Authenticate")
    assert bearer.startswith("Bearer resource_metadata=")
    assert dpop.startswith("DPoP ")
    assert 'error="invalid_dpop_proof"' in dpop


def test_a_bearer_token_is_accepted_as_before_and_not_as_a_bound_one(notes):
    app = notes.provider.app(scopes=("notes.read",))
    browser = notes.provider.browser().sign_up(f"bob{int(time.time() * 1000)}")
    token = app.tokens(browser, scope="notes.read", resource=notes.url)["access_token"]
    assert ask(notes, token, scheme="Bearer").status_code != 401
    holder = Holder()
    proof = holder.proof("POST", notes.url, int(time.time()), token=token)
    assert ask(notes, token, proof).status_code == 401

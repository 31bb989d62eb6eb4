"""What a client is refused is in the log: the error, its reason and the id of the request."""

from __future__ import annotations

import json
import logging
from urllib.parse import urlencode

import pytest

from oauthprov.logs import JSONFormatter
from tests.web.openid import openid_site, register_itself


@pytest.fixture(scope="module")
def site():
    made = openid_site(registration="open")
    yield made
    made.close()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, "oauthprov")

    def about(response, words):
        mark = f"[request {response.headers['X-Request-Id']}]"
        return [line for line in caplog.messages if words in line and line.endswith(mark)]

    return about


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_an_error_redirected_to_the_client_is_logged(site, lines, mode):
    app = site.app(scopes=("openid",))
    answer = site.get(app.authorization_url(scope="openid", prompt="all", response_mode=mode))
    assert lines(answer, "refused: The prompt must be of ")


def test_an_error_of_the_token_endpoint_is_logged(site, lines):
    app = site.app()
    answer = app.exchange("opc_unknown.code")
    assert answer.json["error"] == "invalid_grant"
    assert lines(answer, "error=invalid_grant reason=code_unknown")
    assert not lines(answer, "opc_unknown")


def test_the_reason_of_a_refused_request_object_is_logged(site, lines):
    app = site.app(scopes=("openid",), request_object_signing_alg="RS256")
    answer = site.get(app.authorization_url(scope="openid", request="e30.e30."))
    assert lines(answer, 'compared="the token isn\'t a signed JWT in compact form"')


def test_the_reason_of_a_refused_assertion_is_logged(site, lines):
    app = site.signer("machine")
    proof = app.proof("https://elsewhere.example")
    answer = site.post("/oauth/token", proof | {"grant_type": "client_credentials"})
    assert answer.json["error"] == "invalid_client"
    assert lines(answer, "reason=client_assertion_refused")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (
            {"client_id": "APP", "post_logout_redirect_uri": "https://app.example:1/bye"},
            'reason=post_logout_redirect_uri_unregistered client_id=APP compared="sent'
            " 'https://app.example:1/bye': registered 'https://app.example/bye', which differs in"
            ' the port"',
        ),
        ({"client_id": "nobody"}, "reason=client_unknown client_id=nobody"),
        ({"id_token_hint": "e30.e30.e30"}, 'reason=id_token_hint_refused compared="the token'),
    ],
)
def test_the_reason_of_a_refused_logout_is_logged(site, lines, query, fields):
    app = site.app(post_logout_redirect_uris=("https://app.example/bye",))
    own = app.client.client_id
    answer = site.get("/oauth/logout?" + urlencode(query).replace("APP", own))
    assert answer.status_int == 400
    assert lines(answer, "endpoint=logout error=invalid_request " + fields.replace("APP", own))


def test_the_reason_of_a_refused_registration_is_logged(site, lines):
    answer = register_itself(site, redirect_uris=["https://app.example/#fragment"])
    assert answer.status_int == 400
    assert lines(answer, "endpoint=register error=invalid_redirect_uri")


def test_request_values_cannot_forge_a_log_line(site, caplog):
    caplog.set_level(logging.INFO, "oauthprov")
    register_itself(site, redirect_uris=["https://app.example/\r\nERROR forged"])
    assert caplog.messages
    assert not [line for line in caplog.messages if "\n" in line or "\r" in line]


def test_the_reason_of_a_refused_token_at_a_resource_is_logged(site, lines):
    app = site.app()
    tokens = app.tokens(site.browser().sign_up("alice"), scope="profile:read")
    insufficient = app.userinfo(tokens["access_token"])
    assert (insufficient.status_int, insufficient.json["error"]) == (403, "insufficient_scope")
    fields = f"endpoint=resource error=insufficient_scope client_id={app.client.client_id}"
    assert lines(insufficient, fields)
    app.revoke(tokens["access_token"])
    dead = app.userinfo(tokens["access_token"])
    assert lines(dead, "endpoint=resource error=invalid_token reason=token_revoked")
    assert len(lines(dead, "refused")) == 1
    missing = site.get("/oauth/userinfo")
    assert missing.status_int == 401
    assert not lines(missing, "refused")


def test_the_fields_are_members_of_a_json_line(site, caplog):
    caplog.set_level(logging.INFO, "oauthprov")
    app = site.app()
    answer = app.exchange("opc_unknown.code")
    written = [json.loads(JSONFormatter().format(record)) for record in caplog.records]
    [line] = [line for line in written if "reason" in line]
    members = {name: line[name] for name in ("endpoint", "error", "reason", "client_id")}
    assert members == {
        "endpoint": "token",
        "error": "invalid_grant",
        "reason": "code_unknown",
        "client_id": app.client.client_id,
    }
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["grant_id"] == "unknown"

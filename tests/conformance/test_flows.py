"""Modules of Basic, Form Post and Implicit about the authorization request and the ID token.

Each test does what the module of its name does. What only warns there, fails here.
"""

from __future__ import annotations

import pytest

from tests.conformance import id_tokens
from tests.conformance.conftest import (
    registered_now,
    with_a_code,
    with_an_access_token,
    without_a_code,
)
from tests.site import VERIFIER, challenge


def test_oidcc_server(suite):
    done = suite.client().flow(suite.browser())
    id_tokens.check_nothing_unasked(done.id_token)
    if "code" in done.response:
        id_tokens.check_hash(done.id_token, "c_hash", done.response["code"], required=False)


@with_a_code
def test_oidcc_server_client_secret_post(suite):
    suite.client("client_secret_post").flow(suite.browser())


@with_an_access_token
def test_oidcc_response_type_missing(suite):
    client = suite.client()
    asked = client.asking(response_type=None)
    arrival = client.ask(suite.browser(), asked)
    # Nothing says that the answer goes into the fragment.
    given = arrival.form if client.variant.response_mode else arrival.query
    assert client.error(given, asked) in ("invalid_request", "unsupported_response_type")


@registered_now
def test_oidcc_idtoken_signature(suite):
    done = suite.client().flow(suite.browser())
    assert done.id_token.header["alg"] == "RS256"


@registered_now
@with_a_code
def test_oidcc_idtoken_unsigned(suite):
    # The module is left out where this isn't supported.
    assert "none" not in suite.server["id_token_signing_alg_values_supported"]


@with_a_code
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite):
    assert "nonce" not in suite.client().flow(suite.browser(), nonce=None).id_token.claims


@without_a_code
def test_oidcc_ensure_request_without_nonce_fails(suite):
    client = suite.client()
    asked = client.asking(nonce=None)
    assert client.refused(client.ask(suite.browser(), asked), asked) == "invalid_request"


def test_oidcc_display_page(suite):
    suite.client().flow(suite.browser(), display="page")


def test_oidcc_display_popup(suite):
    suite.client().flow(suite.browser(), display="popup")


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(suite):
    suite.client().flow(suite.browser(), extra="foobar")


@pytest.mark.parametrize("hint", ["alice", "buffy@localhost"])
def test_oidcc_login_hint(suite, hint):
    suite.client().flow(suite.browser(), login_hint=hint)


def test_oidcc_ui_locales(suite):
    suite.client().flow(suite.browser(), ui_locales="se")


def test_oidcc_claims_locales(suite):
    suite.client().flow(suite.browser(), claims_locales="se")


def test_oidcc_ensure_request_with_acr_values_succeeds(suite):
    asked = suite.server["acr_values_supported"]
    done = suite.client().flow(suite.browser(), acr_values=" ".join(asked))
    assert done.id_token["acr"] in asked


def test_oidcc_ensure_registered_redirect_uri(suite):
    client, browser = suite.client(), suite.browser()
    asked = client.asking(redirect_uri=f"{client.redirect_uri}/Zh3k2mT9xQ")
    client.look(browser, asked, "oidcc-ensure-registered-redirect-uri")
    assert browser.shown == ["error"]


@with_a_code
def test_oidcc_ensure_post_request_succeeds(suite):
    suite.client().flow(suite.browser(), "POST")


@with_a_code
def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite):
    client = suite.client()
    asked = client.asking(code_challenge=challenge(VERIFIER), code_challenge_method="S256")
    client.finish(client.ask(suite.browser(), asked), asked, code_verifier=VERIFIER)

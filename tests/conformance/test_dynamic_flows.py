"""Modules of the plan Dynamic about the flow: what is registered shows in it."""

from __future__ import annotations

import pytest

from tests.conformance import id_tokens, registration
from tests.conformance.dynamic import dynamic, with_any_response

pytestmark = [dynamic, with_any_response]


def refused(suite, client, module, **changes):
    """Send a request that ends on an error page."""
    browser = suite.browser()
    asked = client.asking(**changes)
    client.look(browser, asked, module)
    assert browser.shown == ["error"]


def test_oidcc_server(suite):
    done = suite.client().flow(suite.browser())
    id_tokens.check_nothing_unasked(done.id_token)
    if "code" in done.response:
        id_tokens.check_hash(done.id_token, "c_hash", done.response["code"], required=False)


def test_oidcc_idtoken_rs256(suite):
    client = suite.client(id_token_signed_response_alg="RS256")
    header = client.flow(suite.browser()).id_token.header
    assert header["kid"]
    assert header["alg"] == "RS256"


def test_oidcc_userinfo_rs256(suite):
    assert "RS256" in suite.server["userinfo_signing_alg_values_supported"]
    client = suite.client(userinfo_signed_response_alg="RS256")
    assert client.client["userinfo_signed_response_alg"] == "RS256"
    client.flow(suite.browser())


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite):
    uris = [f"{suite.provider.suite_url}/callback", "https://example.org/redirect"]
    module = "oidcc-ensure-redirect-uri-in-authorization-request"
    refused(suite, suite.client(redirect_uris=uris), module, redirect_uri=None)


@pytest.fixture
def with_query(suite):
    """A client whose redirect URI has a query."""
    return suite.client(redirect_uris=[f"{suite.provider.suite_url}/callback?bar=foo"])


def test_oidcc_redirect_uri_query_OK(suite, with_query):
    with_query.flow(suite.browser())


def test_oidcc_redirect_uri_query_mismatch(suite, with_query):
    other = with_query.redirect_uri.replace("bar=foo", "bar=other")
    refused(suite, with_query, "oidcc-redirect-uri-query-mismatch", redirect_uri=other)


def test_oidcc_redirect_uri_query_added(suite):
    client = suite.client()
    other = f"{client.redirect_uri}?foo=bar"
    refused(suite, client, "oidcc-redirect-uri-query-added", redirect_uri=other)


def test_oidcc_redirect_uri_regfrag(suite):
    uri = f"{suite.provider.suite_url}/callback#fragment"
    assert suite.refused(redirect_uris=[uri]) in registration.WRONG_METADATA


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(suite):
    client = suite.client()
    client.audience = suite.server["issuer"]
    client.flow(suite.browser())

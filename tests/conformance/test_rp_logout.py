"""Modules of the plan RP-Initiated Logout."""

from __future__ import annotations

import base64

import pytest

from tests.conformance import logout
from tests.conformance.conftest import BASIC, ID_TOKEN, ID_TOKEN_TOKEN

pytestmark = pytest.mark.parametrize("variant", [BASIC, ID_TOKEN, ID_TOKEN_TOKEN], ids=str)

MODULE = "oidcc-rp-initiated-logout"
ALG_NONE = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()


@pytest.fixture
def client(suite):
    uri = f"{suite.provider.suite_url}/post_logout_redirect"
    return suite.client(post_logout_redirect_uris=[uri])


@pytest.fixture
def browser(suite):
    return suite.browser()


@pytest.fixture
def hint(client, browser):
    """The ID token of somebody who has just signed in."""
    return client.flow(browser, state=logout.LONG).id_token.raw


def test_no_page_of_the_provider_is_taken_for_the_way_back(client, browser, hint):
    """Not even one whose address has the suite's address in its query."""
    url = logout.url(
        client, id_token_hint=f"{hint}x", post_logout_redirect_uri=logout.after(client)
    )
    with pytest.raises(AssertionError, match="is no page for: Be back"):
        browser.visit(url, client.provider.entries())


@pytest.fixture
def asked(client, hint):
    """The parameters that every module begins with."""
    return {
        "id_token_hint": hint,
        "post_logout_redirect_uri": logout.after(client),
        "state": logout.STATE,
    }


def ends_on(client, browser, module, element, **asked):
    """Send the browser; it stays here, on a page that is photographed."""
    browser.look(logout.url(client, **asked), client.provider.entries(f"{MODULE}-{module}"))
    assert browser.shown == [element]


def goes_back(client, browser, **asked):
    """Send the browser; it comes back to the suite. Return its arrival."""
    return browser.visit(logout.url(client, **asked), client.provider.entries())


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(suite):
    suite.server.check_https()
    assert suite.server["end_session_endpoint"].startswith("https://")


def test_oidcc_rp_initiated_logout(client, browser, asked):
    arrival = goes_back(client, browser, **asked)
    logout.check_back(client, arrival, logout.STATE)
    logout.check_signed_out(client, browser)


def test_oidcc_rp_initiated_logout_no_state(client, browser, asked):
    arrival = goes_back(client, browser, **asked | {"state": None})
    logout.check_back(client, arrival, None)
    logout.check_signed_out(client, browser)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(client, browser, asked):
    bad = f"{client.provider.suite_url}/bad_post_logout_redirect_uri"
    asked |= {"post_logout_redirect_uri": bad}
    ends_on(client, browser, "bad-post-logout-redirect-uri", "error", **asked)


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(client, browser, asked):
    asked |= {"post_logout_redirect_uri": f"{logout.after(client)}?foo=bar"}
    ends_on(client, browser, "query-added-to-post-logout-redirect-uri", "error", **asked)


def test_oidcc_rp_initiated_logout_bad_id_token_hint(client, browser, asked):
    asked |= {"id_token_hint": logout.made_by(client)}
    ends_on(client, browser, "bad-id-token-hint", "error", **asked)


def test_oidcc_rp_initiated_logout_modified_id_token_hint(client, browser, asked):
    _, claims, _ = asked["id_token_hint"].split(".")
    asked |= {"id_token_hint": f"{ALG_NONE}.{claims}."}
    ends_on(client, browser, "modified-id-token-hint", "error", **asked)


def test_oidcc_rp_initiated_logout_no_id_token_hint(client, browser, asked):
    ends_on(client, browser, "no-id-token-hint", "error", **asked | {"id_token_hint": None})


def test_oidcc_rp_initiated_logout_no_params(client, browser, hint):
    ends_on(client, browser, "no-params", "signed-out")
    logout.check_signed_out(client, browser)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(client, browser, asked):
    asked |= {"post_logout_redirect_uri": None}
    ends_on(client, browser, "no-post-logout-redirect-uri", "signed-out", **asked)
    logout.check_signed_out(client, browser)


def test_oidcc_rp_initiated_logout_only_state(client, browser, hint):
    ends_on(client, browser, "only-state", "signed-out", state=logout.STATE)
    logout.check_signed_out(client, browser)

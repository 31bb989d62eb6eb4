"""Modules of the plan Back-Channel Logout."""

from __future__ import annotations

import pytest

from tests.conformance import logout
from tests.conformance.conftest import BASIC, ID_TOKEN, ID_TOKEN_TOKEN

pytestmark = pytest.mark.parametrize("variant", [BASIC, ID_TOKEN, ID_TOKEN_TOKEN], ids=str)

MODULE = "oidcc-backchannel-rp-initiated-logout"


def test_oidcc_backchannel_logout_discovery_endpoint_verification(suite):
    suite.server.check_https()
    assert suite.server["backchannel_logout_supported"] is True
    assert suite.server["backchannel_logout_session_supported"] is True
    assert suite.server["end_session_endpoint"].startswith("https://")


def test_oidcc_backchannel_rp_initiated_logout(suite):
    base = suite.provider.suite_url
    client = suite.client(
        module=MODULE,
        post_logout_redirect_uris=[f"{base}/post_logout_redirect"],
        backchannel_logout_session_required=True,
        backchannel_logout_uri=f"{base}/backchannel_logout",
    )
    browser = suite.browser()
    id_token = client.flow(browser, state=logout.LONG).id_token
    url = logout.url(
        client,
        id_token_hint=id_token.raw,
        post_logout_redirect_uri=logout.after(client),
        state=logout.STATE,
    )
    arrival = browser.visit(url, suite.provider.entries(MODULE))
    form = suite.provider.suite.logout(id_token["sid"])
    logout.check_logout_token(form, client, id_token)
    logout.check_back(client, arrival, logout.STATE)
    logout.check_signed_out(client, browser)

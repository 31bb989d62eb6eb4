"""Modules of the plan Third-Party-Initiated Login (OpenID Registration section 2)."""

from __future__ import annotations

import pytest

from tests.conformance import registration
from tests.conformance.conftest import BASIC, registered_now

pytestmark = [registered_now, pytest.mark.parametrize("variant", [BASIC], ids=str)]


def test_oidcc_3rd_party_init_login(suite):
    uri = f"{suite.provider.suite_url}/initiate_login"
    client = suite.register(initiate_login_uri=uri)
    assert client["initiate_login_uri"] == uri
    assert registration.read(client, suite.http)["initiate_login_uri"] == uri


def test_oidcc_3rd_party_init_login_nohttps(suite):
    uri = f"{suite.provider.suite_url}/initiate_login".replace("https://", "http://")
    assert suite.refused(initiate_login_uri=uri) == "invalid_client_metadata"

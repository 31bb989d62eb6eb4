"""Modules of Basic and Form Post about the token endpoint."""

from __future__ import annotations

from tests.conformance import tokens
from tests.conformance.conftest import with_a_code
from tests.conformance.refreshing import check_refresh_tokens

pytestmark = with_a_code


def test_oidcc_codereuse(suite):
    client = suite.client()
    client.flow(suite.browser())
    tokens.check_invalid_grant(client.token(**client.used))


def test_oidcc_codereuse_30seconds(suite):
    client = suite.client()
    done = client.flow(suite.browser())
    suite.provider.clock.pass_by(30)
    tokens.check_invalid_grant(client.token(**client.used))
    assert 400 <= client.userinfo(done.access_token).status_code < 500


def test_oidcc_refresh_token(suite):
    check_refresh_tokens(suite)

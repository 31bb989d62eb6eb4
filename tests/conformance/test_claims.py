"""Modules of Basic, Form Post and Implicit about UserInfo, scopes and single claims."""

from __future__ import annotations

import json

import pytest

from tests.conformance import id_tokens, userinfo
from tests.conformance.conftest import BASIC, FORM_POST, ID_TOKEN_TOKEN

with_userinfo = pytest.mark.parametrize("variant", [BASIC, FORM_POST, ID_TOKEN_TOKEN], ids=str)


@with_userinfo
def test_oidcc_userinfo_get(suite):
    check_userinfo(suite, userinfo.get)


@with_userinfo
def test_oidcc_userinfo_post_header(suite):
    check_userinfo(suite, userinfo.post_header)


@with_userinfo
def test_oidcc_userinfo_post_body(suite):
    check_userinfo(suite, userinfo.post_body)


def check_userinfo(suite, how):
    client = suite.client()
    done = client.flow(suite.browser())
    userinfo.said(client.userinfo(done.access_token, how), done.sub, suite.provider.clock())


def test_oidcc_scope_profile(suite):
    scoped(suite, "openid profile")


def test_oidcc_scope_email(suite):
    check_email_alone(suite, "openid email")


def test_oidcc_scope_address(suite):
    scoped(suite, "openid address")


def test_oidcc_scope_phone(suite):
    scoped(suite, "openid phone")


def test_oidcc_scope_all(suite):
    scoped(suite, "openid email phone address profile")


def test_oidcc_ensure_other_scope_order_succeeds(suite):
    check_email_alone(suite, "email openid")


def check_email_alone(suite, scope):
    """Nothing but the address is told, and that in the right place."""
    done, claims = scoped(suite, scope)
    assert "name" not in claims
    if done.access_token is not None:
        id_tokens.check_nothing_unasked(done.id_token)


def told(suite, client, done):
    """The claims in the place of the variant: UserInfo, where there is an access token."""
    if done.access_token is None:
        return done.id_token.claims
    response = client.userinfo(done.access_token)
    return userinfo.said(response, done.sub, suite.provider.clock())


def scoped(suite, scope):
    """Ask for a scope; return the outcome and the claims that it gave."""
    assert set(scope.split()) <= set(suite.server["scopes_supported"])
    client = suite.client(scope=scope)
    done = client.flow(suite.browser())
    claims = told(suite, client, done)
    userinfo.check_scopes(claims, scope)
    return done, claims


def test_oidcc_claims_essential(suite):
    client = suite.client()
    member = "userinfo" if suite.variant.gives_access_token else "id_token"
    asked = json.dumps({member: {"name": {"essential": True}}})
    done = client.flow(suite.browser(), claims=asked)
    assert told(suite, client, done)["name"]
    if member == "userinfo":
        id_tokens.check_nothing_unasked(done.id_token)

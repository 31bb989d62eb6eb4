"""Modules of Basic, Form Post and Implicit about UserInfo, scopes and single claims."""

from __future__ import annotations

import json

from tests.conformance import id_tokens, userinfo
from tests.conformance.conftest import with_an_access_token


@with_an_access_token
def test_oidcc_userinfo_get(suite):
    check_userinfo(suite, userinfo.get)


@with_an_access_token
def test_oidcc_userinfo_post_header(suite):
    check_userinfo(suite, userinfo.post_header)


@with_an_access_token
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


def test_oidcc_alternate_happy_flow(suite):
    check_email_alone(suite, "email openid", backwards=True)


def check_email_alone(suite, scope, *, backwards=False):
    """Nothing but the address is told, and that in the right place."""
    done, claims = scoped(suite, scope, backwards=backwards)
    assert "name" not in claims
    if done.access_token is not None:
        id_tokens.check_nothing_unasked(done.id_token)


def told(suite, client, done):
    """The claims in the place of the variant: UserInfo, where there is an access token."""
    if done.access_token is None:
        return done.id_token.claims
    response = client.userinfo(done.access_token)
    return userinfo.said(response, done.sub, suite.provider.clock())


def scoped(suite, scope, *, backwards=False):
    """Ask for a scope; return the outcome and the claims that it gave.

    ``backwards`` sends the parameters from z to a.
    """
    assert set(scope.split()) <= set(suite.server["scopes_supported"])
    client = suite.client(scope=scope)
    asked = client.asking()
    sent = dict(sorted(asked.items(), reverse=True)) if backwards else asked
    done = client.finish(client.ask(suite.browser(), sent), asked)
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

"""Our assembly of oauthlib's endpoints."""

import pytest
from oauthlib.oauth2 import AuthorizationCodeGrant, ImplicitGrant, RefreshTokenGrant

from oauthprov.protocol.engine.endpoints import Engine
from oauthprov.protocol.request.checked_request import CheckedRequest


def checks(context):
    return CheckedRequest()


def test_many_engines_leave_the_grant_classes_as_they_were(world):
    def lists():
        return [list(g.response_types) for g in (AuthorizationCodeGrant, RefreshTokenGrant)]

    before = lists(), list(ImplicitGrant.response_types)
    for _ in range(10):
        Engine(world.provider.validator, world.settings, checks)
    assert (lists(), list(ImplicitGrant.response_types)) == before


def test_two_engines_share_no_check(world):
    ran = []

    def noting(name):
        def check(context, authorizing):
            ran.append(name)
            return CheckedRequest()

        return check

    names = ("first", "second")
    engines = [Engine(world.provider.validator, world.settings, noting(name)) for name in names]
    for engine in engines:
        with world.provider.validator.request("authorize"):
            engine.validate_authorization(tuple(world.query()))
    assert ran == ["first", "second"]


def test_a_bug_is_not_hidden_as_a_server_error(world):
    def fail(*args, **kwargs):
        raise ZeroDivisionError

    world.storage.inner.commit = fail
    with pytest.raises(ZeroDivisionError):
        world.authorize(person=None)
    del world.storage.inner.commit
    code = world.code()
    world.storage.inner.commit = fail
    with pytest.raises(ZeroDivisionError):
        world.redeem(code)

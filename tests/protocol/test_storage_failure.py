"""A backend that fails: StorageError goes through, and nothing is half written."""

import pytest

from oauthprov.protocol.request.answers import Visitor
from oauthprov.storage.interface import StorageError
from tests.protocol.world import ALICE, BROWSER


@pytest.fixture
def broken(world):
    """Break the next read or the next commit of the world's storage."""

    def fail(*args, **kwargs):
        raise StorageError("the connection is gone")

    def break_it(verb):
        setattr(world.storage.inner, verb, fail)

    def mend():
        for verb in ("get_many", "commit"):
            world.storage.inner.__dict__.pop(verb, None)

    break_it.mend = mend
    return break_it


@pytest.mark.parametrize("verb", ["get_many", "commit"])
def test_a_failure_is_a_storage_error_and_the_next_attempt_works(world, broken, verb):
    pending = world.authorize(scope="write").interaction_id
    code, tokens = world.code(), world.tokens()
    attempts = [
        lambda: world.refresh(tokens["refresh_token"]),
        lambda: world.redeem(code),
        lambda: world.authorize(person=None),
        lambda: world.authorization.decide(pending, Visitor(BROWSER, ALICE), allow=True),
        lambda: world.post("revoke", {"token": tokens["access_token"]}, client_id="app"),
    ]
    before = world.dump()
    world.provider.clients.evict("app")
    broken(verb)
    for attempt in attempts:
        with pytest.raises(StorageError):
            attempt()
    broken.mend()
    assert world.dump() == before
    for attempt in attempts:
        assert getattr(attempt(), "status", 200) == 200


def test_a_failed_read_is_not_an_inactive_token(world, broken):
    token = world.tokens()["access_token"]
    broken("get_many")
    with pytest.raises(StorageError):
        world.introspect(token)
    with pytest.raises(StorageError):
        world.is_live(token)

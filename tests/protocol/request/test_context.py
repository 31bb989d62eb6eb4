"""The context of a request keeps secrets to itself."""

from __future__ import annotations

from oauthprov.records import Client
from tests.protocol.world import PHOTOS, World


def test_a_context_shows_no_token(world):
    """Tools that report errors print the local variables of a traceback."""
    tokens = world.redeem(world.code()).body
    with world.provider.validator.request() as context:
        assert context.bearer(tokens["access_token"]) is not None
        context.find_client("app")
        shown = repr(context)
    assert tokens["access_token"] not in shown


def test_a_context_shows_no_jwt():
    world = World(resources=f"{PHOTOS} | photos | Photos | jwt")
    world.client()
    token = world.tokens(resource=PHOTOS, scope="photos")["access_token"]
    with world.provider.validator.request() as context:
        assert context.verified(token, "at+jwt") is not None
        shown = repr(context)
    assert token not in shown


def test_a_record_that_was_loaded_is_not_read_again_for_being_expected(world):
    world.client("other")
    with world.provider.validator.request() as context:
        before = context.load(Client, "app")
        context.expect(Client, "app")
        world.change(Client, "app", name="Changed")
        context.load(Client, "other")
        assert context.load(Client, "app") is before

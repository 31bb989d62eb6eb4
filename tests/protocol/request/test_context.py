"""The context of a request keeps secrets to itself."""

from __future__ import annotations


def test_a_context_shows_no_token(world):
    """Tools that report errors print the local variables of a traceback."""
    tokens = world.redeem(world.code()).body
    with world.provider.validator.request() as context:
        assert context.bearer(tokens["access_token"]) is not None
        context.find_client("app")
        shown = repr(context)
    assert tokens["access_token"] not in shown

import pytest

from .world import World


@pytest.fixture
def world():
    """A provider with one web client, ``app``."""
    made = World()
    made.client()
    return made

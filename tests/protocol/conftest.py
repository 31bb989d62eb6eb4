import hypothesis
import pytest

from tests.protocol.world import World

# A deadline would measure the machine, which is shared.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def world():
    """A provider with one web client, ``app``."""
    made = World()
    made.client()
    return made

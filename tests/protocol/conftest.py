import hypothesis
import pytest

from tests.protocol.world import World

# A deadline measures the machine, and this suite shares it.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def world():
    """A provider with one web client, ``app``."""
    made = World()
    made.client()
    return made

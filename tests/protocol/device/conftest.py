import pytest

from tests.protocol.device.television import television


@pytest.fixture
def tv():
    """A provider, and a television that is its client."""
    return television()

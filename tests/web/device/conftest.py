import pytest

from tests import site as sites
from tests.web.device.devices import Device, television


@pytest.fixture
def made():
    """Make sites with settings of their own."""
    opened = []

    def make(**settings):
        opened.append(sites.standalone(sites.ini("sqlite://", **settings)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def site(made):
    return made()


@pytest.fixture
def alice(site):
    return site.browser().enter("alice")


@pytest.fixture
def device(site):
    """A television that has begun."""
    return Device.begin(television(site), scope="profile:read")

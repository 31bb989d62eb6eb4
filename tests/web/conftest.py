"""The stand-alone server on SQLite in memory, a new one for each test."""

from __future__ import annotations

import pytest

from tests import site as sites
from tests.site import Site


@pytest.fixture
def site():
    made = sites.standalone(sites.ini("sqlite://", development="true"))
    yield made
    made.close()


@pytest.fixture
def alice(site: Site):
    return site.browser().sign_up("alice")

"""The stand-alone server on SQLite in memory, a new one for each test."""

from __future__ import annotations

import pytest
import redis

from tests import site as sites
from tests.conftest import RUN
from tests.servers import empty
from tests.servers.redis import apart
from tests.site import Site


@pytest.fixture
def site():
    made = sites.standalone(sites.ini("sqlite://", development="true"))
    yield made
    made.close()


@pytest.fixture
def alice(site: Site):
    return site.browser().sign_up("alice")


@pytest.fixture
def small_redis(pytestconfig):
    """A Redis that keeps no file, and a client that sets its limit of memory."""
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "0")
        empty(url)
        yield url, client
        client.config_set("maxmemory", "0")

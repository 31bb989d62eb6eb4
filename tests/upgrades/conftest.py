"""What the first version left, upgraded on each engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from alembic.script import ScriptDirectory

from oauthprov.records import KINDS, Record
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Storage, Stored
from oauthprov.storage.sql.migrations.run import configuration
from tests import site as sites
from tests.site import Site
from tests.storage.sql import migrated_to
from tests.upgrades import first
from tests.upgrades.first import Left

SCRIPTS = ScriptDirectory.from_config(configuration())
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]


@dataclass(frozen=True)
class Upgraded:
    """A storage of the first version, and what was in it when it had just been upgraded.

    ``rows`` are those that were left, after each migration; ``records`` all, by kind and key.
    """

    url: str
    left: Left
    rows: Mapping[str, list[dict[str, object]]]
    records: Mapping[tuple[type[Record], str], Stored[Record]]
    found: Mapping[tuple[type[Record], str, str], set[str]]
    """The keys by kind, index and value."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb", "redis", "cluster"])
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """What the first version left on an engine, brought to this version step by step."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('early')}/early.sqlite"
    else:
        name = "redis_cluster" if request.param == "cluster" else request.param
        url = str(request.getfixturevalue(f"{name}_url"))
    left = first.left(url)
    first.put(url, left)
    rows = {}
    for revision in REVISIONS if "redis" not in url else ():
        migrated_to(url, revision)
        rows[revision] = first.rows(url, left)
    storage = open_storage(url)
    try:
        storage.upgrade()
        storage.ping()
        records = {(kind, item.record.storage_key): item for kind, item in every(storage)}
        return Upgraded(url, left, rows, records, found_in(storage, records))
    finally:
        storage.close()


def every(storage: Storage) -> Iterator[tuple[type[Record], Stored[Record]]]:
    for kind in KINDS:
        for stored in storage.walk(kind):
            yield kind, stored


def found_in(
    storage: Storage, records: Mapping[tuple[type[Record], str], Stored[Record]]
) -> dict[tuple[type[Record], str, str], set[str]]:
    found: dict[tuple[type[Record], str, str], set[str]] = {}
    for (kind, _), stored in records.items():
        for index in kind.shape.indexes:
            value = getattr(stored.record, index)
            if value is not None and (kind, index, value) not in found:
                page = storage.find(kind, **{index: value})
                keys = {item.record.storage_key for item in page.items}
                found[kind, index, value] = keys
    return found


@pytest.fixture(scope="module")
def site(upgraded: Upgraded) -> Iterator[Site]:
    """Today's server on it, a moment later."""
    made = sites.standalone(sites.ini(upgraded.url, scopes=sites.OPENID))
    made.clock.now = upgraded.left.held["now"] + 1
    yield made
    made.close()

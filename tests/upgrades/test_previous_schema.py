"""Records of every kind, as the previous version stored them, go to this version and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from oauthprov.records import KINDS
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Replace
from oauthprov.storage.testing.samples import NOW
from tests.servers import empty
from tests.storage.sql import drop_tables
from tests.upgrades import archive

FILL = """\
import dataclasses, json, sys
from oauthprov.records import KINDS
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples
storage = open_storage(sys.argv[1])
if sys.argv[2:] == ["first"]:
    storage.upgrade()
written = []
for kind in KINDS:
    for bare in (False, True):
        record = samples.fill(kind, samples.unique("slot."), bare=bare)
        # A later version may search by any id, and a sample has ids that are no keys.
        given = [n for n, value in dataclasses.asdict(record).items() if value is not None]
        ids = [name for name in given if name.endswith("_id") and name != kind.shape.key]
        record = dataclasses.replace(record, **dict.fromkeys(ids, "slot"))
        storage.commit(Add(record), now=samples.NOW)
        written.append((kind.shape.name, record.storage_key, dataclasses.asdict(record)))
storage.close()
print(json.dumps(written))
"""
READ = """\
import dataclasses, json, sys
from oauthprov.records import KINDS
from oauthprov.storage import open_storage
kinds = {kind.shape.name: kind for kind in KINDS}
storage = open_storage(sys.argv[1])
found = []
for name, key, _ in json.load(sys.stdin):
    stored = storage.get(kinds[name], key)
    found.append((name, key, stored and dataclasses.asdict(stored.record)))
storage.close()
print(json.dumps(found))
"""
BY_NAME = {kind.shape.name: kind for kind in KINDS}
Records = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive.unpacked(tmp_path_factory.mktemp("previous"))


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "redis", "redis_cluster"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty storage without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/previous.sqlite"
    url = str(request.getfixturevalue(f"{request.param}_url"))
    if url.startswith("redis"):
        empty(url)
    else:
        drop_tables(url)
    return url


def run(program: str, url: str, code: Path, *more: str, given: str = "") -> Records:
    """Run a program of the previous version."""
    read: Records = json.loads(archive.run(program, url, *more, code=code, given=given))
    return read


def test_records_of_every_kind_go_to_this_version_and_back(url: str, previous: Path) -> None:
    written = run(FILL, url, previous, "first")
    assert {name for name, _, _ in written} <= set(BY_NAME), "a kind was removed"
    storage = open_storage(url)
    storage.upgrade()
    for name, key, was in written:
        kind = BY_NAME[name]
        stored = storage.get(kind, key)
        assert stored is not None, key
        now = json.loads(json.dumps(asdict(stored.record)))
        assert {field: now[field] for field in was} == was
        added = [field for field in kind.shape.fields if field.name not in was]
        assert [getattr(stored.record, field.name) for field in added] == [
            field.default for field in added
        ]
        for index in kind.shape.indexes:
            if was[index] is not None:
                found = storage.find(kind, **{index: was[index]}).items
                assert key in {item.record.storage_key for item in found}, (name, index)
        storage.commit(Replace(stored.record, expecting=stored), now=NOW)
    storage.close()
    assert run(READ, url, previous, given=json.dumps(written)) == written


def test_what_the_previous_version_adds_meanwhile_is_found_after_another_upgrade(
    url: str, previous: Path
) -> None:
    """It knows nothing of an index that this version has added, and Redis has nothing else."""
    storage = open_storage(url)
    storage.upgrade()
    written = run(FILL, url, previous)
    storage.upgrade()
    for name, key, was in written:
        kind = BY_NAME[name]
        assert key in {item.record.storage_key for item in storage.walk(kind)}
        for index in kind.shape.indexes:
            if was[index] is not None:
                found = storage.find(kind, **{index: was[index]}).items
                assert key in {item.record.storage_key for item in found}, (name, index)
    storage.close()

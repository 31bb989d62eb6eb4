"""The commands of docs/transfer.md, as they stand there, from SQLite to Redis and back."""

from __future__ import annotations

from pathlib import Path

from oauthprov.records import Account, Login
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.documents import blocks
from tests.documents.serving import run
from tests.servers import empty

PAGE = "docs/transfer.md"
[READ_ONLY] = [block.text.strip() for block in blocks.of(PAGE, "ini")]
FIRST, LAST, BACK_UP, RESTORE = (block.text.strip() for block in blocks.of(PAGE, "sh"))


def make_read_only(ini: Path) -> None:
    ini.write_text(f"{ini.read_text()}{READ_ONLY}\n")


def names(url: str) -> list[str]:
    storage = open_storage(url)
    found = [stored.record.name for stored in storage.walk(Account)]
    storage.close()
    return found


def test_a_site_moves_and_its_backup_is_restored(tmp_path: Path, redis_url: str):
    empty(redis_url)
    files = {name: f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("production", "restored")}
    files |= {"postgresql": redis_url, "backup": f"sqlite:///{tmp_path}/backup.sqlite"}
    inis = {
        name: write_ini(tmp_path / f"{name}.ini", sites.ini(url)) for name, url in files.items()
    }
    storage = open_storage(files["production"])
    storage.upgrade()
    storage.commit(Add(Account("one", "alice", 1)), Add(Login("alice", "one")), now=1)
    run(tmp_path, "sh", "-c", FIRST)
    storage.commit(Add(Account("two", "bob", 1)), Add(Login("bob", "two")), now=1)
    storage.close()
    make_read_only(inis["production"])
    assert "account" in run(tmp_path, "sh", "-c", LAST)
    assert names(redis_url) == ["alice", "bob"]
    # The new place serves, and is backed up and restored.
    write_ini(inis["production"], sites.ini(redis_url))
    run(tmp_path, "sh", "-c", BACK_UP)
    run(tmp_path, "sh", "-c", BACK_UP)
    make_read_only(inis["backup"])
    assert "account" in run(tmp_path, "sh", "-c", RESTORE)
    assert names(files["restored"]) == ["alice", "bob"]

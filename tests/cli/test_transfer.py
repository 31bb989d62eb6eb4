"""``oauthprov transfer``."""

from __future__ import annotations

import sqlite3

import pytest

from oauthprov.records import TRANSFER, Account, Client, Transfer
from oauthprov.storage import open_storage
from oauthprov.storage.interface import StorageError
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.servers import empty


@pytest.fixture
def target(tmp_path):
    """The .ini of an empty SQLite file that has no tables yet."""
    return write_ini(tmp_path / "target.ini", sites.ini(f"sqlite:///{tmp_path}/target.sqlite"))


@pytest.fixture
def target_storage(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/target.sqlite")
    yield storage
    storage.close()


def transfer(command, target, *more):
    return command.bare("transfer", str(command.ini), str(target), *more)


def make_read_only(ini):
    with open(ini, "a") as file:
        file.write("oauthprov.storage.read_only = true\n")


@pytest.mark.parametrize("engine", ["sqlite", "redis"])
def test_a_first_run_copies_and_the_last_completes(command, target, tmp_path, request, engine):
    if engine == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
        target = write_ini(tmp_path / "target.ini", sites.ini(url))
    alice = command.user("alice")["account_id"]
    first = transfer(command, target)
    assert (first.code, first.out) == (0, "")
    assert "Records looked at: 3\n" in first.err
    assert "isn't complete" in first.err
    client_id = command.client()["client_id"]
    make_read_only(command.ini)
    last = transfer(command, target, "--json")
    assert last.code == 0
    assert "serve from the target" in last.err
    assert (last.json["complete"], last.json["looked_at"]) == (True, 5)
    kinds = last.json["kinds"]
    counts = {kind: its["count"] for kind, its in kinds.items() if its["count"]}
    assert counts == {"account": 1, "login": 1, "client": 1, "audit_entry": 2}
    assert all(len(its["sha256"]) == 64 for its in kinds.values())
    command.ini = target
    assert alice in command("user", "list", "--json").out
    assert command("client", "show", client_id, "--json").code == 0
    again = command.bare("transfer", str(tmp_path / "server.ini"), str(target))
    assert (again.code, again.out) == (1, "")
    assert "The target isn't empty" in again.err


def test_the_last_run_shows_counts_and_digests(command, target):
    command.user("alice")
    make_read_only(command.ini)
    head, *rows = transfer(command, target).out.splitlines()
    assert head.split() == ["KIND", "RECORDS", "SHA-256", "ON", "BOTH", "SIDES"]
    kinds = [["account", "1"], ["login", "1"], ["audit_entry", "1"]]
    assert [row.split()[:2] for row in rows] == kinds


@pytest.mark.parametrize(
    ("changed", "key", "reason"),
    [
        ({"oauthprov.issuer": "https://other.example"}, "oauthprov.issuer", "tokens and apps"),
        ({"oauthprov.secret": "another-secret-of-thirty-two-letters"}, "oauthprov.secret", "keys"),
        (
            {"oauthprov.openid.pairwise_secret": "a pairwise secret of thirty-two letters"},
            "oauthprov.openid.pairwise_secret",
            "sub",
        ),
    ],
    ids=["issuer", "secret", "pairwise_secret"],
)
def test_what_would_break_in_the_target_is_refused(
    command, tmp_path, target_storage, changed, key, reason
):
    settings = sites.ini(f"sqlite:///{tmp_path}/target.sqlite") | changed
    done = transfer(command, write_ini(tmp_path / "target.ini", settings))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(key)
    assert reason in done.err
    assert not any(value in done.err for value in changed.values())
    with pytest.raises(StorageError):
        target_storage.ping()


def test_the_target_may_have_newer_secrets_too(command, tmp_path):
    settings = sites.ini(f"sqlite:///{tmp_path}/target.sqlite")
    secret = settings["oauthprov.secret"]
    settings["oauthprov.secret"] = f"a-new-secret-of-thirty-two-letters {secret}"
    assert transfer(command, write_ini(tmp_path / "target.ini", settings)).code == 0


def test_a_storage_is_not_transferred_to_itself(command):
    done = transfer(command, command.ini)
    assert (done.code, done.err) == (1, "Both .ini files name the same storage.\n")


def test_a_source_without_tables_is_refused(command, tmp_path, target):
    url = f"sqlite:///{tmp_path}/none.sqlite"
    command.ini = write_ini(tmp_path / "none.ini", sites.ini(url))
    done = transfer(command, target)
    assert done.code == 1
    assert "oauthprov storage upgrade" in done.err


def test_a_source_with_a_newer_schema_is_refused_rather_than_half_read(command, target, tmp_path):
    with sqlite3.connect(tmp_path / "oauthprov.sqlite") as connection:
        connection.execute("UPDATE oauthprov_version SET version_num = '9999'")
    done = transfer(command, target)
    assert (done.code, done.out) == (1, "")
    assert "the schema 9999 of a newer version" in done.err
    assert not (tmp_path / "target.sqlite").exists()


def test_the_mark_of_a_target_holds_no_password(command, tmp_path, redis_url, target_storage):
    empty(redis_url)
    with_password = redis_url.replace("redis://", "redis://default:swordfish@")
    command.ini = write_ini(tmp_path / "redis.ini", sites.ini(with_password))
    target = write_ini(tmp_path / "t.ini", sites.ini(f"sqlite:///{tmp_path}/target.sqlite"))
    done = transfer(command, target)
    assert done.code == 0, done.err
    [mark] = target_storage.walk(Transfer)
    assert (mark.record.key, mark.record.source) == (TRANSFER, redis_url)
    assert not list(target_storage.walk(Account)) + list(target_storage.walk(Client))


def test_other_arguments_are_refused(command, target):
    assert command.bare("transfer", str(command.ini)).code == 2
    assert transfer(command, target, "--force").code == 2
    missing = transfer(command, target.with_name("none.ini"))
    assert (missing.code, "none.ini can't be read" in missing.err) == (1, True)

"""``oauthprov storage``."""

import sqlite3

import pytest
import redis
from sqlalchemy import make_url

from oauthprov.accounts import confirmed_addresses
from oauthprov.records import TRANSFER, Account, Consent, Session, Transfer, consent_key
from oauthprov.storage.interface import Add, Remove
from tests import site as sites
from tests.cli.conftest import write_ini
from tests.conftest import RUN
from tests.servers.redis import apart
from tests.servers.run import free_port


@pytest.fixture
def empty(command, tmp_path):
    """The command on a database that nobody has upgraded."""
    command.ini = write_ini(
        tmp_path / "empty.ini", sites.ini(f"sqlite:///{tmp_path}/empty.sqlite")
    )
    return command


def test_check_names_the_command_to_run_until_the_schema_exists(empty):
    for arguments in (("storage", "check"), ("storage", "purge"), ("user", "list")):
        before = empty(*arguments)
        assert (before.code, before.out) == (1, "")
        assert "oauthprov storage upgrade" in before.err
    upgraded = empty("storage", "upgrade")
    assert upgraded.code == 0
    assert upgraded.err.endswith("The storage is ready for this version.\n")
    after = empty("storage", "check", "--json")
    assert after.code == 0
    assert after.json["ready"] is True
    assert after.json["facts"]["engine"] == "sqlite"
    assert empty("user", "list").code == 0


@pytest.mark.parametrize("engine", ["command", "on_redis"])
def test_an_upgrade_enters_the_addresses_that_an_earlier_version_confirmed(request, engine):
    command, now = request.getfixturevalue(engine), 1
    claims = '{"email": "alice@example.org", "email_verified": true}'
    account = Account("alice-id", "alice", now, claims=claims)
    storage = command.storage()
    storage.commit(Add(account), now=now)
    assert confirmed_addresses.accounts_at(storage, "alice@example.org") == []
    done = command("storage", "upgrade", "--json")
    assert (done.code, done.json["ready"]) == (0, True)
    assert "Confirmed e-mail addresses entered: 1\n" in done.err
    assert confirmed_addresses.accounts_at(storage, "alice@example.org") == [account]
    storage.close()


@pytest.mark.parametrize("engine", ["postgresql", "mariadb", "redis"])
def test_check_says_why_and_where_the_storage_cannot_be_used(request, command, tmp_path, engine):
    url = make_url(request.getfixturevalue(f"{engine}_url"))
    url = url.set(username="alice", password="hush-hush", port=free_port())
    text = url.render_as_string(hide_password=False)
    command.ini = write_ini(tmp_path / "down.ini", sites.ini(text))
    for arguments in (("check",), ("upgrade",), ("check", "--json")):
        done = command("storage", *arguments)
        assert (done.code, done.out) == (1, "")
        assert done.err.endswith("refuses the connection: no server listens there.\n")
        assert f" at 127.0.0.1:{url.port}/{url.database} " in done.err
        assert len(done.err.splitlines()) == 1
        assert "hush" not in done.err
        assert "alice" not in done.err


def test_the_server_warns_with_the_same_words_at_its_start(caplog):
    port = free_port()
    made = sites.standalone(sites.ini(f"redis://:hush-hush@127.0.0.1:{port}/0"))
    made.close()
    words = f"Redis at 127.0.0.1:{port}/0 refuses the connection: no server listens there"
    assert f"the storage can't be used: {words}" in caplog.text
    assert "hush" not in caplog.text


def test_check_fails_on_a_storage_that_is_full(command, pytestconfig, tmp_path):
    """As /readyz does: no token can be issued."""
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    command.ini = write_ini(tmp_path / "full.ini", sites.ini(url))
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "1")
        try:
            full = command("storage", "check", "--json")
        finally:
            client.config_set("maxmemory", "0")
    assert (full.code, full.json["ready"]) == (1, False)
    assert "is full" in full.err
    assert "is ready" not in full.err
    well = command("storage", "check", "--json")
    assert (well.code, well.json["ready"]) == (0, True)


def test_check_warns_of_settings_that_may_lose_data(command, pytestconfig, tmp_path):
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    command.ini = write_ini(tmp_path / "lossy.ini", sites.ini(url))
    done = command("storage", "check")
    assert done.code == 0
    assert "append-only file is off" in done.err


def test_purge_drops_expired_records_and_consents_of_removed_clients(command):
    client_id = command.client()["client_id"]
    storage = command.storage()
    for client in (client_id, "gone"):
        consent = Consent(consent_key("alice", client), "alice", client, (), (), 1, 1)
        storage.commit(Add(consent), now=1)
    for number in range(3):
        session = Session(str(number), "alice", 1, 1, 1, expires_at=2)
        storage.commit(Add(session), now=1)
    storage.close()
    done = command("storage", "purge", "--json")
    assert done.json == {
        "expired": 3,
        "unused_clients": 0,
        "deleted_accounts": 0,
        "orphaned_consents": 1,
    }
    assert "removed: 3" in done.err
    assert not any(command("storage", "purge", "--json").json.values())
    storage = command.storage()
    assert [kept.record.client_id for kept in storage.walk(Consent)] == [client_id]
    storage.close()


def test_a_broken_database_gives_one_sentence(command, tmp_path):
    (tmp_path / "oauthprov.sqlite").write_bytes(b"not a database, but long enough" * 100)
    for verb in ("check", "upgrade", "purge"):
        done = command("storage", verb)
        assert (done.code, done.out) == (1, "")
        assert "Traceback" not in done.err


def test_a_locked_database_gives_one_sentence(command, tmp_path):
    with open(command.ini, "a") as ini:
        ini.write("oauthprov.storage.timeout = 0\n")
    holder = sqlite3.connect(tmp_path / "oauthprov.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    done = command("client", "add", "--type", "machine", "--name", "Job")
    holder.close()
    assert done.code == 1
    assert "Traceback" not in done.err


def test_check_warns_of_records_of_an_earlier_version_on_redis_until_they_are_upgraded(on_redis):
    """A server of the new version starts there: its schema can't be too old."""
    on_redis.client()
    with redis.Redis.from_url(on_redis.url) as client:
        client.delete("oauthprov:{revision}")
    warning = "run: oauthprov storage upgrade YOUR.ini"
    before = on_redis("storage", "check")
    assert before.code == 0
    assert warning in before.err
    assert on_redis("storage", "upgrade").code == 0
    assert warning not in on_redis("storage", "check").err


def test_check_fails_on_a_storage_that_holds_a_part_of_another(on_each):
    """No server starts there."""
    storage, mark = on_each.storage(), Transfer(TRANSFER, "sqlite:///there", 1)
    storage.commit(Add(mark), now=1)
    half = on_each("storage", "check", "--json")
    assert (half.code, half.json["ready"]) == (1, False)
    assert "an incomplete transfer" in half.err
    assert "from sqlite:///there" in half.err
    assert "is ready" not in half.err
    storage.commit(Remove(Transfer, TRANSFER), now=1)
    storage.close()
    assert on_each("storage", "check").code == 0

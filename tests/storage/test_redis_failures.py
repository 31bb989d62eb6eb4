"""A Redis that refuses: always StorageError, and nothing of the commit is written.

The server is one of its own, since these tests change its settings.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import redis

from oauthprov.records import Account, Client
from oauthprov.storage.interface import Add, Health, Remove, Storage, StorageError
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.redis import open
from oauthprov.storage.redis.storage import failing_as_storage_error
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW
from tests.conftest import RUN
from tests.servers.redis import apart
from tests.servers.run import free_port, until
from tests.storage.redis_backend import KEYS, name_of

ENDLESS = "while true do end"


@pytest.fixture(scope="module")
def url(pytestconfig: pytest.Config) -> str:
    return apart(pytestconfig.stash[RUN], "apart", "--lua-time-limit", "1")


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as client:
        client.flushall()
        yield client


@pytest.fixture
def storage(url: str, client: redis.Redis) -> Iterator[Storage]:
    storage = open(url, {})
    storage.commit(Add(samples.client("app")), now=NOW)
    yield storage
    storage.close()


def refused(storage: Storage, error: str) -> None:
    """Expect a commit of several changes to fail; before Redis 7 a script hides the reason."""
    with pytest.raises(StorageError, match=error) as caught:
        storage.commit(Add(samples.account()), Remove(Client, "app"), now=NOW)
    assert isinstance(caught.value.original, redis.RedisError)


def nothing_changed(client: redis.Redis) -> bool:
    """Tell whether the client is there still, and no account was added or listed."""
    listed = client.keys("oauthprov:{*}:account.*")
    return client.exists(name_of(samples.client("app"))) == 1 and listed == []


def test_a_full_server_refuses_to_add_and_changes_nothing(
    storage: Storage, client: redis.Redis
) -> None:
    client.config_set("maxmemory", "1")
    try:
        refused(storage, "no room")
    finally:
        client.config_set("maxmemory", "0")
    assert nothing_changed(client)
    storage.commit(Remove(Client, "app"), now=NOW)


def test_a_replica_refuses_to_add_and_changes_nothing(
    storage: Storage, client: redis.Redis
) -> None:
    client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    try:
        refused(storage, "takes no writes")
    finally:
        client.execute_command("REPLICAOF", "NO", "ONE")
    assert nothing_changed(client)


def test_a_wrong_password_is_an_error_that_does_not_show_it(url: str, client: redis.Redis) -> None:
    client.config_set("requirepass", "a-password-to-hide")
    wrong = open(url.replace("://", "://:wrong-to-hide@"), {})
    right = open(url.replace("://", "://:a-password-to-hide@"), {})
    try:
        refused(open(url, {}), "refuses the user name or the password")
        with pytest.raises(StorageError) as caught:
            wrong.ping()
        right.ping()
    finally:
        client.config_set("requirepass", "")
    assert "to-hide" not in f"{caught.value!r} {caught.value.original!r}"


def test_a_server_busy_with_a_script_is_an_error_in_time(
    url: str, storage: Storage, client: redis.Redis
) -> None:
    with redis.Redis.from_url(url, socket_timeout=60) as other:

        def run() -> None:
            with pytest.raises(redis.ResponseError):
                other.eval(ENDLESS, 0)

        busy = threading.Thread(target=run)
        busy.start()
        try:
            until(lambda: expect_busy(client))
            with pytest.raises(StorageError):
                storage.commit(Add(samples.account()), now=NOW)
            with pytest.raises(StorageError):
                storage.get(Client, "app")
        finally:
            client.script_kill()
            busy.join()
    assert nothing_changed(client)
    assert storage.get(Client, "app") is not None


def expect_busy(client: redis.Redis) -> None:
    try:
        client.ping()
    except redis.ResponseError as error:
        if "BUSY" in str(error):
            return
    raise RuntimeError("the server isn't busy yet")


def test_a_foreign_value_under_our_key_is_an_error(storage: Storage, client: redis.Redis) -> None:
    account = samples.account()
    client.rpush(name_of(account), "not a string")
    with pytest.raises(StorageError):
        storage.commit(Remove(Client, "app"), Add(account), now=NOW)
    owned = samples.client("owned", owner="alice")
    client.set(KEYS.index("client", "owner", "alice"), "not a sorted set")
    with pytest.raises(StorageError):
        storage.commit(Add(owned), Remove(Client, "app"), now=NOW)
    assert nothing_changed(client)


@pytest.mark.parametrize(
    "value", [b"", b"junk", b"-" * 200, b"\xff" * 60], ids=["empty", "text", "hyphens", "bytes"]
)
def test_a_value_that_is_no_record_is_an_error(
    storage: Storage, client: redis.Redis, value: bytes
) -> None:
    client.set(KEYS.record("account", "alice"), value)
    with pytest.raises(StorageError, match="account"):
        storage.get(Account, "alice")


def test_a_script_that_the_server_lost_is_sent_again(
    storage: Storage, client: redis.Redis
) -> None:
    client.script_flush()
    client.config_resetstat()
    storage.commit(Add(samples.account()), now=NOW)
    storage.commit(Add(samples.account()), now=NOW)
    calls = client.info("commandstats")
    assert calls["cmdstat_evalsha"]["calls"] == 2
    assert calls["cmdstat_eval"]["calls"] == 1


def test_a_lost_connection_is_replaced(storage: Storage, client: redis.Redis) -> None:
    client.client_kill_filter(_type="normal", skipme=True)
    assert storage.get(Client, "app") is not None
    storage.commit(Add(samples.account()), now=NOW)


def test_settings_that_may_lose_data_give_a_warning(storage: Storage, client: redis.Redis) -> None:
    storage.upgrade()  # the records that it has now are of this version
    assert "append-only file is off" in storage.describe()["warning"]
    assert storage.health() == Health(warnings=(storage.describe()["warning"],))
    client.config_set("appendonly", "yes")
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert storage.describe()["append-only file"] == "on"
        assert storage.health() == Health()  # nothing is evicted where memory has no limit
        client.config_set("maxmemory", "100mb")
        [warning] = storage.health().warnings
        assert warning.startswith("maxmemory-policy")
        assert warning == storage.describe()["warning"]
        client.config_set("maxmemory-policy", "noeviction")
        assert storage.health() == Health()
        assert "warning" not in storage.describe()
        client.config_set("appendfsync", "no")
        assert "appendfsync" in storage.health().warnings[0]
    finally:
        client.config_set("maxmemory", "0")
        client.config_set("appendonly", "no")
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("forbidden", [("config",), ("info",), ("config", "info")])
def test_a_forbidden_check_of_the_server_counts_as_passed(
    url: str, storage: Storage, client: redis.Redis, forbidden: tuple[str, ...]
) -> None:
    commands = ["+@all", *(f"-{command}" for command in forbidden)]
    client.acl_setuser("hosted", enabled=True, nopass=True, keys=["*"], commands=commands)
    hosted = open(url.replace("://", "://hosted:any@"), {})
    try:
        assert not hosted.health().full
        assert hosted.describe()["appendfsync"] == (
            "unknown" if "config" in forbidden else "everysec"
        )
    finally:
        client.acl_deluser("hosted")
        hosted.close()


@pytest.mark.parametrize("error", [redis.TimeoutError(), TimeoutError()])
def test_a_timeout_of_redis_py_or_of_the_socket_is_unanswered(error: Exception) -> None:
    """While a connection is made, redis-py's timeout may end before the call's."""

    def call() -> None:
        raise error

    with pytest.raises(Unanswered, match="in time"):
        failing_as_storage_error(call)()

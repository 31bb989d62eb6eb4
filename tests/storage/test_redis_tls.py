"""Redis by TLS (``rediss:``): the same contract, whether hiredis is installed or not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from oauthprov.records import Client
from oauthprov.storage.interface import Add, Storage, StorageError
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.redis import connections, open, wire
from oauthprov.storage.redis.wire import READ
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import read
from oauthprov.storage.testing.samples import NOW
from tests.conftest import RUN
from tests.fetch.server import Authority
from tests.servers.programs import missing
from tests.servers.redis import apart
from tests.servers.run import free_port, until
from tests.storage.proxy import Proxy

HOST = "localhost"


@pytest.fixture(scope="module")
def folder(pytestconfig: pytest.Config, worker_id: str) -> Path:
    """A folder that the server's user can read."""
    made = pytestconfig.stash[RUN].directory / f"certificates-{worker_id}"
    made.mkdir(mode=0o755)
    return made


@pytest.fixture(scope="module")
def authority(folder: Path) -> str:
    """The file with the certificate of the authority; ``localhost.pem`` is beside it."""
    authority = Authority(folder)
    authority.context(HOST)
    return authority.file


@pytest.fixture(scope="module")
def port(pytestconfig: pytest.Config, authority: str) -> int:
    """The port at which a server of these tests' own speaks TLS."""
    port, pem = free_port(), str(Path(authority).with_name(f"{HOST}.pem"))
    with redis.Redis.from_url(apart(pytestconfig.stash[RUN], "tls")) as server:
        if not server.config_get("tls-cert-file"):
            missing("this Redis was built without TLS", "tests/storage/test_redis_tls.py")
        for name, value in {
            "tls-cert-file": pem,
            "tls-key-file": pem,
            "tls-ca-cert-file": authority,
            "tls-auth-clients": "no",
            "tls-port": str(port),
        }.items():
            server.config_set(name, value)
    return port


@pytest.fixture(params=["plain", "hiredis"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wire.Wire is not wire.PlainWire
    if request.param == "plain":
        monkeypatch.setattr(connections, "Wire", wire.PlainWire)
        monkeypatch.setattr(connections, "packed", wire.plain_packed)


@pytest.fixture
def proxy(port: int) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", port)) as proxy:
        yield proxy


@pytest.fixture
def patience() -> str:
    """Seconds for an answer: more than a busy machine takes."""
    return "60"


@pytest.fixture
def storage(proxy: Proxy, authority: str, patience: str, _parser: None) -> Iterator[Storage]:
    url = f"rediss://{HOST}:{proxy.port}/0?ssl_ca_certs={authority}"
    storage = open(url, {"read_timeout": patience})
    yield storage
    storage.close()


def test_what_is_written_is_read_in_many_threads(storage: Storage) -> None:
    def write_and_read(number: int) -> bool:
        token = samples.machine_token()
        storage.commit(Add(token), now=NOW)
        return read(storage, token).record == token

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(write_and_read, range(80)))


def test_a_record_longer_than_a_piece_of_tls_is_whole(storage: Storage, proxy: Proxy) -> None:
    client = replace(samples.client(), name="n" * 3 * READ)
    storage.commit(Add(client), now=NOW)
    proxy.pieces = 1000
    assert read(storage, client).record == client


def test_the_network_sees_no_command(storage: Storage, proxy: Proxy) -> None:
    storage.commit(Add(samples.machine_token()), now=NOW)
    assert proxy.requests
    assert not any(b"EVALSHA" in request for request in proxy.requests)


@pytest.mark.parametrize("patience", ["1"])
def test_a_mute_server_is_unanswered_and_comes_back(storage: Storage, proxy: Proxy) -> None:
    until(lambda: storage.get(Client, "nobody"))
    proxy.mute()
    with pytest.raises(Unanswered):
        storage.get(Client, "nobody")
    proxy.speak()
    until(lambda: storage.get(Client, "nobody"))


@pytest.mark.usefixtures("_parser")
def test_a_certificate_that_no_known_authority_signed_is_refused(port: int) -> None:
    storage = open(f"rediss://{HOST}:{port}/0", {})
    with pytest.raises(StorageError):
        storage.get(Client, "nobody")
    storage.close()

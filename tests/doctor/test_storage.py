"""Each fault of a storage is found, on real engines."""

import socket
import sqlite3
from dataclasses import replace

import pytest
import redis
from sqlalchemy import make_url

from oauthprov.credentials import Keyring
from oauthprov.doctor import Report, Stored, examine_storage
from oauthprov.factors import Factors
from oauthprov.protocol.clients.documents.hosts import Hosts
from oauthprov.protocol.clients.registrar import Registrar
from oauthprov.protocol.keys.rotation import KeyRotation
from oauthprov.records import TRANSFER, Client, LogoutDelivery, Session, Totp, Transfer
from oauthprov.settings import Settings
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Add, Remove
from tests.certificates import Authority
from tests.conftest import RUN
from tests.doctor.conftest import SECRET, found, ini
from tests.protocol import certified
from tests.servers import empty, fresh
from tests.servers.redis import apart

NOW = 1_800_000_000
DAY = 86_400
OTHER = "another-9f8E7d6C5b4A3z2Y1x0W-secrets"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/oauthprov.sqlite"


@pytest.fixture
def storage(url):
    made = open_storage(fresh(url))
    yield made
    made.close()


def examined(storage, now=NOW, **more):
    """The names of the checks that find something in a storage."""
    report = Report()
    examine_storage(report, Stored(Settings.from_ini(ini(**more)), storage, lambda: now))
    return found(report)


def rotated(storage, secret=SECRET):
    settings = Settings.from_ini(ini(secret=secret))
    KeyRotation(settings, storage, Keyring(settings.secret), lambda: NOW).rotate("RS256")


@pytest.mark.parametrize("engine", ["redis_url", "postgresql_url", "mariadb_url"])
def test_nothing_is_found_in_a_sound_storage(request, engine):
    url = request.getfixturevalue(engine)
    storage = open_storage(fresh(url))
    rotated(storage)
    assert set(examined(storage)) <= {"storage.loses_records"}, "test servers write no log"
    storage.close()


def test_nothing_is_found_on_a_sound_sqlite(storage):
    rotated(storage)
    assert examined(storage) == []


def test_a_storage_that_does_not_answer_is_found():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        silent.close()
        storage = open_storage(f"postgresql+psycopg://alice@127.0.0.1:{port}/x", {"timeout": "2"})
        report = Report()
        examine_storage(report, Stored(Settings.from_ini(ini()), storage))
        storage.close()
    assert found(report) == ["storage.answers"]
    assert "refuses the connection: no server listens there" in report.findings[0].found
    assert {one.why for one in report.skipped} == {"the storage isn't ready"}


def test_a_storage_that_hangs_is_found_in_bounded_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        storage = open_storage(f"redis://127.0.0.1:{port}/0", {"read_timeout": "1"})
        assert examined(storage) == ["storage.answers"]
        storage.close()


def test_an_outdated_schema_is_found(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/empty.sqlite")
    assert examined(storage) == ["storage.schema"]
    storage.close()


def test_a_storage_that_holds_a_part_of_another_is_found(storage):
    rotated(storage)
    storage.commit(Add(Transfer(TRANSFER, "sqlite:///there", NOW)), now=NOW)
    assert examined(storage) == ["storage.incomplete_transfer"]


def test_records_of_an_earlier_version_on_redis_are_found(redis_url):
    empty(redis_url)
    storage = open_storage(redis_url)
    storage.commit(Add(Client("app", "Printer", "web", NOW)), now=NOW)
    assert examined(storage) == ["storage.schema"]
    storage.upgrade()
    assert "storage.schema" not in examined(storage)
    storage.close()


def test_a_full_redis_is_found_and_one_that_forgets(pytestconfig):
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    empty(url)
    storage = open_storage(url)
    assert examined(storage) == ["storage.loses_records"]
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "1")
        try:
            assert "storage.full" in examined(storage)
        finally:
            client.config_set("maxmemory", "0")
    storage.close()


def test_a_redis_that_evicts_is_found(pytestconfig):
    url = apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")
    storage, report = open_storage(url), Report()
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", str(1 << 30))
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            examine_storage(report, Stored(Settings.from_ini(ini()), storage))
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "0")
    storage.close()
    assert any("maxmemory-policy isn't noeviction" in one.found for one in report.findings)


@pytest.mark.parametrize("url", ["sqlite://"])
def test_a_database_in_memory_is_found(storage):
    assert examined(storage) == ["storage.loses_records"]


def test_a_database_that_may_lose_commits_is_found(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/lossy.sqlite", {"synchronous": "normal"})
    storage.upgrade()
    assert examined(storage) == ["storage.loses_records"]
    storage.close()


def test_a_read_only_storage_is_found_for_what_it_is(url):
    fresh(url)
    storage = open_storage(url, {"read_only": "true"})
    assert examined(storage) == ["storage.read_only"]
    storage.close()


def test_a_postgresql_whose_timeouts_are_dropped_is_found(postgresql_url):
    """As by a pooler that ignores the options of a connection."""
    empty(postgresql_url)
    lost = make_url(postgresql_url).update_query_dict({"options": "-c statement_timeout=0"})
    storage = open_storage(lost.render_as_string(hide_password=False))
    storage.upgrade()
    assert "storage.timeouts" in examined(storage)
    storage.close()


def test_a_patient_storage_is_found(storage):
    assert examined(storage, **{"storage.timeout": "120"}) == ["storage.patience"]


def test_records_that_nobody_purges_are_found(storage):
    for number in range(3):
        ends = NOW - DAY + number - 1
        storage.commit(Add(Session(str(number), "alice", 1, 1, 1, expires_at=ends)), now=1)
    assert examined(storage) == ["storage.purge_lag"]
    for _ in storage.purge_pass(now=NOW):
        pass
    assert examined(storage) == []


def test_a_signing_key_that_no_secret_opens_is_found(storage):
    rotated(storage, OTHER)
    assert examined(storage) == ["storage.sealed_keys"]
    assert examined(storage, secret=f"{SECRET} {OTHER}") == []


def test_an_authenticator_app_that_no_secret_opens_is_found(storage):
    factors = Factors.build(storage, (OTHER,), lambda: NOW)
    sealed = factors.totp._keyring.seal("totp alice", b"JBSWY3DPEHPK3PXP")
    storage.commit(Add(Totp("alice", sealed, NOW, 0)), now=NOW)
    assert examined(storage) == ["storage.sealed_apps"]
    assert examined(storage, secret=f"{SECRET} {OTHER}") == []


def test_an_old_signing_key_is_found_unless_keys_rotate(storage):
    rotated(storage)
    later = NOW + 500 * DAY
    assert examined(storage, later) == ["storage.old_keys"]
    assert examined(storage, later, **{"keys.rotate_every": "7776000"}) == []


def test_clients_that_may_omit_pkce_are_found(storage):
    settings = Settings.from_ini(ini())
    registrar = Registrar(settings, storage, lambda: NOW)
    registrar.register(
        type="web",
        name="Printer",
        scopes=("profile:read",),
        redirect_uris=("https://printer.example/callback",),
        pkce="optional",
    )
    assert examined(storage) == ["storage.clients_without_pkce"]


def test_clients_that_must_push_where_nobody_can_are_found(storage):
    registrar = Registrar(Settings.from_ini(ini()), storage, lambda: NOW)
    registrar.register(
        type="web",
        name="Printer",
        scopes=("profile:read",),
        redirect_uris=("https://printer.example/callback",),
        require_pushed_authorization_requests=True,
    )
    assert examined(storage) == []
    assert examined(storage, par="off") == ["storage.clients_that_push"]


FAPI = {"profile": "fapi2", "device": "false"}
MADE = {"redirect_uris": ("https://printer.example/callback",), "scopes": ("profile:read",)}


@pytest.mark.parametrize(
    ("client", "settings"),
    [
        ({}, FAPI),
        ({"auth_method": "none", "type": "browser"}, FAPI),
        ({"auth_method": "tls_client_auth"}, {}),
        ({"auth_method": "a_method_of_a_newer_version"}, {}),
        ({"dpop_bound_access_tokens": True}, {"dpop": "off"}),
        ({"tls_client_certificate_bound_access_tokens": True}, {}),
    ],
)
def test_clients_that_the_settings_refuse_are_found(storage, client, settings):
    made = {"type": "web", "auth_method": "client_secret_basic"} | MADE | client
    record = Client("printer", "Printer", made.pop("type"), NOW, **made)
    storage.commit(Add(record), now=NOW)
    assert examined(storage, **settings) == ["storage.refused_clients"]
    stopped = replace(record, client_id="other", disabled_at=NOW)
    storage.commit(Remove(Client, "printer"), Add(stopped), now=NOW)
    assert examined(storage, **settings) == []


def test_a_refused_client_isn_t_found_if_its_host_is_disabled(storage):
    url = "https://shop.app.example/client.json"
    refused = Client(url, "Shop", "browser", NOW, auth_method="none", fetched_at=NOW, **MADE)
    storage.commit(Add(refused), now=NOW)
    assert examined(storage, **FAPI) == ["storage.refused_clients"]
    Hosts(storage, lambda: NOW).disable("app.example")
    assert examined(storage, **FAPI) == []


def test_clients_without_a_binding_are_found_where_certificates_alone_bind(storage, tmp_path):
    certificates = certified.settings(Authority().file(tmp_path / "ca.pem"))
    settings = FAPI | {"dpop": "off"} | certificates
    signs = Client("signs", "Printer", "web", NOW, auth_method="private_key_jwt", **MADE)
    storage.commit(Add(signs), now=NOW)
    assert "storage.refused_clients" in examined(storage, **settings)
    assert "storage.refused_clients" not in examined(storage, **settings | {"dpop": "offered"})
    bound = replace(signs, tls_client_certificate_bound_access_tokens=True)
    storage.commit(Remove(Client, "signs"), Add(replace(bound, client_id="bound")), now=NOW)
    assert "storage.refused_clients" not in examined(storage, **settings)


def test_clients_that_go_with_the_settings_are_not_found(storage):
    signs = Client("signs", "Printer", "web", NOW, auth_method="private_key_jwt", **MADE)
    public = Client("public", "Printer", "browser", NOW, auth_method="none", **MADE)
    storage.commit(Add(signs), Add(replace(public, dpop_bound_access_tokens=True)), now=NOW)
    assert examined(storage) == []
    assert examined(storage, **FAPI) == ["storage.refused_clients"]


def test_logouts_that_nobody_delivers_are_found(storage):
    late = LogoutDelivery("1", "deliveries", "printer", "alice", "sid", NOW - 7200, NOW + DAY)
    storage.commit(Add(late), now=NOW)
    assert examined(storage) == ["storage.late_logouts"]


def test_a_storage_that_breaks_meanwhile_skips_checks_with_the_reason(storage, tmp_path):
    on = Stored(Settings.from_ini(ini()), storage, lambda: NOW)
    on.health()
    with sqlite3.connect(tmp_path / "oauthprov.sqlite") as other:
        other.execute("DROP TABLE clients")
    report = Report()
    examine_storage(report, on)
    assert "storage.clients_without_pkce" in {one.row.name for one in report.skipped}
    assert found(report) == []

"""How records lie in Redis: their names, their size, and how long Redis keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from oauthprov.credentials import ACCESS_TOKEN, Bearer, mint_id
from oauthprov.records import (
    AccessToken,
    AuthorizationCode,
    Client,
    Grant,
    Record,
    Session,
    slot,
)
from oauthprov.storage.interface import Add, Claim, Replace, Revoke, Storage
from oauthprov.storage.redis import open
from oauthprov.storage.redis.keys import IndexName, Keys, RecordName
from oauthprov.storage.redis.steps import SLACK
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import read
from oauthprov.storage.testing.reading import LOOK_ALIKES
from oauthprov.storage.testing.samples import LIFE, NOW
from tests.storage.redis_backend import enter_anew, name_of

AS_IT_SHOULD_BE = AccessToken(
    Bearer.mint(ACCESS_TOKEN, mint_id()).key,
    None,
    "photos",
    "alice",
    ("photos:read", "photos:write"),
    ("https://api.example/photos",),
    NOW,
    NOW + 600,
)


def kept(client: redis.Redis, record: Record) -> int:
    """For how many seconds from now on Redis keeps a record, at least."""
    return round(client.pttl(name_of(record)) / 1000)


def test_an_access_token_is_one_short_string(storage: Storage, client: redis.Redis) -> None:
    storage.commit(Add(AS_IT_SHOULD_BE), now=NOW)
    [name] = client.keys()
    assert name == name_of(AS_IT_SHOULD_BE)
    assert client.strlen(name) < 220
    assert client.memory_usage(name) < 440


@pytest.mark.parametrize("now", [NOW, 1_000_000_000, 4_000_000_000])
def test_the_ttl_of_a_record_does_not_depend_on_the_server_s_clock(
    storage: Storage, client: redis.Redis, now: int
) -> None:
    code = samples.code("slot", expires_at=now + 60)
    storage.commit(Add(code), now=now)
    assert kept(client, code) == 60 + AuthorizationCode.shape.keep + SLACK
    storage.commit(Claim(AuthorizationCode, code.key), now=now + 1)
    assert kept(client, code) == 60 + AuthorizationCode.shape.keep + SLACK


def test_a_record_added_late_is_kept_for_its_remaining_time(
    storage: Storage, client: redis.Redis
) -> None:
    code, token = samples.code("slot"), samples.machine_token()
    storage.commit(Add(code), Add(token), now=NOW + LIFE + 100)
    assert kept(client, code) == AuthorizationCode.shape.keep - 100 + SLACK
    assert kept(client, token) == SLACK


def test_replace_moves_the_expiry(storage: Storage, client: redis.Redis) -> None:
    session = samples.fill(Session, "one")
    storage.commit(Add(session), now=NOW)
    longer = replace(session, expires_at=NOW + 3 * LIFE)
    storage.commit(Replace(longer, expecting=read(storage, session)), now=NOW + 100)
    assert kept(client, session) == 3 * LIFE - 100 + SLACK


def test_a_record_that_never_expires_has_no_ttl(storage: Storage, client: redis.Redis) -> None:
    account = samples.account()
    storage.commit(Add(account), now=NOW)
    storage.commit(Claim(type(account), account.account_id), now=NOW)
    assert client.ttl(name_of(account)) == -1


def test_revoke_does_not_change_the_ttl(storage: Storage, client: redis.Redis) -> None:
    grant = samples.grant()
    storage.commit(Add(grant), now=NOW)
    storage.commit(Revoke(grant.grant_id), now=NOW)
    assert kept(client, grant) == LIFE + SLACK


def test_two_prefixes_are_separate_storages(redis_url: str, storage: Storage) -> None:
    other = open(redis_url, {"key_prefix": "other"})
    client = samples.client("app", owner="alice")
    storage.commit(Add(client), now=NOW)
    assert other.get(Client, "app") is None
    assert other.find(Client).items == other.find(Client, owner="alice").items == ()
    other.commit(Add(replace(client, name="other")), now=NOW)
    assert read(storage, client).record == client
    other.close()


@pytest.mark.parametrize("key", ["", ".", "..", "}", "a.", "%7D", "%", "a.b:c}:d", *LOOK_ALIKES])
def test_a_redis_key_parses_into_kind_and_record_key(key: str) -> None:
    keys = Keys("prefix")
    name = keys.record("grant", key)
    assert keys.parse(name) == RecordName("grant", key)
    assert keys.parse(keys.index("grant", "account_id", key)) == IndexName("grant", "account_id")
    tag = name.split(b"{", 1)[1].split(b"}", 1)[0]
    assert tag
    assert tag == keys.record("grant", slot(key)).split(b"{", 1)[1].split(b"}", 1)[0]


def test_foreign_redis_keys_are_not_parsed() -> None:
    for name in (b"other", b"other:{a}:client", b"\xff", b"prefix:client"):
        assert Keys("prefix").parse(name) is None


def test_a_time_out_of_range_is_refused(storage: Storage) -> None:
    grant, token = samples.grant("slot"), samples.access("slot")
    storage.commit(Add(grant), now=NOW)
    seen = read(storage, grant)
    with pytest.raises(ValueError, match="time"):
        storage.commit(Add(replace(token, expires_at=10**12)), now=NOW)
    with pytest.raises(ValueError, match="time"):
        storage.commit(Revoke("slot"), now=10**12)
    assert read(storage, grant) == seen


def test_a_key_that_cannot_be_stored_is_not_found(storage: Storage) -> None:
    for key in ("Zo\u00eb", "a" * 10_000, "\ud800", "\0"):
        assert storage.get(Grant, key) is None
        assert storage.get_many([(AccessToken, key)]) == [None]


def test_first_party_clients_with_a_secret_keep_the_right_to_introspect(
    storage: Storage, client: redis.Redis
) -> None:
    """Once: a right that the operator takes away stays away."""
    ours = replace(samples.client("ours"), first_party=True, auth_method="client_secret_basic")
    public = replace(samples.client("public"), first_party=True, auth_method="none")
    theirs = replace(samples.client("theirs"), auth_method="client_secret_basic")
    storage.commit(Add(ours), Add(public), Add(theirs), now=NOW)
    for _ in range(2):
        storage.upgrade()
        stored = read(storage, ours)
        assert stored.record == replace(ours, introspects=("*",))
        assert read(storage, public).record == public
        assert read(storage, theirs).record == theirs
    storage.commit(Replace(ours, expecting=stored), now=NOW)
    storage.upgrade()
    assert read(storage, ours).record == ours


def test_consents_of_an_earlier_version_are_entered_in_the_index_by_client(
    storage: Storage, client: redis.Redis
) -> None:
    enter_anew(storage, client)


def test_no_record_is_taken_for_the_number_of_the_version() -> None:
    keys = Keys("oauthprov")
    assert keys.parse(keys.revision()) is None
    assert keys.record("client", "revision") != keys.revision()

"""What the tests of the Redis backend share: a look behind it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import redis

from oauthprov.records import Consent, Record
from oauthprov.storage.interface import Add, Storage
from oauthprov.storage.redis.codec import HEADER
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW

KEYS = Keys("oauthprov")

Client = redis.Redis | redis.RedisCluster


def name_of(record: Record) -> bytes:
    """The name under which Redis holds a record."""
    return KEYS.record(record.shape.name, record.storage_key)


def dump(client: Client) -> bytes:
    """Every name and every value."""
    held = []
    for name in client.scan_iter():
        value = client.zrange(name, 0, -1) if client.type(name) == b"zset" else client.get(name)
        held += [name, *value] if isinstance(value, list) else [name, value]
    return b"\n".join(held)


@dataclass
class NewerRedis:
    """Writes a field that today's code doesn't know, and reads it back."""

    client: Client

    def plant(self, kind: type[Record], key: str, name: str, value: str) -> None:
        at = KEYS.record(kind.shape.name, key)
        stored = self.client.get(at)
        fields = {**json.loads(stored[HEADER:]), name: value}
        self.client.set(at, stored[:HEADER] + json.dumps(fields).encode(), keepttl=True)

    def read(self, kind: type[Record], key: str, name: str) -> str | None:
        stored = self.client.get(KEYS.record(kind.shape.name, key))
        return json.loads(stored[HEADER:]).get(name)


def enter_anew(storage: Storage, client: Client) -> None:
    """Show that an upgrade enters consents in the index that is newer than they are."""
    consent = samples.fill(Consent, "alice.album")
    storage.commit(Add(consent), now=NOW)
    index = KEYS.index(Consent.shape.name, "client_id", consent.client_id)
    assert client.delete(index) == 1
    assert storage.find(Consent, client_id=consent.client_id).items == ()
    storage.upgrade()
    found = storage.walk(Consent, client_id=consent.client_id)
    assert [one.record for one in found] == [consent]

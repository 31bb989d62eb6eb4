"""A storage in a dict under a lock, for these tests until one of the product stands in."""

import dataclasses
import threading

from oauthprov.records import Grant
from oauthprov.storage.interface import (
    Add,
    Claim,
    Conflict,
    Page,
    Remove,
    Replace,
    Revoke,
    Storage,
    Stored,
)


class MemoryStorage(Storage):
    def __init__(self):
        self._held = {}
        self._lock = threading.Lock()

    def get_many(self, pairs):
        with self._lock:
            return [self._get(self._held, kind, key) for kind, key in pairs]

    def find(self, kind, *, after=None, limit=100, **index):
        with self._lock:
            keys = sorted(key for name, key in self._held if name is kind)
            items = [self._get(self._held, kind, key) for key in keys if key > (after or "")]
        named = [s for s in items if all(getattr(s.record, k) == v for k, v in index.items())]
        more = len(named) > limit
        return Page(tuple(named[:limit]), named[limit - 1].record.storage_key if more else None)

    def commit(self, *changes, now):
        with self._lock:
            draft = dict(self._held)
            for change in changes:
                self._apply(draft, change, now)
            self._held = draft

    def _get(self, held, kind, key):
        stored = held.get((kind, key))
        grant_id = getattr(stored.record, "grant_id", None) if stored else None
        if grant_id is not None and kind.shape.has_grant:
            return dataclasses.replace(stored, grant=held.get((Grant, grant_id)))
        return stored

    def _apply(self, held, change, now):
        match change:
            case Add(record):
                place = (type(record), record.storage_key)
                if place in held:
                    raise Conflict(change, "exists", held[place])
                held[place] = Stored(record, 1)
            case Claim(kind, key):
                stored = self._get(held, kind, key)
                state = stored.state(now) if stored else "unknown"
                if state != "live":
                    raise Conflict(change, state, stored)
                held[kind, key] = dataclasses.replace(held[kind, key], claimed_at=now)
            case Replace(record, expecting):
                place = (type(record), record.storage_key)
                stored = held.get(place)
                if stored is None or stored != dataclasses.replace(expecting, grant=stored.grant):
                    raise Conflict(change, "changed" if stored else "unknown", stored)
                held[place] = dataclasses.replace(
                    stored, record=record, version=stored.version + 1
                )
            case Remove(kind, key):
                held.pop((kind, key), None)
            case Revoke(grant_id):
                stored = held.get((Grant, grant_id))
                if stored is not None and stored.revoked_at is None:
                    held[Grant, grant_id] = dataclasses.replace(stored, revoked_at=now)

    def purge(self, *, now, limit=500):
        return 0

    def ping(self): ...

    def upgrade(self): ...

    def describe(self):
        return {"engine": "dict"}

    def close(self): ...

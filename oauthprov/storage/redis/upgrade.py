"""Brings records that an earlier version stored to this version. Redis itself has no schema."""

from __future__ import annotations

from dataclasses import replace

from oauthprov.records import Client, Consent, InitialAccessToken
from oauthprov.storage.interface import Conflict, Replace, Storage
from oauthprov.storage.redis.keys import Keys, RecordName, shard_of
from oauthprov.storage.redis.listing import roster
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.scan import scan
from oauthprov.storage.redis.steps import Steps

REVISION = b"3"
"""The number of the last change below that is done. A fresh Redis has none, and no records."""


def upgrade(storage: Storage, route: Route, keys: Keys) -> None:
    """Change what isn't changed yet; several processes may call this at the same time.

    Entries of lists and indexes are added each time: a process of the version before, which goes
    on serving for a while, adds records without them.
    """
    name = keys.revision()
    slot = route.slot(name)
    done = int(route.read(slot, b"GET", name) or 0)
    if done < 1:
        _keep_introspection(storage)
    _list_initial_access_tokens(storage, route, keys)
    _enter_consents(storage, route, keys)
    if done < int(REVISION):
        route.write(slot, b"SET", name, REVISION)


def is_outdated(route: Route, keys: Keys) -> bool:
    """Return whether there are records that may be as an earlier version stored them."""
    name = keys.revision()
    if route.read(route.slot(name), b"GET", name) == REVISION:
        return False
    return any(roster(route, keys, Client.shape.name, None, 1))


def _keep_introspection(storage: Storage) -> None:
    """Give first-party clients with a secret or a key the right that they had: for all tokens."""
    for stored in storage.walk(Client):
        client = stored.record
        if client.first_party and client.auth_method != "none" and not client.introspects:
            change = Replace(replace(client, introspects=("*",)), expecting=stored)
            try:
                storage.commit(change, now=client.created_at)
            except Conflict:
                # Somebody has just edited it. Ask again until it is seen as it is.
                return _keep_introspection(storage)


def _list_initial_access_tokens(storage: Storage, route: Route, keys: Keys) -> None:
    """Enter the tokens in the roster that they didn't have; the records stay as they are."""
    kind = InitialAccessToken.shape.name
    for names in scan(route, keys.records(kind)):
        for found in map(keys.parse, names):
            if isinstance(found, RecordName) and found.kind == kind:
                listing = keys.shard(kind, shard_of(found.key))
                route.write(route.slot(listing), b"ZADD", listing, b"0", found.key.encode())


def _enter_consents(storage: Storage, route: Route, keys: Keys) -> None:
    """Enter consents in the index by client that they didn't have; an entry is only a hint."""
    steps = Steps(keys)
    for page in storage.pages(Consent):
        consents = [stored.record for stored in page]
        commands = steps.entering(consents, marking=not route.one_slot)
        route.send_all([(route.slot(command[1]), command) for command in commands])

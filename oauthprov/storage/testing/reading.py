"""``get`` and ``get_many`` return records exactly as stored, and only for the exact key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.records import (
    KEY_LIMIT,
    KINDS,
    AccessToken,
    Account,
    Client,
    Interaction,
    Record,
    RefreshToken,
)
from oauthprov.storage.interface import Add, Claim, Remove, Replace, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, gone, read
from oauthprov.storage.testing.samples import NOW, TEXT

LOOK_ALIKES = (
    *("a", "A", "b", "a ", "a  ", " a", "a_", "a-", "a%", "%", "_", "*", "?", "[a]", "a\\", "\\%"),
    *("'", '"', "''", "a|b", "a:b", "a/b", "a,b", "{a}", "}a{", "{", "a.b", "a.B", "a.b ", "~"),
    *("z" * (KEY_LIMIT - 1), "z" * KEY_LIMIT, "z" * (KEY_LIMIT - 1) + "Z"),
)
"""Keys that a collation, a pattern or a careless separator would confuse."""

NO_KEYS = ("", "\0", "a\0", "a\n", "\N{SNOWMAN}", "\ud800", "z" * (KEY_LIMIT + 1), "a" * 100_000)
"""Keys that a request may contain, but under which no record can be stored."""


class Reading(Backend):
    """Reading back what was stored."""

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.shape.name)
    @pytest.mark.parametrize("bare", [False, True], ids=["full", "bare"])
    def test_each_field_comes_back(self, storage: Storage, kind: type[Record], bare: bool) -> None:
        record = samples.fill(kind, samples.unique("slot."), bare=bare)
        add(storage, record)
        stored = read(storage, record)
        assert stored.record == record
        assert type(stored.record) is kind
        assert (stored.claimed_at, stored.revoked_at, dict(stored.extra)) == (None, None, {})

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.shape.name)
    def test_each_field_is_replaced(self, storage: Storage, kind: type[Record]) -> None:
        before = samples.fill(kind, samples.unique("slot."), bare=True)
        after = samples.fill(kind, before.storage_key)
        add(storage, before)
        storage.commit(Replace(after, expecting=read(storage, before)), now=NOW)
        assert read(storage, before).record == after

    def test_long_text_comes_back(self, storage: Storage) -> None:
        interaction = replace(
            samples.fill(Interaction, samples.unique()), params=(("state", TEXT * 2000),)
        )
        add(storage, interaction)
        assert read(storage, interaction).record == interaction

    def test_nothing_is_none(self, storage: Storage) -> None:
        assert storage.get(Account, "alice") is None
        assert storage.get_many([]) == []
        assert list(storage.get_many([(Account, "alice"), (Client, "alice")])) == [None, None]

    def test_what_can_be_no_key_is_not_found(self, storage: Storage) -> None:
        add(storage, samples.account("a"), samples.account("z" * KEY_LIMIT))
        for key in NO_KEYS:
            assert storage.get(Account, key) is None
            assert storage.get(AccessToken, key) is None
        found = storage.get_many([(Account, key) for key in (*NO_KEYS, "a")])
        assert [stored is None for stored in found] == [True] * len(NO_KEYS) + [False]

    def test_keys_compare_byte_by_byte(self, storage: Storage) -> None:
        for number, key in enumerate(LOOK_ALIKES):
            assert storage.get(Account, key) is None
            add(storage, samples.account(key, name=str(number)))
        for number, key in enumerate(LOOK_ALIKES):
            assert read(storage, samples.account(key)).record.name == str(number)

    def test_changes_reach_one_key_of_many_look_alikes(self, storage: Storage) -> None:
        add(storage, *map(samples.account, LOOK_ALIKES))
        for done, key in enumerate(LOOK_ALIKES, start=1):
            storage.commit(Claim(Account, key), now=NOW)
            claimed = [read(storage, samples.account(k)).claimed_at == NOW for k in LOOK_ALIKES]
            assert claimed.count(True) == done
        for done, key in enumerate(LOOK_ALIKES, start=1):
            storage.commit(Remove(Account, key), now=NOW)
            assert [gone(storage, samples.account(k)) for k in LOOK_ALIKES].count(True) == done

    def test_kinds_share_no_keys(self, storage: Storage) -> None:
        for kind in KINDS:
            add(storage, samples.fill(kind, "alice"))
        for kind in KINDS:
            assert read(storage, samples.fill(kind, "alice")).record.shape.name == kind.shape.name

    def test_get_many_keeps_the_order(self, storage: Storage) -> None:
        grant = samples.grant()
        token, code = samples.access(grant.grant_id), samples.code(grant.grant_id)
        account, client = samples.account(), samples.client()
        add(storage, grant, token, code, account, client)
        asked = [account, token, client, samples.account(), code, token, grant, account]
        found = storage.get_many([(type(one), one.storage_key) for one in asked])
        assert [one and one.record for one in found] == [*asked[:3], None, *asked[4:]]
        assert found[1] is not None
        assert found[1].grant is not None
        assert found[1].grant.record == grant

    @pytest.mark.parametrize("missing", [(), (0,), (1, 2), (0, 1, 2, 3)], ids=str)
    def test_get_many_of_one_each_of_several_kinds(
        self, storage: Storage, missing: tuple[int, ...]
    ) -> None:
        grant = samples.grant()
        records = [samples.access(grant.grant_id), grant, samples.account(), samples.client()]
        records.insert(2, samples.fill(RefreshToken, f"{grant.grant_id}.r"))
        there = [record for place, record in enumerate(records) if place not in missing]
        add(storage, *there)
        found = storage.get_many([(type(one), one.storage_key) for one in records])
        one_by_one = [storage.get(type(one), one.storage_key) for one in records]
        assert list(found) == one_by_one
        assert [stored.record for stored in found if stored is not None] == there

    @pytest.mark.parametrize("there", [(), (0,), (2, 3), (0, 1, 2, 3, 4)], ids=str)
    @pytest.mark.parametrize("count", [2, 4, 5, 16, 17])
    def test_get_many_of_one_each_and_several_of_a_kind(
        self, storage: Storage, count: int, there: tuple[int, ...]
    ) -> None:
        grant, other = samples.grant(), samples.grant()
        code, client = samples.code(grant.grant_id), samples.client()
        tokens = [samples.access(one.grant_id) for one in (grant, other, grant)]
        records: list[Record] = [code, client, *tokens]
        add(storage, grant, other, *(records[place] for place in there))
        tokens += [samples.access(grant.grant_id) for _ in range(count - len(tokens))]
        asked = [*tokens[:count], code, client]
        found = storage.get_many([(type(one), one.storage_key) for one in asked])
        assert list(found) == [storage.get(type(one), one.storage_key) for one in asked]

    def test_get_many_takes_many(self, storage: Storage) -> None:
        accounts = [samples.account() for _ in range(50)]
        storage.commit(*map(Add, accounts), now=NOW)
        found = storage.get_many([(Account, one.account_id) for one in reversed(accounts)])
        assert [one and one.record for one in found] == accounts[::-1]

"""``find``: by an index or all records of a kind, in pages, ordered by key."""

from __future__ import annotations

import pytest

from oauthprov.records import Account, Client, Consent, Grant, Session
from oauthprov.storage.interface import Add, Claim, Remove, Replace, Revoke, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, read
from oauthprov.storage.testing.reading import LOOK_ALIKES
from oauthprov.storage.testing.samples import LIFE, NOW

PAGES_AT_MOST = 100


def walk(storage: Storage, limit: int, **index: str) -> list[str]:
    """Return the ids of all clients found, in pages of at most ``limit``."""
    keys: list[str] = []
    after = None
    for _ in range(PAGES_AT_MOST):
        page = storage.find(Client, after=after, limit=limit, **index)
        assert len(page.items) <= limit
        keys += [stored.record.client_id for stored in page.items]
        after = page.next
        if after is None:
            return keys
        assert page.items
    raise AssertionError("the walk doesn't end")


class Finding(Backend):
    """Finding records, and paging through them."""

    def test_an_empty_storage(self, storage: Storage) -> None:
        assert storage.find(Client).items == ()
        assert storage.find(Client).next is None
        assert storage.find(Client, owner="alice").items == ()

    def test_by_index(self, storage: Storage) -> None:
        mine = [samples.client(f"id{n}", owner="alice") for n in range(3)]
        others = [samples.client("id9", owner="bob"), samples.client("id8")]
        storage.commit(*map(Add, mine + others), now=NOW)
        page = storage.find(Client, owner="alice")
        assert [stored.record for stored in page.items] == mine
        assert page.next is None

    def test_each_indexed_kind(self, storage: Storage) -> None:
        for kind in (Consent, Grant, Session):
            record = samples.fill(kind, "alice.app")
            add(storage, record, samples.fill(kind, "bob.app"))
            found = storage.find(kind, account_id="alice").items
            assert [stored.record for stored in found] == [record]

    def test_nothing_is_found_by_a_missing_value(self, storage: Storage) -> None:
        add(storage, samples.client(), samples.client("mine", owner="alice"))
        for owner in ("", "None", "null", "*", "%", "alic", "alice ", "ALICE"):
            assert storage.find(Client, owner=owner).items == ()
        assert len(storage.find(Client).items) == 2

    def test_indexed_values_compare_byte_by_byte(self, storage: Storage) -> None:
        clients = {owner: samples.client(owner=owner) for owner in LOOK_ALIKES}
        storage.commit(*map(Add, clients.values()), now=NOW)
        for owner, client in clients.items():
            found = storage.find(Client, owner=owner).items
            assert [stored.record for stored in found] == [client]

    def test_the_order_is_that_of_the_bytes(self, storage: Storage) -> None:
        storage.commit(*(Add(samples.client(key, owner="x")) for key in LOOK_ALIKES), now=NOW)
        assert walk(storage, 7) == sorted(LOOK_ALIKES)
        assert walk(storage, 7, owner="x") == sorted(LOOK_ALIKES)

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7])
    def test_pages_are_full_but_for_the_last(self, storage: Storage, limit: int) -> None:
        keys = [f"id{number}" for number in range(6)]
        storage.commit(*(Add(samples.client(key, owner="x")) for key in keys), now=NOW)
        for index in ({}, {"owner": "x"}):
            assert walk(storage, limit, **index) == keys
            page = storage.find(Client, after=None, limit=limit, **index)
            assert len(page.items) == min(limit, 6)
            assert (page.next is None) == (limit >= 6)

    def test_the_dead_are_found_with_their_state(self, storage: Storage) -> None:
        claimed, revoked = samples.grant("a"), samples.grant("b")
        expired = samples.fill(Session, "c", bare=True)
        add(storage, claimed, revoked, expired)
        storage.commit(Claim(Grant, "a"), now=NOW)
        storage.commit(Revoke("b"), now=NOW + 1)
        grants = storage.find(Grant, account_id="alice").items
        assert [(one.claimed_at, one.revoked_at) for one in grants] == [
            (NOW, None),
            (None, NOW + 1),
        ]
        assert [one.state(NOW + LIFE) for one in storage.find(Session).items] == ["expired"]

    def test_what_is_found_can_be_replaced(self, storage: Storage) -> None:
        add(storage, samples.client("id", owner="alice"))
        [found] = storage.find(Client, owner="alice").items
        assert found == read(storage, samples.client("id"))
        renamed = samples.client("id", owner="alice", name="renamed")
        storage.commit(Replace(renamed, expecting=found), now=NOW)
        [found] = storage.find(Client, owner="alice").items
        assert found.record == renamed

    def test_what_is_removed_is_found_no_more(self, storage: Storage) -> None:
        add(storage, samples.client("id", owner="alice"), samples.client("id2", owner="alice"))
        storage.commit(Remove(Client, "id"), now=NOW)
        assert walk(storage, 1, owner="alice") == walk(storage, 1) == ["id2"]
        add(storage, samples.client("id", owner="bob"))
        assert (walk(storage, 1, owner="alice"), walk(storage, 1, owner="bob")) == (
            ["id2"],
            ["id"],
        )

    @pytest.mark.parametrize("index", [{}, {"owner": "x"}], ids=["all", "index"])
    def test_a_walk_beside_changes(self, storage: Storage, index: dict[str, str]) -> None:
        keys = [f"id{number:02}" for number in range(30)]
        storage.commit(*(Add(samples.client(key, owner="x")) for key in keys), now=NOW)
        met: list[str] = []
        after = None
        for number in range(PAGES_AT_MOST):
            page = storage.find(Client, after=after, limit=4, **index)
            met += [stored.record.client_id for stored in page.items]
            after = page.next
            if after is None:
                break
            # The cursor is at `met[-1]`, which goes; one key is added before it and one after.
            behind, ahead = f"a{number}", f"zz{number}"
            for key in (met[-1], keys[-1 - number], f"zz{number - 1}"):
                storage.commit(Remove(Client, key), now=NOW)
            add(storage, samples.client(behind, owner="x"), samples.client(ahead, owner="x"))
        assert after is None
        assert len(met) == len(set(met))
        throughout = keys[: 30 - number]
        assert [key for key in met if key in throughout] == throughout

    def test_a_bad_cursor(self, storage: Storage) -> None:
        add(storage, samples.client("a", owner="x"), samples.client("b", owner="x"))
        for after in ("not a cursor", "\N{SNOWMAN}", "%00", "-1", "=" * 1000):
            with pytest.raises(ValueError, match=r"\S"):
                storage.find(Client, after=after)
            with pytest.raises(ValueError, match=r"\S"):
                storage.find(Client, after=after, owner="x")

    def test_a_field_that_is_no_index(self, storage: Storage) -> None:
        with pytest.raises(ValueError, match="name"):
            storage.find(Client, name="App")
        with pytest.raises(ValueError, match="account_id"):
            storage.find(Account, account_id="alice")
        with pytest.raises(ValueError, match="shape"):
            storage.find(Client, owner="alice", shape="round")

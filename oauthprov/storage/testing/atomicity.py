"""Commits are atomic within a slot; across slots they are applied in the caller's order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from oauthprov.records import (
    AccessToken,
    Account,
    AuthorizationCode,
    Grant,
    Receipt,
    Record,
    RefreshToken,
)
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Remove,
    Replace,
    Revoke,
    State,
    Storage,
    Stored,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.samples import LIFE, NOW


@dataclass
class Slot:
    """The stored records of an authorization, changes that succeed, and changes that conflict."""

    storage: Storage

    def __post_init__(self) -> None:
        self.grant = samples.grant(samples.unique())
        slot = self.grant.grant_id
        self.live, self.used = samples.refresh(slot), samples.refresh(slot)
        self.stale, self.dropped = samples.access(slot), samples.access(slot)
        self.expired = samples.code(slot, expires_at=NOW)
        self.new = [samples.refresh(slot), samples.access(slot)]
        add(self.storage, self.grant, self.live, self.used, self.stale, self.dropped, self.expired)
        self.storage.commit(Claim(RefreshToken, self.used.key), now=NOW - 1)
        self.outdated = read(self.storage, self.stale)
        newer = replace(self.stale, scopes=("newer",))
        self.storage.commit(Replace(newer, expecting=self.outdated), now=NOW - 1)

    def good(self) -> list[Change]:
        used = replace(self.grant, last_used_at=NOW + 1)
        return [
            Claim(RefreshToken, self.live.key),
            Add(self.new[0]),
            Replace(used, expecting=read(self.storage, self.grant)),
            Remove(AccessToken, self.dropped.key),
            Add(self.new[1]),
        ]

    def bad(self, state: State) -> Change:
        changes: dict[State, Change] = {
            "exists": Add(replace(self.used, scopes=("other",))),
            "unknown": Claim(Receipt, f"{self.grant.grant_id}.none"),
            "claimed": Claim(RefreshToken, self.used.key),
            "expired": Claim(AuthorizationCode, self.expired.key),
            "changed": Replace(self.stale, expecting=self.outdated),
        }
        return changes[state]

    def contents(self) -> list[Stored[Record]]:
        records: list[Record] = [
            self.grant,
            self.live,
            self.used,
            self.stale,
            self.dropped,
            self.expired,
        ]
        return [read(self.storage, record) for record in records]


STATES: tuple[State, ...] = ("exists", "unknown", "claimed", "expired", "changed")


class Atomicity(Backend):
    """Commits of several changes."""

    def test_all_changes_of_a_commit_are_made(self, storage: Storage) -> None:
        slot = Slot(storage)
        storage.commit(*slot.good(), now=NOW)
        assert read(storage, slot.live).claimed_at == NOW
        assert read(storage, slot.grant).record.last_used_at == NOW + 1
        assert gone(storage, slot.dropped)
        assert [read(storage, record).record for record in slot.new] == slot.new

    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("position", range(6))
    def test_a_loser_changes_nothing(self, storage: Storage, state: State, position: int) -> None:
        slot = Slot(storage)
        before, changes = slot.contents(), slot.good()
        changes.insert(position, slot.bad(state))
        conflict(storage, *changes, state=state, at=position)
        assert slot.contents() == before
        assert all(gone(storage, record) for record in slot.new)
        storage.commit(*slot.good(), now=NOW)

    @pytest.mark.parametrize("position", range(4))
    def test_a_revoked_grant_stops_the_commit(self, storage: Storage, position: int) -> None:
        slot = Slot(storage)
        dead = samples.refresh(slot.grant.grant_id)
        add(storage, dead)
        storage.commit(Revoke(slot.grant.grant_id), now=NOW)
        before = slot.contents()
        changes: list[Change] = [*map(Add, slot.new), Remove(AccessToken, slot.dropped.key)]
        changes.insert(position, Claim(RefreshToken, dead.key))
        conflict(storage, *changes, state="revoked", at=position)
        assert slot.contents() == before
        assert all(gone(storage, record) for record in slot.new)

    def test_a_loser_revokes_nothing(self, storage: Storage) -> None:
        slot = Slot(storage)
        for changes in (
            [Revoke(slot.grant.grant_id), slot.bad("exists")],
            [slot.bad("exists"), Revoke(slot.grant.grant_id)],
        ):
            conflict(storage, *changes, state="exists", at=changes.index(slot.bad("exists")))
            assert read(storage, slot.grant).state(NOW) == "live"

    def test_the_first_of_two_conflicts_is_told(self, storage: Storage) -> None:
        slot = Slot(storage)
        for first, second in pairwise(STATES):
            changes = [Add(slot.new[0]), slot.bad(first), slot.bad(second)]
            conflict(storage, *changes, state=first, at=1)

    def test_a_loser_leaves_no_trace_in_the_index(self, storage: Storage) -> None:
        grant = samples.grant(account_id="bob")
        taken = samples.refresh(grant.grant_id)
        add(storage, taken)
        conflict(storage, Add(grant), Add(taken), state="exists", at=1)
        page = storage.find(Grant, account_id="bob")
        assert (page.items, page.next) == ((), None)

    def test_slots_follow_the_order_of_the_caller(self, storage: Storage) -> None:
        taken = samples.account("taken")
        add(storage, taken)
        first, last = samples.account("first"), samples.account("last")
        conflict(storage, Add(first), Add(taken), Add(last), state="exists", at=1)
        # Whether `first` is stored depends on the engine: a cluster commits slot by slot.
        assert gone(storage, last)
        conflict(storage, Add(taken), Add(last), state="exists")
        assert gone(storage, last)

    def test_a_slot_in_pieces_is_one(self, storage: Storage) -> None:
        one, two, three = (samples.account(f"slot.{n}") for n in range(3))
        elsewhere = samples.account("elsewhere")
        add(storage, two)
        conflict(storage, Add(one), Add(elsewhere), Add(two), Add(three), state="exists", at=2)
        assert all(gone(storage, record) for record in (one, three, elsewhere))

    def test_many_slots_in_one_commit(self, storage: Storage) -> None:
        accounts = [samples.account() for _ in range(40)]
        storage.commit(*map(Add, accounts), now=NOW)
        assert all(read(storage, account).record == account for account in accounts)
        storage.commit(*(Remove(Account, one.account_id) for one in accounts), now=NOW)
        assert all(gone(storage, account) for account in accounts)

    @pytest.mark.parametrize("slot", ["}a{b", "{}", "{a}", "*", "a b", "%s", "'"])
    def test_a_slot_of_any_letters_is_one(self, storage: Storage, slot: str) -> None:
        grant, code = samples.grant(slot), samples.code(slot)
        tokens = [samples.access(slot), samples.refresh(slot)]
        add(storage, code)
        claim = Claim(AuthorizationCode, code.key)
        storage.commit(claim, Add(grant), *map(Add, tokens), now=NOW)
        assert [read(storage, token).state(NOW) for token in tokens] == ["live", "live"]
        late = samples.access(slot)
        conflict(storage, Add(late), claim, state="claimed", at=1)
        assert gone(storage, late)

    def test_code_exchange_and_rotation(self, storage: Storage) -> None:
        grant = samples.grant()
        slot = grant.grant_id
        code, refresh, successor = samples.code(slot), samples.refresh(slot), samples.refresh(slot)
        receipt = replace(samples.fill(Receipt, refresh.key), successor=successor.key)
        rotation = (Claim(RefreshToken, refresh.key), Add(successor), Add(receipt))
        exchange = (Claim(AuthorizationCode, code.key), Add(grant), Add(refresh))
        add(storage, code)
        for commit in (exchange, rotation):
            storage.commit(*commit, now=NOW)
            conflict(storage, *commit, state="claimed", now=NOW + LIFE - 1)
        assert read(storage, receipt).record == receipt
        assert read(storage, successor).state(NOW) == "live"

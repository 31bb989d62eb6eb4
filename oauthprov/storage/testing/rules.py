"""The steps of the machine: commits within one slot, time going by, purges and revocations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from oauthprov.records import (
    AccessToken,
    Account,
    AuthorizationCode,
    Client,
    Grant,
    Record,
    RefreshToken,
    slot,
)
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    State,
    Storage,
    Stored,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.model import Key, Model, marks, target

START = samples.NOW
LIVES = st.sampled_from([1, 30, 600, 5000])
STEPS = st.sampled_from([0, 1, 29, 300, 600])
KINDS = (Grant, AuthorizationCode, RefreshToken, AccessToken, Account, Client)
OWNERS = ("alice", "bob")
WORDS = st.lists(
    st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=3), max_size=2
).map(tuple)


class Machine(RuleBasedStateMachine):
    """Two slots with a few records of each kind; the model says what each must be."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage, self.model, self.now = storage, Model(), START
        self.slots = [samples.unique(), samples.unique()]
        self.owners = {owner: samples.unique(f"{owner}-") for owner in OWNERS}
        self.seen: dict[Key, tuple[Stored[Any], Stored[Any]]] = {}

    def key(self, kind: type[Record], part: str, number: int) -> str:
        return part if kind is Grant else f"{part}.{kind.shape.name}{number}"

    def record(self, kind: type[Record], part: str, number: int, data: st.DataObject) -> Record:
        """Draw a record; an access token may name its grant or none."""
        made = samples.fill(kind, self.key(kind, part, number), bare=True)
        changes: dict[str, Any] = {}
        if kind.shape.expires:
            changes["expires_at"] = self.now + data.draw(LIVES)
        if kind is AccessToken and data.draw(st.booleans()):
            changes["grant_id"] = None
        for index in kind.shape.indexes:
            # The indexed fields of a record never change, so its key decides them.
            changes[index] = self.owners[OWNERS[self.slots.index(part) % 2]]
        if kind in (Grant, AuthorizationCode):
            changes["amr"] = data.draw(WORDS)
        return replace(made, **changes)  # type: ignore[type-var]

    @rule(seconds=STEPS)
    def time_goes_by(self, seconds: int) -> None:
        self.now += seconds

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """Commit up to four changes of one slot; a record appears at most once."""
        part = data.draw(st.sampled_from(self.slots))
        drawn = [self.change(part, data) for _ in range(data.draw(st.integers(1, 4)))]
        changes = list({target(pair[0]): pair for pair in drawn}.values())
        ours = [pair[0] for pair in changes]
        if self.depends_on_itself(ours):
            return
        expected = self.outcome(self.model, [pair[1] for pair in changes])
        assert self.outcome(self.storage, ours) == expected
        note(f"{[type(change).__name__ for change in ours]}: {expected}")

    def depends_on_itself(self, changes: list[Change]) -> bool:
        """Tell whether a commit claims a token and changes its grant, which nobody needs."""
        claims = any(isinstance(c, Claim) and c.kind.shape.has_grant for c in changes)
        return claims and any(target(c)[0] is Grant for c in changes)

    def change(self, part: str, data: st.DataObject) -> tuple[Change, Change]:
        """Draw a change, for the storage and for the model: they read versions of their own."""
        kind = data.draw(st.sampled_from(KINDS))
        number = data.draw(st.integers(0, 1))
        key = self.key(kind, part, number)
        verb = data.draw(st.sampled_from(["add", "add", "claim", "replace", "remove", "revoke"]))
        if verb == "add":
            added = Add(self.record(kind, part, number, data))
            return added, added
        if verb == "replace" and (kind, key) in self.seen:
            theirs, ours = self.seen[kind, key]
            record = self.record(kind, part, number, data)
            return Replace(record, theirs), Replace(record, ours)
        simple: Change = Claim(kind, key)
        if verb == "remove":
            simple = Remove(kind, key)
        elif verb == "revoke":
            simple = Revoke(part)
        return simple, simple

    def outcome(self, storage: Storage | Model, changes: list[Change]) -> tuple[object, ...]:
        """Commit; return what a conflict told, as far as it doesn't depend on the engine."""
        try:
            storage.commit(*changes, now=self.now)
        except Conflict as lost:
            position = changes.index(lost.change)
            found = lost.stored and (lost.stored.record, lost.stored.claimed_at)
            return position, self.told(target(lost.change), lost.state), found
        for change in changes:
            if isinstance(change, Add | Remove):
                # A version begins anew, so what was read of an older record is worth nothing.
                self.seen.pop(target(change), None)
        return ()

    @rule(part=st.integers(0, 1), kind=st.sampled_from(KINDS), number=st.integers(0, 1))
    def look(self, part: int, kind: type[Record], number: int) -> None:
        """Read a record, to replace it later."""
        key = self.key(kind, self.slots[part], number)
        expected = self.model.taken(kind, key, self.now)
        found = self.storage.get(kind, key)
        if expected is not None and found is not None:
            self.seen[kind, key] = found, expected

    @rule(limit=st.integers(1, 5))
    def purge(self, limit: int) -> None:
        assert 0 <= self.storage.purge(now=self.now, limit=limit) <= limit

    @invariant()
    def every_record_agrees(self) -> None:
        keys = list(self.model.records)
        for key, found in zip(keys, self.storage.get_many(keys), strict=True):
            expected = self.model.taken(*key, self.now)
            if expected is None:
                continue  # it may be there still, or gone already
            assert found is not None
            assert found.record == expected.record
            assert marks(found)[1:] == marks(expected)[1:]
            assert self.told(key, found.state(self.now)) == self.told(
                key, expected.state(self.now)
            )

    def told(self, key: Key, state: State) -> str:
        """The state, but for that of a token whose grant may be purged: one is as dead as all."""
        kind, name = key
        if kind.shape.has_grant and state in ("expired", "revoked"):
            grant = self.model.taken(Grant, slot(name), self.now)
            return "dead" if grant is None else state
        return state

    @invariant()
    def every_index_agrees(self) -> None:
        for owner in self.owners.values():
            found = {
                stored.record.client_id: stored.record
                for stored in self.storage.find(Client, owner=owner).items
            }
            expected = {
                key: stored.record
                for (kind, key), stored in self.model.records.items()
                if kind is Client and getattr(stored.record, "owner", None) == owner
            }
            assert found == expected

"""The steps of the state machine: commits within one slot, purges, and time passing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from oauthprov.records import (
    AccessToken,
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
    Target,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.model import Model, marks

START = samples.NOW
LIVES = st.sampled_from([1, 30, 600, 5000])
STEPS = st.sampled_from([0, 1, 29, 300, 600])
# Few records, so that changes often affect the same one.
PLACES = st.sampled_from(
    (
        *((Grant, ""), (AuthorizationCode, ".c"), (RefreshToken, ".r"), (AccessToken, ".a")),
        *((Client, ".one"), (Client, ".two")),
    )
)
WHEN_FREE = st.sampled_from(["add"] * 5 + ["claim", "replace", "remove"])
WHEN_TAKEN = st.sampled_from(["claim"] * 3 + ["replace"] * 3 + ["revoke", "remove", "add"])
WORDS = st.lists(
    st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=3), max_size=2
).map(tuple)
Place = tuple[type[Record], str]


class Machine(RuleBasedStateMachine):
    """One slot with a few records; the model has the expected state of each."""

    def __init__(self, storage: Storage) -> None:
        super().__init__()
        self.storage, self.model, self.now = storage, Model(), START
        self.slot, self.owner = samples.unique(), samples.unique()
        self.seen: dict[Target, tuple[Stored[Any], Stored[Any]]] = {}

    def record(self, place: Place, data: st.DataObject) -> Record:
        """Draw a record; an access token may name its grant or none."""
        kind, suffix = place
        made = samples.fill(kind, self.slot + suffix, bare=True)
        changes: dict[str, Any] = dict.fromkeys(kind.shape.indexes, self.owner)
        if kind.shape.expires:
            changes["expires_at"] = self.now + data.draw(LIVES)
        if kind is AccessToken and data.draw(st.booleans()):
            changes["grant_id"] = None
        if kind in (Grant, AuthorizationCode):
            changes["amr"] = data.draw(WORDS)
        return replace(made, **changes)  # type: ignore[type-var]

    @rule(seconds=STEPS, place=PLACES, limit=st.integers(0, 5))
    def time_goes_by(self, seconds: int, place: Place, limit: int) -> None:
        """Advance the time, read a record that a later step may replace, and maybe purge."""
        self.look(place)
        self.now += seconds
        if limit:
            assert 0 <= self.storage.purge(now=self.now, limit=limit).count <= limit

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """Commit up to three changes of one slot; a record appears at most once."""
        drawn = [self.change(data) for _ in range(data.draw(st.sampled_from([1, 1, 2, 3])))]
        changes = list({pair[0].target: pair for pair in drawn}.values())
        ours = [pair[0] for pair in changes]
        if self.depends_on_itself(ours):
            return
        expected = self.outcome(self.model, [pair[1] for pair in changes])
        note(f"{[type(change).__name__ for change in ours]}: {expected}")
        assert self.outcome(self.storage, ours) == expected

    def depends_on_itself(self, changes: list[Change]) -> bool:
        """Return whether a commit claims a token and changes its grant; these are skipped."""
        claims = any(isinstance(c, Claim) and c.kind.shape.has_grant for c in changes)
        return claims and any(c.target[0] is Grant for c in changes)

    def change(self, data: st.DataObject) -> tuple[Change, Change]:
        """Draw a change, one for the storage and one for the model: their versions differ."""
        place = kind, suffix = data.draw(PLACES)
        at = (kind, self.slot + suffix)
        free = self.model.taken(*at, self.now) is None
        verb = data.draw(WHEN_FREE if free else WHEN_TAKEN)
        if verb == "add":
            added = Add(self.record(place, data))
            return added, added
        if verb == "replace" and (at in self.seen or self.look(place)):
            record = self.record(place, data)
            theirs, ours = self.seen[at]
            return Replace(record, theirs), Replace(record, ours)
        simple: Change = Claim(*at)
        if verb == "remove":
            simple = Remove(*at)
        elif verb == "revoke":
            simple = Revoke(self.slot)
        return simple, simple

    def outcome(self, storage: Storage | Model, changes: list[Change]) -> tuple[object, ...]:
        """Commit; return the facts of a conflict that don't depend on the engine."""
        try:
            storage.commit(*changes, now=self.now)
        except Conflict as lost:
            position = changes.index(lost.change)
            found = lost.stored and (lost.stored.record, lost.stored.claimed_at)
            return position, self.told(lost.change.target, lost.state), found
        return ()

    def look(self, place: Place) -> bool:
        """Read a record for a later Replace; return whether it exists."""
        at = (place[0], self.slot + place[1])
        expected = self.model.taken(*at, self.now)
        found = self.storage.get(*at)
        if expected is None or found is None:
            return False
        self.seen[at] = found, expected
        return True

    @invariant()
    def every_record_agrees(self) -> None:
        keys = list(self.model.records)
        for key, found in zip(keys, self.storage.get_many(keys), strict=True):
            expected = self.model.taken(*key, self.now)
            if expected is None:
                continue  # it may or may not be purged already
            assert found is not None
            assert found.record == expected.record
            assert marks(found)[1:] == marks(expected)[1:]
            assert self.told(key, found.state(self.now)) == self.told(
                key, expected.state(self.now)
            )

    def told(self, key: Target, state: State) -> str:
        """Return the state; ``dead`` for any but live when the token's grant may be purged."""
        kind, name = key
        if kind.shape.has_grant and state in ("expired", "revoked", "claimed"):
            grant = self.model.taken(Grant, slot(name), self.now)
            return "dead" if grant is None else state
        return state

    @invariant()
    def every_index_agrees(self) -> None:
        found = [stored.record for stored in self.storage.find(Client, owner=self.owner).items]
        expected = {at: one.record for at, one in self.model.records.items() if at[0] is Client}
        assert found == [expected[at] for at in sorted(expected, key=lambda at: at[1])]

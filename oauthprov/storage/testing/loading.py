"""``load``: copies of records from another storage, each in its state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.records import KINDS, AccessToken, Account, Client, Grant, Record, RefreshToken
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Claim,
    Remove,
    Replace,
    Revoke,
    Storage,
    Stored,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.samples import LIFE, NOW


def copy_of(
    record: Record, *, claimed_at: int | None = None, revoked_at: int | None = None
) -> Stored[Record]:
    """Return the record as another storage would return it."""
    return Stored(record, 2**31, claimed_at, revoked_at)


class Loading(Backend):
    """Loading copies, again and over other records."""

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.shape.name)
    @pytest.mark.parametrize("bare", [True, False], ids=["bare", "full"])
    def test_a_copy_of_each_kind_keeps_its_state(
        self, storage: Storage, kind: type[Record], bare: bool
    ) -> None:
        live, used = (samples.fill(kind, f"slot.{name}", bare=bare) for name in ("live", "used"))
        revoked_at = NOW + 2 if kind is Grant else None
        ended = copy_of(used, claimed_at=NOW + 1, revoked_at=revoked_at)
        storage.load(copy_of(live), ended, now=NOW)
        assert (read(storage, live).record, read(storage, live).claimed_at) == (live, None)
        found = read(storage, used)
        assert (found.record, found.claimed_at, found.revoked_at) == (used, NOW + 1, revoked_at)
        assert [one.record for one in storage.walk(kind)] == [live, used]
        for index in kind.shape.indexes:
            assert [one.record for one in storage.walk(kind, **{index: "slot"})] == [live, used]

    def test_a_replayed_copy_is_still_a_replay(self, storage: Storage) -> None:
        grant = samples.grant("slot")
        used, next_ = samples.refresh("slot"), samples.refresh("slot")
        storage.load(copy_of(grant), copy_of(used, claimed_at=NOW), copy_of(next_), now=NOW)
        conflict(storage, Claim(RefreshToken, used.key), state="claimed", now=NOW + 1)
        storage.commit(Claim(RefreshToken, next_.key), Revoke("slot"), now=NOW + 1)
        assert read(storage, next_).state(NOW + 1) == "revoked"

    def test_tokens_of_a_revoked_copy_are_revoked(self, storage: Storage) -> None:
        token = samples.access("slot")
        storage.load(copy_of(token), now=NOW)
        assert read(storage, token).state(NOW) == "revoked"
        storage.load(copy_of(samples.grant("slot")), now=NOW)
        assert read(storage, token).state(NOW) == "live"
        storage.load(copy_of(samples.grant("slot"), revoked_at=NOW), now=NOW)
        assert read(storage, token).state(NOW) == "revoked"

    def test_a_copy_takes_the_place_of_what_was_there(self, storage: Storage) -> None:
        old, new = samples.account("one", "alice"), samples.account("one", "bob")
        bystander = samples.account("two", "alice")
        add(storage, old, bystander)
        seen = read(storage, old)
        for _ in range(2):
            storage.load(copy_of(new), now=NOW)
            assert read(storage, new).record == new
        assert [one.record for one in storage.walk(Account)] == [new, bystander]
        conflict(storage, Replace(old, expecting=seen), state="changed")

    def test_a_live_copy_ends_the_claim_of_what_was_there(self, storage: Storage) -> None:
        token = samples.machine_token()
        storage.load(copy_of(token, claimed_at=NOW), now=NOW)
        storage.load(copy_of(token), now=NOW)
        storage.commit(Claim(AccessToken, token.key), now=NOW + 1)

    def test_a_copy_is_a_record_like_any_other(self, storage: Storage) -> None:
        client = samples.client("id", owner="alice")
        storage.load(copy_of(client), now=NOW)
        conflict(storage, Add(client), state="exists")
        renamed = replace(client, name="renamed")
        storage.commit(Replace(renamed, expecting=read(storage, client)), now=NOW)
        assert read(storage, client).record == renamed
        storage.commit(Remove(Client, "id"), now=NOW)
        assert gone(storage, client)
        assert storage.find(Client, owner="alice").items == ()

    def test_the_key_of_a_copy_becomes_free(self, storage: Storage) -> None:
        token = samples.machine_token()
        storage.load(copy_of(token), now=NOW)
        over = NOW + LIFE + AccessToken.shape.keep
        conflict(storage, Add(token), state="exists", now=over - 1)
        storage.commit(Add(replace(token, expires_at=over + LIFE)), now=over)

    def test_a_hundred_copies_of_many_kinds(self, storage: Storage) -> None:
        records = [
            samples.fill(kind, f"{number}.key")
            for number in range(COMMIT_LIMIT // len(KINDS))
            for kind in KINDS
        ]
        records += [samples.account() for _ in range(COMMIT_LIMIT - len(records))]
        storage.load(*map(copy_of, records), now=NOW)
        assert all(read(storage, record).record == record for record in records)

    def test_wrong_copies_load_nothing(self, storage: Storage) -> None:
        fine = samples.account()
        too_many = [copy_of(samples.account()) for _ in range(COMMIT_LIMIT)]
        stray = replace(samples.access("slot"), grant_id="another")
        for wrong in (
            [copy_of(samples.fill(Account, "Zo\u00eb"))],
            [copy_of(samples.client(owner=""))],
            [copy_of(stray)],
            [copy_of(fine)],
            too_many,
        ):
            with pytest.raises(ValueError, match=r"\S"):
                storage.load(copy_of(fine), *wrong, now=NOW)
        storage.load(now=NOW)
        assert list(storage.walk(Account)) == []

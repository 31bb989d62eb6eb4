"""Expiry by ``now``: its exact second, the time a record is kept after it, distant dates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.records import KINDS, AuthorizationCode, Record, Session
from oauthprov.storage.interface import Add, Claim, Remove, Replace, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.samples import LIFE, NOW

MORTAL = [kind for kind in KINDS if kind.shape.expires]
YEARS = pytest.mark.parametrize("now", [1_000_000_000, 4_000_000_000], ids=["2001", "2096"])
by_name = pytest.mark.parametrize("kind", MORTAL, ids=lambda kind: kind.shape.name)


class Expiry(Backend):
    """Expiry and ``keep``."""

    def test_live_until_the_second_of_expiry(self, storage: Storage) -> None:
        code = samples.code("slot", expires_at=NOW + 60)
        add(storage, code)
        claim = Claim(AuthorizationCode, code.key)
        conflict(storage, claim, state="expired", now=NOW + 60)
        assert read(storage, code).state(NOW + 60) == "expired"
        assert read(storage, code).state(NOW + 59) == "live"
        storage.commit(claim, now=NOW + 59)

    @by_name
    def test_a_key_is_free_past_expiry_and_keep(
        self, storage: Storage, kind: type[Record]
    ) -> None:
        old = samples.fill(kind, samples.unique("slot."), bare=True)
        new = replace(  # type: ignore[type-var]
            samples.fill(kind, old.storage_key), expires_at=NOW + 9 * LIFE
        )
        free_from = NOW + LIFE + kind.shape.keep
        add(storage, old)
        conflict(storage, Add(new), state="exists", now=free_from - 1)
        conflict(storage, Claim(kind, old.storage_key), state="unknown", now=free_from)
        storage.commit(Add(new), now=free_from)
        stored = read(storage, old)
        assert stored.record == new
        assert (stored.claimed_at, stored.revoked_at) == (None, None)

    def test_a_tombstone_ends_with_its_keep(self, storage: Storage) -> None:
        code = samples.code("slot")
        claim = Claim(AuthorizationCode, code.key)
        free_from = NOW + LIFE + AuthorizationCode.shape.keep
        add(storage, code)
        storage.commit(claim, now=NOW)
        conflict(storage, claim, state="claimed", now=free_from - 1)
        assert read(storage, code).claimed_at == NOW
        assert conflict(storage, claim, state="unknown", now=free_from) is None
        again = replace(code, expires_at=free_from + LIFE)
        storage.commit(Add(again), now=free_from)
        assert (read(storage, code).record, read(storage, code).claimed_at) == (again, None)
        storage.commit(claim, now=free_from)

    def test_replace_ends_with_keep(self, storage: Storage) -> None:
        code = samples.code("slot")
        longer = replace(code, amr=("pwd",))
        free_from = NOW + LIFE + AuthorizationCode.shape.keep
        add(storage, code)
        seen = read(storage, code)
        assert conflict(storage, Replace(longer, seen), state="unknown", now=free_from) is None
        storage.commit(Replace(longer, seen), now=free_from - 1)
        assert read(storage, code).record == longer

    def test_replace_moves_the_expiry(self, storage: Storage) -> None:
        session = samples.fill(Session, samples.unique())
        longer = replace(session, expires_at=NOW + 5 * LIFE)
        shorter = replace(session, expires_at=NOW + 2 * LIFE)
        add(storage, session)
        storage.commit(Replace(longer, expecting=read(storage, session)), now=NOW)
        conflict(storage, Add(session), state="exists", now=NOW + 3 * LIFE)
        assert read(storage, session).state(NOW + 3 * LIFE) == "live"
        storage.commit(Replace(shorter, expecting=read(storage, session)), now=NOW)
        assert read(storage, session).state(NOW + 3 * LIFE) == "expired"
        storage.commit(Add(longer), now=NOW + 3 * LIFE)

    def test_what_is_added_expired_is_dead(self, storage: Storage) -> None:
        code = samples.code("slot", expires_at=NOW - 1)
        add(storage, code)
        assert read(storage, code).state(NOW) == "expired"
        conflict(storage, Claim(AuthorizationCode, code.key), state="expired")

    def test_remove_takes_what_is_past_keep(self, storage: Storage) -> None:
        code = samples.code("slot")
        add(storage, code)
        storage.commit(Remove(AuthorizationCode, code.key), now=NOW + 100 * LIFE)
        assert gone(storage, code)

    @YEARS
    def test_the_clock_on_the_wall_is_not_asked(self, storage: Storage, now: int) -> None:
        grant = samples.grant(expires_at=now + LIFE)
        code = samples.code(grant.grant_id, expires_at=now + LIFE)
        token = samples.refresh(grant.grant_id, expires_at=now + LIFE)
        claim = Claim(AuthorizationCode, code.key)
        add(storage, code, now=now)
        storage.commit(claim, Add(grant), Add(token), now=now)
        assert (read(storage, token).record, read(storage, grant).record) == (token, grant)
        assert read(storage, token).state(now) == "live"
        conflict(storage, claim, state="claimed", now=now + LIFE)
        assert read(storage, code).claimed_at == now
        used = replace(grant, last_used_at=now + 1)
        storage.commit(Replace(used, expecting=read(storage, grant)), now=now + 1)
        assert read(storage, token).state(now + LIFE - 1) == "live"
        conflict(storage, Add(token), state="exists", now=now + LIFE - 1)
        storage.commit(Claim(type(token), token.key), now=now + LIFE - 1)

    @YEARS
    def test_a_key_is_free_in_any_year(self, storage: Storage, now: int) -> None:
        code = samples.code("slot", expires_at=now + LIFE)
        free_from = now + LIFE + code.shape.keep
        add(storage, code, now=now)
        conflict(storage, Add(code), state="exists", now=free_from - 1)
        storage.commit(Add(replace(code, expires_at=free_from + 1)), now=free_from)

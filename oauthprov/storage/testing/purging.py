"""``purge`` drops expired records in bounded steps, and drops no others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from oauthprov.records import AccessToken, AuthorizationCode, Grant, Record
from oauthprov.storage.interface import Add, Claim, Purged, Revoke, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, gone, read
from oauthprov.storage.testing.racing import THREADS, race
from oauthprov.storage.testing.samples import LIFE, NOW

STEPS_AT_MOST = 100


def purge_once(storage: Storage, *, now: int, limit: int = 500) -> int:
    """Make one pass; return how many entries it dropped."""
    dropped = 0
    for steps, count in enumerate(storage.purge_pass(now=now, limit=limit)):
        assert 0 <= count <= limit
        assert steps < STEPS_AT_MOST, "a pass of purge doesn't end"
        dropped += count
    return dropped


def purge_all(storage: Storage, *, now: int, limit: int = 500) -> int:
    """Make passes until one drops nothing; return how many entries were dropped."""
    dropped = 0
    for _ in range(STEPS_AT_MOST):
        more = purge_once(storage, now=now, limit=limit)
        if more == 0:
            return dropped
        dropped += more
    raise AssertionError("every pass of purge drops something")


class Purging(Backend):
    """Purging expired records."""

    def gone_if_purged(self, storage: Storage, *records: Record) -> bool:
        """Return whether purge dropped these; True if the engine drops them by itself, later."""
        return not self.purges or all(gone(storage, record) for record in records)

    def test_an_empty_storage(self, storage: Storage) -> None:
        assert storage.purge(now=NOW) == Purged(0)

    def test_one_pass_drops_all_that_has_expired(self, storage: Storage) -> None:
        grant = samples.grant(expires_at=NOW + 2 * LIFE)
        old = [samples.access(grant.grant_id) for _ in range(10)]
        young = [samples.access(grant.grant_id, expires_at=NOW + 2 * LIFE) for _ in range(10)]
        storage.commit(Add(grant), *map(Add, old), *map(Add, young), now=NOW)
        purged = purge_once(storage, now=NOW + LIFE, limit=3)
        assert purged == 10 or not self.purges
        assert self.gone_if_purged(storage, *old)
        assert all(read(storage, token).state(NOW + LIFE) == "live" for token in [grant, *young])
        assert purge_once(storage, now=NOW + LIFE) == 0

    def test_a_pass_ends_though_more_expires_beside_it(self, storage: Storage) -> None:
        old = [samples.machine_token() for _ in range(10)]
        storage.commit(*map(Add, old), now=NOW)
        for number, _ in enumerate(storage.purge_pass(now=NOW + LIFE, limit=2)):
            assert number < STEPS_AT_MOST
            expiring = [samples.machine_token(expires_at=NOW + LIFE + 1) for _ in range(5)]
            storage.commit(*map(Add, expiring), now=NOW + LIFE)
        assert self.gone_if_purged(storage, *old)

    def test_a_step_takes_its_own_cursors_only(self, storage: Storage) -> None:
        for cursor in ("", "no cursor", "access_tokens", "MTIz"):
            with pytest.raises(ValueError, match=r"\S"):
                storage.purge(now=NOW, after=cursor)
        with pytest.raises(ValueError, match=r"\S"):
            storage.purge(now=NOW, limit=0)

    def test_the_second_at_which_a_record_may_go(self, storage: Storage) -> None:
        code, session = samples.code("slot"), samples.machine_token()
        add(storage, code, session)
        storage.commit(Claim(AuthorizationCode, code.key), now=NOW)
        purge_all(storage, now=NOW + LIFE - 1)
        assert read(storage, session).record == session
        purge_all(storage, now=NOW + LIFE + AuthorizationCode.shape.keep - 1)
        assert read(storage, code).claimed_at == NOW
        assert self.gone_if_purged(storage, session)
        purge_all(storage, now=NOW + LIFE + AuthorizationCode.shape.keep)
        assert self.gone_if_purged(storage, code)

    def test_what_never_expires_stays(self, storage: Storage) -> None:
        client, account = samples.client(owner="alice"), samples.account()
        add(storage, client, account)
        purge_all(storage, now=NOW * 2)
        assert read(storage, client).record == client
        assert read(storage, account).record == account
        assert len(storage.find(type(client), owner="alice").items) == 1

    def test_the_revoked_and_claimed_stay_until_they_expire(self, storage: Storage) -> None:
        grant, childless = samples.grant(), samples.grant()
        token = samples.refresh(grant.grant_id)
        add(storage, grant, childless, token)
        storage.commit(Claim(type(token), token.key), now=NOW)
        storage.commit(Revoke(grant.grant_id), Revoke(childless.grant_id), now=NOW)
        purge_all(storage, now=NOW + LIFE - 1)
        assert read(storage, token).claimed_at == NOW
        assert [read(storage, one).revoked_at for one in (grant, childless)] == [NOW, NOW]

    def test_a_grant_goes_no_sooner_than_its_tokens(self, storage: Storage) -> None:
        grants = [samples.grant() for _ in range(3)]
        tokens = [samples.access(grant.grant_id) for grant in grants for _ in range(3)]
        add(storage, *grants, *tokens)
        for _ in storage.purge_pass(now=NOW + LIFE, limit=1):
            for token in tokens:
                stored = storage.get(AccessToken, token.key)
                assert stored is None or stored.grant is not None
        purge_all(storage, now=NOW + LIFE)
        assert self.gone_if_purged(storage, *grants, *tokens)

    def test_a_grant_waits_for_a_longer_token(self, storage: Storage) -> None:
        grant = samples.grant(expires_at=NOW + 10)
        token = samples.access(grant.grant_id, expires_at=NOW + LIFE)
        add(storage, grant, token)
        purge_all(storage, now=NOW + 10)
        assert read(storage, token).state(NOW + 10) == "expired"
        purge_all(storage, now=NOW + LIFE)
        assert self.gone_if_purged(storage, grant, token)

    def test_the_index_is_purged_too(self, storage: Storage) -> None:
        add(storage, *(samples.grant() for _ in range(5)))
        add(storage, samples.grant("last", expires_at=NOW + 2 * LIFE))
        purge_all(storage, now=NOW + LIFE, limit=2)
        if self.purges:
            found = storage.find(Grant, account_id="alice").items
            assert [stored.record.grant_id for stored in found] == ["last"]

    def test_beside_traffic(self, storage: Storage) -> None:
        old = [samples.machine_token(expires_at=NOW - 1) for _ in range(60)]
        young = [samples.machine_token() for _ in range(60)]
        storage.commit(*map(Add, old), now=NOW - 2)

        def traffic(number: int) -> int:
            for token in young[number :: THREADS - 2]:
                storage.commit(Add(token), now=NOW)
                storage.commit(Claim(AccessToken, token.key), now=NOW)
            return 0

        def purge() -> int:
            return purge_all(storage, now=NOW, limit=7)

        runs: list[Callable[[], int]] = [purge, purge]
        outcomes = race(runs + [partial(traffic, n) for n in range(THREADS - 2)])
        assert sum(outcomes) == 60 or not self.purges
        assert all(read(storage, token).claimed_at == NOW for token in young)
        assert self.gone_if_purged(storage, *old)

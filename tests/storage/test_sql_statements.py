"""Statements are compiled for the shapes of changes, never for how many of them there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from oauthprov.records import (
    KINDS,
    AuthorizationCode,
    Grant,
    Record,
    ReplayMark,
    Session,
    SigningKey,
)
from oauthprov.storage import open_storage
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import add, conflict, read
from oauthprov.storage.testing.samples import LIFE, NOW
from tests.servers import fresh

FEW = 60
"""Compiled statements that all of these changes and reads together may leave."""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    at = f"sqlite:///{tmp_path}/a"
    param = request.param
    url = at if param == "sqlite" else request.getfixturevalue(f"{param}_url")
    storage = open_storage(fresh(url))
    yield storage
    storage.close()


def codes(count: int) -> list[AuthorizationCode]:
    return [samples.code(samples.unique()) for _ in range(count)]


def everything(storage: Any, count: int) -> None:
    """Commit and read ``count`` records by every change there is, one by one and mixed."""
    grants, tombs = [samples.grant() for _ in range(count)], codes(count)
    storage.commit(*map(Add, grants), now=NOW)
    storage.commit(*map(Add, tombs), now=NOW)
    found = storage.get_many([(Grant, grant.grant_id) for grant in grants])
    assert [stored.record for stored in found] == grants
    storage.commit(*(Replace(one.record, expecting=one) for one in found), now=NOW)
    storage.commit(*(Claim(AuthorizationCode, code.key) for code in tombs), now=NOW)
    storage.commit(*(Revoke(grant.grant_id) for grant in grants), now=NOW)
    swept: Sequence[Change] = [Remove(AuthorizationCode, code.key) for code in tombs]
    kept = [Revoke(grant.grant_id) for grant in grants]
    half = [*swept[: count // 2], *kept[: count // 2], Add(samples.machine_token())]
    storage.commit(*half[-COMMIT_LIMIT:], now=NOW)
    storage.commit(*swept, now=NOW)


def test_the_number_of_changes_compiles_nothing_new(storage: Any) -> None:
    for count in (1, 2, 3, 5, 9, 17, 50, COMMIT_LIMIT):
        everything(storage, count)
    compiled = storage.statements_compiled
    assert compiled < FEW
    for count in range(6, COMMIT_LIMIT, 7):
        everything(storage, count)
    # A few are the mixed commits of up to eight changes, which PostgreSQL takes in one trip.
    assert storage.statements_compiled <= compiled + 8


@pytest.mark.parametrize("bare", [False, True], ids=["full", "bare"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.shape.name)
def test_every_kind_is_read_beside_another(storage: Any, kind: type[Record], bare: bool) -> None:
    """One statement reads several kinds: no column of one is taken for that of another."""
    grant = samples.grant()
    record = samples.fill(kind, f"{grant.grant_id}.x", bare=bare)
    other = samples.fill(SigningKey if kind is ReplayMark else ReplayMark, samples.unique())
    add(storage, grant, record)
    for records in ([record, other], [other, record]):
        pairs = [(type(one), one.storage_key) for one in records]
        alone = [storage.get(*pair) for pair in pairs]
        assert [stored and stored.record for stored in alone].count(record) == 1
        assert storage.get_many(pairs) == alone
    add(storage, other)
    found = storage.get_many([(type(one), one.storage_key) for one in (record, other)])
    assert found == [read(storage, record), read(storage, other)]


@pytest.mark.parametrize("count", [2, 4, 5, 16, 17, 99, COMMIT_LIMIT])
def test_each_of_many_changes_is_made_and_no_other(storage: Any, count: int) -> None:
    grants, tombs = [samples.grant() for _ in range(count + 1)], codes(count + 1)
    storage.commit(*map(Add, grants[:count]), now=NOW)
    storage.commit(*map(Add, tombs[:count]), now=NOW)
    add(storage, grants[-1], tombs[-1])
    assert all(read(storage, record).record == record for record in (*grants, *tombs))
    claims = [Claim(AuthorizationCode, code.key) for code in tombs[:count]]
    storage.commit(*claims, now=NOW + 1)
    revokes = [Revoke(grant.grant_id) for grant in grants[:count]]
    storage.commit(*revokes, now=NOW + 1)
    assert {read(storage, code).claimed_at for code in tombs[:count]} == {NOW + 1}
    assert {read(storage, grant).revoked_at for grant in grants[:count]} == {NOW + 1}
    storage.commit(*revokes, now=NOW + 2)
    assert {read(storage, grant).revoked_at for grant in grants[:count]} == {NOW + 1}
    conflict(storage, *claims, state="claimed", now=NOW + 2)
    storage.commit(*(Remove(AuthorizationCode, code.key) for code in tombs[:count]), now=NOW)
    pairs: list[tuple[type[Record], str]] = [(AuthorizationCode, code.key) for code in tombs]
    assert [stored is None for stored in storage.get_many(pairs)] == [True] * count + [False]
    assert read(storage, tombs[-1]).claimed_at is None
    assert read(storage, grants[-1]).revoked_at is None


@pytest.mark.parametrize("at", [0, 7, 49])
def test_one_refused_change_undoes_its_batch(storage: Any, at: int) -> None:
    tombs = codes(50)
    storage.commit(*map(Add, tombs), now=NOW)
    storage.commit(Claim(AuthorizationCode, tombs[at].key), now=NOW)
    claims = [Claim(AuthorizationCode, code.key) for code in tombs]
    conflict(storage, *claims, state="claimed", at=at, now=NOW + 1)
    claimed = [read(storage, code).claimed_at for code in tombs]
    assert claimed == [NOW if place == at else None for place in range(50)]
    fresh = codes(50)
    adds = [Add(tombs[at] if place == at else code) for place, code in enumerate(fresh)]
    conflict(storage, *adds, state="exists", at=at)
    assert storage.get_many([(AuthorizationCode, code.key) for code in fresh]) == [None] * 50


def test_many_expired_keys_can_be_added_again(storage: Any) -> None:
    sessions = [samples.fill(Session, samples.unique()) for _ in range(30)]
    storage.commit(*map(Add, sessions), now=NOW)
    over = NOW + LIFE + Session.shape.keep
    with pytest.raises(Conflict, match="exists"):
        storage.commit(*map(Add, sessions), now=over - 1)
    storage.commit(*map(Add, sessions), now=over)

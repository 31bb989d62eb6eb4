"""The short form: a fault lasts until every client has had an answer; nothing is timed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.deployment import Deployment, deployed
from tests.faults.faults import (
    Failover,
    Fault,
    FewPostgreSQLConnections,
    FewRedisConnections,
    FullRedis,
    KilledBackend,
    KilledStore,
    KilledWorker,
    NoFault,
    NoFileGrows,
    StoppedStore,
)
from tests.faults.races import ENDINGS, raced
from tests.faults.scenarios import ENGINES
from tests.faults.trial import Pace, tried

PACE = Pace()

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    make, _ = ENGINES[request.param]
    with deployed(make) as made:
        yield made


def on(*engines: str):
    return pytest.mark.parametrize("deployment", engines, indirect=True, scope="module")


def expect_nothing_wrong(deployment: Deployment, fault: Fault) -> None:
    outcome = tried(deployment, fault, PACE)
    assert outcome.verdict.violations == []
    assert outcome.verdict.tokens > 0
    assert outcome.statuses[200] > 0


@on("sqlite")
def test_a_trial_without_a_fault_finds_no_violation(deployment):
    expect_nothing_wrong(deployment, NoFault())


@on("sqlite", "redis", "postgresql")
def test_a_killed_worker_loses_nothing(deployment):
    expect_nothing_wrong(deployment, KilledWorker(deployment))


@on("redis", "postgresql", "mariadb")
def test_a_killed_store_keeps_everything_that_was_confirmed(deployment):
    expect_nothing_wrong(deployment, KilledStore(deployment.store))


@on("postgresql")
def test_a_killed_database_backend_loses_nothing(deployment):
    expect_nothing_wrong(deployment, KilledBackend(deployment.store))


@on("redis", "postgresql", "mariadb")
def test_every_request_is_answered_while_the_store_is_stopped(deployment):
    expect_nothing_wrong(deployment, StoppedStore(deployment.store))


@on("redis")
def test_a_full_redis_still_revokes_and_readyz_reports_it(deployment):
    expect_nothing_wrong(deployment, FullRedis(deployment.store, deployment))


@on("sqlite")
def test_files_that_cannot_grow_lose_nothing(deployment):
    expect_nothing_wrong(deployment, NoFileGrows(deployment))


@on("redis")
def test_too_few_connections_to_redis_lose_nothing(deployment):
    expect_nothing_wrong(deployment, FewRedisConnections(deployment.store))


@on("postgresql")
def test_too_few_connections_to_postgresql_lose_nothing(deployment):
    expect_nothing_wrong(deployment, FewPostgreSQLConnections(deployment.store))


@on("redis cluster")
def test_a_failover_loses_at_most_the_last_second_of_one_primary(deployment):
    expect_nothing_wrong(deployment, Failover(deployment.store))


@pytest.mark.parametrize("ending", ENDINGS)
@on("sqlite", "redis", "postgresql")
def test_a_session_or_consent_ended_during_authorizations_stays_ended(deployment, ending):
    outcome = raced(deployment, ending, rounds=1, pace=PACE)
    assert outcome.verdict.violations == []
    assert outcome.verdict.tokens > 0

"""Built-in accounts over real storage, on every engine."""

from __future__ import annotations

import pytest

from oauthprov.accounts import BuiltInAccounts, EmailVerifications
from oauthprov.credentials import PasswordHasher
from oauthprov.storage import open_storage
from tests.engines import engines
from tests.servers import fresh
from tests.site import PASSWORD, Clock

ADDRESS = "alice@example.org"
ENGINES = ("sqlite", "postgresql", "mariadb", "redis", "redis_cluster")


@pytest.fixture(params=engines(ENGINES, "sqlite", "redis"))
def storage(request, tmp_path):
    url = f"sqlite:///{tmp_path}/oauthprov.sqlite"
    if request.param != "sqlite":
        url = request.getfixturevalue(f"{request.param}_url")
    made = open_storage(fresh(url))
    yield made
    made.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def people(storage, clock):
    return BuiltInAccounts(storage, PasswordHasher(memory_kib=8, time_cost=1), clock)


@pytest.fixture
def verifications(storage, clock):
    return EmailVerifications(storage, clock, lifetime=600)


@pytest.fixture
def alice(people):
    """The id of an account with an address that isn't confirmed."""
    account_id = people.sign_up("alice", PASSWORD).account_id
    people.set_profile(account_id, {"name": "Alice", "email": ADDRESS})
    return account_id

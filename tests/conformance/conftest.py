"""One provider for each storage and session; a suite of its own for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.provider import Certified, certified
from tests.conformance.relying_party import Suite, Variant
from tests.conformance.suite_server import SuiteServer
from tests.engines import engines
from tests.servers import empty

BASIC = Variant("code")
FORM_POST = Variant("code", "form_post")
ID_TOKEN = Variant("id_token")
ID_TOKEN_TOKEN = Variant("id_token token")
FORM_POST_ID_TOKEN = Variant("id_token", "form_post")
FORM_POST_ID_TOKEN_TOKEN = Variant("id_token token", "form_post")
WITH_A_CODE = [BASIC, FORM_POST]
WITHOUT_A_CODE = [ID_TOKEN, ID_TOKEN_TOKEN, FORM_POST_ID_TOKEN, FORM_POST_ID_TOKEN_TOKEN]
WITH_AN_ACCESS_TOKEN = [*WITH_A_CODE, ID_TOKEN_TOKEN, FORM_POST_ID_TOKEN_TOKEN]
EVERY = [*WITH_A_CODE, *WITHOUT_A_CODE]
WAYS = ["sqlite-dynamic", "sqlite-static", "redis-dynamic", "redis-static"]

with_a_code = pytest.mark.parametrize("variant", WITH_A_CODE, ids=str)
without_a_code = pytest.mark.parametrize("variant", WITHOUT_A_CODE, ids=str)
with_an_access_token = pytest.mark.parametrize("variant", WITH_AN_ACCESS_TOKEN, ids=str)
registered_now = pytest.mark.parametrize("way", engines(WAYS[::2], "sqlite-dynamic"))


@pytest.fixture(scope="session")
def suite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteServer]:
    made = SuiteServer(tmp_path_factory.mktemp("suite"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def sqlite_provider(
    suite_server: SuiteServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Certified]:
    folder = tmp_path_factory.mktemp("certification")
    url = f"sqlite:///{folder}/certification.sqlite"
    with certified(url, folder, suite_server.place, suite_server) as served:
        yield served


@pytest.fixture(scope="session")
def redis_provider(
    kept_redis_url: str, suite_server: SuiteServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Certified]:
    empty(kept_redis_url)
    folder = tmp_path_factory.mktemp("certification")
    with certified(kept_redis_url, folder, suite_server.place, suite_server) as served:
        yield served


@pytest.fixture(params=engines(WAYS, "sqlite-dynamic", "redis-static"))
def way(request: pytest.FixtureRequest) -> str:
    """The storage, and how clients are registered."""
    return request.param


@pytest.fixture
def provider(request: pytest.FixtureRequest, way: str) -> Certified:
    return request.getfixturevalue(f"{way.partition('-')[0]}_provider")


@pytest.fixture(params=EVERY, ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    return request.param


@pytest.fixture
def suite(provider: Certified, variant: Variant, way: str) -> Iterator[Suite]:
    made = Suite(provider, variant, *way.split("-")[1:])
    yield made
    made.close()

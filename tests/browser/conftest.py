"""Visitors, a provider and the demo for each test; all share one Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.place import Demo, Provider, demo_of, provider_on
from tests.browser.visitor import Visitor
from tests.engines import engines
from tests.servers import empty


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Return a function that opens a new browser for one person."""
    visitors: list[Visitor] = []

    def come(**options) -> Visitor:
        visitors.append(Visitor(chromium, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def visitor(visit) -> Visitor:
    return visit()


@pytest.fixture(params=engines(["sqlite", "redis"], "sqlite"))
def either_storage(request: pytest.FixtureRequest) -> str:
    """The URL of an empty storage: a test that asks for it runs on SQLite and on Redis."""
    if request.param == "sqlite":
        return "sqlite://"
    url: str = request.getfixturevalue("redis_url")
    empty(url)
    return url


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://") as served:
        yield served


@pytest.fixture
def demo(provider: Provider) -> Iterator[Demo]:
    """The demo, registered at the provider."""
    with demo_of(provider.issuer) as client:
        client.start(*provider.register(client.callback))
        yield client

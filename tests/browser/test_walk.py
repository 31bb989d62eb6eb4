"""The walk of the README, in a real browser, on every kind of storage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.place import demo_of, provider_on, with_tables
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk
from tests.servers import empty

pytestmark = pytest.mark.browser

TRIES = 3
PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/oauthprov.sqlite"
    url = request.getfixturevalue(f"{request.param}_url")
    with_tables(url)
    empty(url)
    return url


def test_the_walk(storage_url, visit):
    sqlite = storage_url.startswith("sqlite:")
    if sqlite and os.environ.get("OAUTHPROV_SCREENSHOTS") == "1":
        take_the_walk(storage_url, visit(dark=True, pictures=PICTURES), ports=(5000, 8000))
    else:
        take_the_walk(storage_url, visit(dark=sqlite))


def test_the_walk_without_javascript(visit):
    take_the_walk("sqlite://", visit(scripts=False))


def take_the_walk(storage_url: str, visitor: Visitor, ports: tuple[int, int] = (0, 0)) -> None:
    settings = {"login.limit_account": f"{TRIES} per 15 minutes"}
    with (
        provider_on(storage_url, ports[0], **settings) as provider,
        demo_of(provider.issuer, ports[1]) as demo,
    ):
        walk = Walk(visitor, provider, demo)
        walk.sign_up()
        walk.find_the_demo_unregistered()
        walk.register_the_demo()
        walk.lose_sight_of_the_secret()
        walk.cancel()
        walk.allow()
        walk.read_the_token_facts()
        walk.connect_again_unasked()
        walk.ask_for_more()
        walk.refresh()
        walk.remove_access()
        walk.edit_the_client()
        walk.rotate_its_secret()
        walk.delete_the_client()
        walk.sign_out()
        walk.guess_passwords(TRIES + 1)

"""The walk of the README over development.ini, in a real browser, on every kind of storage."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.place import development, with_tables
from tests.browser.visitor import Visitor
from tests.browser.walk import Walk
from tests.engines import engines
from tests.servers import empty

pytestmark = pytest.mark.browser

TRIES = 10
"""As many wrong passwords for one name as development.ini lets pass."""
PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"


@pytest.fixture(params=engines(["sqlite", "postgresql", "redis"], "sqlite"))
def storage_url(request: pytest.FixtureRequest) -> str | None:
    """Where development.ini stores everything, None for where it does anyway."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue(f"{request.param}_url")
    with_tables(url)
    empty(url)
    return url


def test_the_walk_of_the_readme_works(storage_url, visit, tmp_path):
    if storage_url is None and os.environ.get("OAUTHPROV_SCREENSHOTS") == "1":
        pictured = visit(dark=True, pictures=PICTURES)
        take_the_walk(pictured, tmp_path, ports=(5000, 8000))
    else:
        take_the_walk(visit(dark=storage_url is None), tmp_path, storage_url)


def test_the_walk_of_the_readme_works_without_javascript(visit, tmp_path):
    take_the_walk(visit(scripts=False), tmp_path, "sqlite://")


def take_the_walk(
    visitor: Visitor,
    folder: Path,
    storage_url: str | None = None,
    ports: tuple[int, int] = (0, 0),
) -> None:
    with development(folder, storage_url, ports) as (provider, demo):
        walk = Walk(visitor, provider, demo)
        walk.sign_up()
        walk.find_the_demo_unregistered()
        walk.register_the_demo()
        walk.lose_sight_of_the_secret()
        walk.sign_in_with_the_first_button()
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

"""One suite for every way to run: each storage standalone, and embedded in a host."""

from __future__ import annotations

from pathlib import Path

import plaster
import pytest
from pyramid.config import Configurator

from examples.embedded import album
from tests import site as sites
from tests.engines import engines
from tests.servers import fresh
from tests.site import Browser, Site

ALBUM = Path(album.__file__).parent / "album.ini"
WAYS = [
    "standalone-sqlite",
    "standalone-postgresql",
    "standalone-redis",
    "standalone_views-sqlite",
    "embedded-sqlite",
    "embedded-redis",
]
FIRST = ["standalone-sqlite", "standalone-redis", "standalone_views-sqlite", "embedded-sqlite"]


@pytest.fixture
def storage_url(request, way, tmp_path) -> str:
    """The URL of an empty storage that is up to date."""
    engine = way.partition("-")[2]
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path / 'flows.sqlite'}"
    else:
        url = request.getfixturevalue(f"{engine}_url")
    return fresh(url)


@pytest.fixture(params=engines(WAYS, *FIRST))
def way(request) -> str:
    return request.param


@pytest.fixture
def more() -> dict[str, str]:
    """Settings beside those of every test."""
    return {}


@pytest.fixture
def site(way, storage_url, more) -> Site:
    kind = way.partition("-")[0]
    more = sites.patient(storage_url) | more
    if kind.startswith("standalone"):
        made = sites.standalone(sites.ini(storage_url, **more), straight=kind == "standalone")
    else:
        made = embedded(storage_url, more)
    yield made
    made.close()


def embedded(storage_url: str, more: dict[str, str]) -> Site:
    """The example host as it is, but for where it is and what it stores where."""
    issuer = f"{sites.ORIGIN}/auth"
    settings = dict(plaster.get_settings(str(ALBUM), "app:main")) | {"album.database": "sqlite://"}
    del settings["use"], settings["oauthprov.development"]
    with Configurator(settings=settings | sites.ini(storage_url, issuer=issuer, **more)) as config:
        config.include(album)
        made = sites.assembled(config, issuer)
    made.enter = enter_album
    return made


def enter_album(browser: Browser, name: str) -> None:
    """Sign in on the host's own page."""
    form = browser.get(f"{sites.ORIGIN}/login").form
    form["name"], form["password"] = name, album.PASSWORDS[name]
    assert form.submit().status_int == 303


@pytest.fixture
def alice(site) -> Browser:
    return site.browser().enter("alice")


@pytest.fixture
def bob(site) -> Browser:
    return site.browser().enter("bob")

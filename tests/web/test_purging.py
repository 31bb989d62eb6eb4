"""The purge beside the requests: with the default settings nobody needs cron."""

from __future__ import annotations

import pytest

from oauthprov.protocol.purging import PERIOD
from oauthprov.records import Session
from oauthprov.storage.interface import Add
from oauthprov.web.site import site_of
from tests import site as sites


@pytest.fixture(params=["true", "false"])
def site(request, tmp_path):
    url = f"sqlite:///{tmp_path}/purging.sqlite"
    settings = {"development": "true", "purge.worker": request.param}
    made = sites.standalone(sites.ini(url, **settings))
    yield made
    site_of(made.wsgi.registry).provider.purging.worker.join(30)
    made.close()


def test_requests_start_a_purge_within_two_minutes_unless_it_is_off(site):
    now = site.clock()
    for number in range(3):
        session = Session(str(number), "alice", 1, 1, 1, expires_at=now)
        site.storage.commit(Add(session), now=now - 1)
    provider = site_of(site.wsgi.registry).provider
    for _ in range(2):
        site.get("/healthz")
        site.clock.pass_by(PERIOD)
    site.get("/healthz")
    provider.purging.worker.join(30)
    left = len(list(site.storage.walk(Session)))
    assert left == (0 if provider.settings.purge_worker else 3)

"""Liveness and readiness."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_server_that_is_well(site, path):
    response = site.get(path)
    assert (response.status_int, response.json) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_liveness_asks_nothing_of_storage(site):
    assert site.storage.trips(lambda: site.get("/healthz")) == (0, 0)

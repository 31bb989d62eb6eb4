"""Liveness and readiness."""

from __future__ import annotations

import pytest

from oauthprov.web.site import site_of
from tests import site as sites


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_healthy_server_is_ready(tmp_path, path):
    site = sites.standalone(sites.ini(f"sqlite:///{tmp_path}/well.sqlite", development="true"))
    response = site.get(path)
    site.close()
    assert (response.status_int, response.json) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_liveness_does_not_use_storage(site):
    site.get("/healthz")  # background work starts with the first request
    site_of(site.wsgi.registry).provider.sweeper.join(30)
    assert site.storage.trips(lambda: site.get("/healthz")) == (0, 0)


def test_a_storage_that_may_lose_data_is_ready_with_a_warning(small_redis, caplog):
    url, client = small_redis
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    site = sites.standalone(sites.ini(url))
    response = site.get("/readyz")
    client.config_set("maxmemory-policy", "noeviction")
    site.close()
    assert (response.status_int, response.json["status"]) == (200, "ok")
    forgets, evicts = response.json["warnings"]
    assert "append-only file is off" in forgets
    assert "noeviction" in evicts
    logged = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert logged == [f"storage: {forgets}", f"storage: {evicts}"]


def test_a_database_in_memory_gives_a_warning(site):
    [warning] = site.get("/readyz").json["warnings"]
    assert "gone when the process ends" in warning


def test_a_full_storage_is_not_ready_and_still_revokes(small_redis, caplog):
    url, client = small_redis
    site = sites.standalone(sites.ini(url))
    app = site.app("machine")
    token = app.post("/oauth/token", {"grant_type": "client_credentials"}).json["access_token"]
    client.config_set("maxmemory", "1")
    response = site.get("/readyz")
    assert response.status_int == 503
    assert "full" in response.json["error_description"]
    assert site.get("/healthz").status_int == 200
    refused = app.post("/oauth/token", {"grant_type": "client_credentials"})
    assert (refused.status_int, "access_token" in refused.json) == (503, False)
    assert app.post("/oauth/introspect", {"token": token}).json["active"] is True
    assert app.post("/oauth/revoke", {"token": token}).status_int == 200
    assert app.post("/oauth/introspect", {"token": token}).json["active"] is False
    caplog.clear()
    site.close()
    full = sites.standalone(sites.ini(url))
    full.close()
    assert any("the storage is full" in record.message for record in caplog.records)
    client.config_set("maxmemory", "0")

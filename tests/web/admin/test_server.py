"""Signing keys and health on the admin pages."""

from __future__ import annotations

import oauthprov
from oauthprov.records import SigningKey, Sweep
from oauthprov.storage.interface import Add, Conflict


def keys(site) -> list[SigningKey]:
    return [stored.record for stored in site.storage.walk(SigningKey)]


def rotate(browser):
    return browser.get("/admin/keys").form.submit("alg", value="RS256", expect_errors=True)


def test_the_next_key_is_published_once_and_waits(site, alice):
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    assert len(keys(site)) == 1
    shown = alice.follow(rotate(alice))
    assert "The next key is published" in shown.text
    assert "waiting" in shown.text
    assert len(keys(site)) == 2
    assert "Nothing to do" in alice.follow(rotate(alice)).text
    assert len(keys(site)) == 2


def test_the_first_key_of_an_algorithm_signs_at_once(site, alice):
    shown = alice.follow(rotate(alice))
    assert "The new key is published, and signs." in shown.text
    assert "signing" in shown.text
    assert len(keys(site)) == 1


def test_no_private_key_is_on_the_page(site, alice):
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    page = alice.get("/admin/keys").text
    assert keys(site)[0].kid in page
    assert keys(site)[0].sealed not in page


def test_a_change_of_the_keys_at_the_same_moment_is_no_error_of_the_server(
    site, alice, monkeypatch
):
    rotation = site.wsgi.registry["oauthprov"].provider.keys.rotation
    site.wsgi.registry["oauthprov"].provider.keys.jwks()
    page = alice.get("/admin/keys")

    def lost(alg):
        raise Conflict(Add(keys(site)[0]), "exists")

    monkeypatch.setattr(rotation, "rotate", lost)
    refused = page.form.submit("alg", value="RS256", expect_errors=True)
    assert refused.status_int == 409
    assert "Somebody changed the keys" in refused.text


def test_health_tells_engine_version_and_what_waits(site, alice):
    site.storage.commit(Add(Sweep.begin("nobody", "x", site.clock())), now=site.clock())
    page = alice.get("/admin/health")
    assert f"oauthprov {oauthprov.__version__}" in page.text
    facts = {dt.text: dd.text for dt, dd in zip(page.html("dt"), page.html("dd"), strict=True)}
    assert facts["Grants to end after sign-outs"] == "1"
    assert facts["Logouts to deliver to clients"] == "0"
    assert facts["engine"] in ("sqlite", "Redis", "Valkey")
    assert "durability" in page.text or "append-only" in page.text

"""Logos of clients: fetched when they register, and served by us."""

from __future__ import annotations

import json

import pytest

from oauthprov.web.site import site_of
from tests.gallery import IMAGES, Gallery
from tests.site import ISSUER
from tests.web.openid import login_page, openid_site, register_itself


@pytest.fixture
def site(gallery: Gallery):
    made = openid_site(**gallery.settings)
    yield made
    gallery.release()
    site_of(made.wsgi.registry).provider.logo_worker.join(60)
    made.close()


def test_a_logo_is_on_the_login_page_at_once(site, gallery):
    made = register_itself(site, logo_uri=gallery.uri)
    assert made.status_int == 201
    page = login_page(site, made.json["client_id"])
    [image] = page.html.select("img.logo")
    assert image["src"].startswith(f"{ISSUER}/clients/{made.json['client_id']}/logo/")
    assert gallery.uri not in page.text
    shown = site.get(image["src"])
    assert (shown.body, shown.headers["Content-Type"]) == (IMAGES["image/png"], "image/png")


def test_a_logo_is_served_as_an_image_and_as_nothing_else(site, gallery):
    made = register_itself(site, logo_uri=gallery.uri)
    [image] = login_page(site, made.json["client_id"]).html.select("img.logo")
    headers = site.get(image["src"]).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("image", ["nothing", "%00", "a" * 300, "..%2f..", "%C3%A4"])
def test_an_unknown_logo_is_not_found(site, gallery, image):
    made = register_itself(site, logo_uri=gallery.uri).json
    assert site.get(f"/clients/{made['client_id']}/logo/{image}").status_int == 404
    assert site.get(f"/clients/nobody/logo/{image}").status_int == 404


def test_a_logo_that_cannot_be_fetched_fails_no_registration(site, gallery, caplog):
    gallery.show(b"<svg/>", "image/svg+xml")
    made = register_itself(site, logo_uri=gallery.uri)
    assert (made.status_int, made.json["logo_uri"]) == (201, gallery.uri)
    page = login_page(site, made.json["client_id"])
    assert page.html.select("img.logo") == []
    assert page.html.select_one(".logo").text == "P"
    assert "can't be fetched" in caplog.text


def test_a_page_asks_again_for_a_logo_that_is_missing(site, gallery):
    gallery.show(b"", status="503 Service Unavailable")
    made = register_itself(site, logo_uri=gallery.uri).json
    gallery.show(IMAGES["image/png"])
    site.clock.pass_by(3600)
    login_page(site, made["client_id"])
    site_of(site.wsgi.registry).provider.logo_worker.join(60)
    assert len(login_page(site, made["client_id"]).html.select("img.logo")) == 1


def test_a_client_that_changes_its_logo_loses_the_old_one(site, gallery):
    made = register_itself(site, logo_uri=gallery.uri).json
    [image] = login_page(site, made["client_id"]).html.select("img.logo")
    document = {"client_id": made["client_id"], "redirect_uris": made["redirect_uris"]}
    changed = site.send(
        "PUT",
        made["registration_client_uri"],
        body=json.dumps(document).encode(),
        Content_Type="application/json",
        Authorization=f"Bearer {made['registration_access_token']}",
    )
    assert changed.status_int == 200
    assert login_page(site, made["client_id"]).html.select("img.logo") == []
    assert site.get(image["src"]).status_int == 404


def test_a_slow_logo_doesn_t_hold_up_its_registration(site, gallery):
    gallery.hold()
    assert register_itself(site, logo_uri=gallery.uri).status_int == 201
    gallery.wait(1)


def test_a_developer_s_logo_is_on_the_page_that_follows(site, gallery):
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    form["logo_uri"] = gallery.uri
    page = alice.follow(form.submit())
    assert len(page.html.select("img.logo")) == 1
    gallery.show(IMAGES["image/gif"], "image/gif")
    site.clock.pass_by(60)
    page = page.click("Edit").form.submit()
    [image] = alice.follow(page).html.select("img.logo")
    assert site.get(image["src"]).content_type == "image/gif"


def test_the_console_tells_a_developer_that_a_logo_cannot_be_fetched(site, gallery):
    gallery.show(b"", status="404 Not Found")
    alice = site.browser().sign_up("alice")
    form = alice.get("/clients/new/web").form
    form["name"], form["redirect_uris"] = "Printer", "https://app.example/callback"
    form["logo_uri"] = gallery.uri
    page = alice.follow(form.submit())
    assert f"The logo at {gallery.uri} can't be shown" in " ".join(page.html.main.text.split())

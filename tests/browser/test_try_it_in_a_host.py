"""A developer tries a client in an app that includes the provider and has its own users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import plaster
import pytest
from playwright.sync_api import expect

from examples.embedded import album
from tests.browser.place import Provider, serving
from tests.servers.wsgi import Server

ALBUM = Path(album.__file__).parent / "album.ini"

pytestmark = pytest.mark.browser


@pytest.fixture
def host(tmp_path) -> Iterator[Provider]:
    """The album, which serves the provider below ``/auth``."""
    server = Server()
    given = plaster.get_settings(str(ALBUM), "app:main")
    settings = {k: v.replace("http://127.0.0.1:6543", server.root) for k, v in given.items()}
    settings["oauthprov.secret"] = "0123456789abcdefghijklmnopqrstuvwxyz"
    settings["oauthprov.storage.url"] = f"sqlite:///{tmp_path}/provider.sqlite"
    settings["album.database"] = f"sqlite:///{tmp_path}/users.sqlite"
    app = album.main({}, **settings)
    with serving(server, app, "/auth") as provider:
        yield provider


def test_each_step_is_run_and_shown(visit, host):
    visitor = visit(dark=True)
    page = visitor.page
    client, secret = host.registrar.register(
        type="web",
        name="Printer",
        owner="1",
        redirect_uris=("https://printer.example/callback",),
        scopes=("profile:read", "photos:read"),
    )
    page.goto(host.url(f"/clients/{client.client_id}"))
    page.get_by_label("Name").fill("alice")
    page.get_by_label("Password").fill(album.PASSWORDS["alice"])
    page.get_by_role("button", name="Sign in").click()
    visitor.link("Printer").click()
    visitor.button("Try it in the browser").click()
    visitor.button("Add the redirect URI").click()
    visitor.look("Try Printer")
    visitor.button("Send the browser there").click()
    visitor.button("Allow").click()
    visitor.field("Client secret").fill(secret)
    visitor.button("Redeem the code").click()
    expect(page.get_by_label("Token response")).to_contain_text("200 OK")
    visitor.button("Introspect").click()
    expect(page.get_by_label("Response", exact=True)).to_contain_text('"active": true')
    visitor.look("Try Printer")
    visitor.button("Revoke").click()
    expect(page.get_by_label("Response", exact=True)).to_contain_text("200")
    visitor.button("Remove the redirect URI").click()
    visitor.heading("Try Printer").wait_for()
    assert visitor.faults == []

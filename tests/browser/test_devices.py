"""Devices: a code is typed, somebody decides, and the device gets what it asked for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from tests.browser.place import Provider, provider_on
from tests.browser.test_brand import WANTED
from tests.browser.test_languages import look
from tests.browser.test_walk import PICTURES
from tests.browser.visitor import NARROW, WIDE, Visitor
from tests.site import OPENID

pytestmark = pytest.mark.browser


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_on("sqlite://", scopes=OPENID, languages="en de he") as served:
        yield served


@pytest.fixture
def television(provider: Provider) -> Callable[[], dict[str, str]]:
    """What a television does to begin: the function returns what it is told."""
    client, _ = provider.registrar.register(
        type="native",
        name="Television",
        grant_types=(DEVICE_CODE, "refresh_token"),
        scopes=("openid", "profile:read", "photos:read"),
        homepage_uri="https://television.example/",
    )

    def begin() -> dict[str, str]:
        form = {"client_id": client.client_id, "scope": "openid profile:read photos:read"}
        answer = requests.post(provider.url("/oauth/device_authorization"), form, timeout=30)
        assert answer.status_code == 200
        return answer.json() | {"client_id": client.client_id}

    return begin


def polled(provider: Provider, told: dict[str, str]) -> dict[str, str]:
    form = {name: told[name] for name in ("client_id", "device_code")}
    form["grant_type"] = DEVICE_CODE
    answer: dict[str, str] = requests.post(provider.url("/oauth/token"), form, timeout=30).json()
    return answer


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_types_the_code_and_allows_the_device(visit, provider, television, scripts):
    pictures = PICTURES if WANTED and scripts else None
    alice = visit(scripts=scripts, dark=scripts, pictures=pictures)
    alice.sign_up(provider.issuer, "alice")
    told = television()
    alice.page.goto(told["verification_uri"])
    alice.look("Connect a device")
    alice.field("Code").fill("BCDF-GHJK")
    alice.button("Continue").click()
    alice.alert().wait_for()
    alice.field("Code").fill(told["user_code"].lower())
    alice.button("Continue").click()
    alice.look("Television asks for access")
    assert told["user_code"] in alice.page.inner_text("#destination")
    alice.picture("device", whole=True)
    assert polled(provider, told)["error"] == "authorization_pending"
    alice.button("Allow").click()
    alice.look("The device is connected")
    assert "id_token" in polled(provider, told)
    alice.page.goto(provider.url("/account"))
    alice.page.get_by_role("heading", name="Television").wait_for()


def test_a_link_of_the_device_leads_through_the_sign_in_and_fills_the_code_in(
    visit, provider, television
):
    visit().sign_up(provider.issuer, "alice")
    alice, told = visit(), television()
    alice.page.goto(told["verification_uri_complete"])
    alice.enter("alice")
    alice.button("Sign in").click()
    alice.look("Connect a device")
    assert alice.field("Code").input_value() == told["user_code"]
    alice.button("Continue").click()
    alice.button("Cancel").click()
    alice.look("The device got no access")
    assert polled(provider, told)["error"] == "access_denied"


def shots(visitor: Visitor) -> list[bytes]:
    """Pictures of a page, wide and narrow, each light and dark."""
    taken, page = [], visitor.page
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            taken.append(page.screenshot(full_page=True, caret="hide"))
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    return taken


def keep(visitor: Visitor, name: str, rows: list[list[bytes]]) -> None:
    """Keep the pictures of several pages as one, half as large."""
    sheet = visitor.context.new_page()
    sheet.set_viewport_size({"width": WIDE["width"] + NARROW["width"] + 60, "height": 400})
    sheet.set_content(
        "<style>body {margin: 0; background: #888} div {display: flex; align-items: start}"
        " img {zoom: .5; margin: 10px}</style>"
        + "".join(
            "<div>"
            + "".join(f'<img src="data:image/png;base64,{b64encode(p).decode()}">' for p in row)
            + "</div>"
            for row in rows
        )
    )
    sheet.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    sheet.close()


@pytest.mark.parametrize("language", ["en", "de", "he"])
def test_the_pages_in_each_language(visit, provider, television, language):
    pictures: list[list[bytes]] = []
    alice: Visitor = visit(dark=True, language=language)
    judge = alice.look if language == "en" else partial(look, alice)
    alice.page.goto(provider.url("/signup"))
    alice.page.locator("#name").fill("alice")
    alice.page.locator("#password").fill("correct horse battery")
    alice.page.locator("main button[type=submit]").click()
    alice.page.locator("h1 .name").wait_for()
    alice.page.goto(television()["verification_uri_complete"])
    judge()
    pictures.append(shots(alice) if WANTED else [])
    alice.page.locator("#go-on").click()
    alice.page.locator("#allow").wait_for()
    judge()
    pictures.append(shots(alice) if WANTED else [])
    alice.page.locator("#allow").click()
    alice.page.locator("#allow").wait_for(state="detached")
    judge()
    if WANTED:
        keep(alice, f"device-{language}", [*pictures, shots(alice)])

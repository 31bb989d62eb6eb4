"""Initial access tokens on the admin pages."""

from __future__ import annotations

import pytest

from oauthprov.records import InitialAccessToken
from tests.web.admin.conftest import press

THERE = "/admin/registration-tokens"


def create(browser, **fields: str):
    return press(browser.get(THERE), "create", -1, **fields)


def tokens(site) -> list[InitialAccessToken]:
    return [stored.record for stored in site.storage.walk(InitialAccessToken)]


def registers(site, token: str) -> bool:
    document = {"client_name": "Nightly", "grant_types": ["client_credentials"]}
    app = site.browser().page
    sent = app.post_json(
        site.url("/oauth/register"),
        document | {"token_endpoint_auth_method": "client_secret_basic"},
        headers={"Authorization": f"Bearer {token}"},
        expect_errors=True,
    )
    return sent.status_int == 201


def test_a_token_is_shown_once_and_registers_as_many_clients_as_it_says(site, alice):
    shown = alice.follow(create(alice, note="For bob", uses="1", days="2"))
    token = shown.html.find(id="token").text
    assert token not in alice.get(shown.request.url).text
    [record] = tokens(site)
    assert (record.note, record.uses_left) == ("For bob", 1)
    assert record.expires_at == site.clock() + 2 * 86_400
    assert [registers(site, token) for _ in range(2)] == [True, False]
    assert "used up" in alice.get(THERE).text


def test_without_a_number_it_registers_any_number_of_clients(site, alice):
    create(alice, uses="")
    assert tokens(site)[0].uses_left is None
    assert "any number of clients" in alice.get(THERE).text


def test_a_token_is_revoked(site, alice):
    shown = alice.follow(create(alice))
    token = shown.html.find(id="token").text
    revoked = alice.follow(press(shown, "revoke"))
    assert "The token is revoked" in revoked.text
    assert tokens(site) == []
    assert not registers(site, token)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"uses": "0"}, "uses"),
        ({"uses": "-1"}, "uses"),
        ({"uses": "many"}, "uses"),
        ({"uses": "1000001"}, "uses"),
        ({"days": ""}, "days"),
        ({"days": "0"}, "days"),
        ({"days": "\u0661"}, "days"),
        ({"days": "9" * 500}, "days"),
        ({"note": "x" * 201}, "note"),
        ({"note": "a\u202eb"}, "note"),
    ],
)
def test_a_wrong_form_creates_nothing_and_keeps_what_was_typed(site, alice, fields, wrong):
    refused = create(alice, **fields)
    assert refused.status_int == 422
    assert refused.html.find(id=f"wrong-{wrong}")
    [typed] = fields.values()
    assert refused.html.find(id=wrong)["value"] == typed
    assert tokens(site) == []


def test_the_new_token_is_for_the_browser_that_created_it(site, alice, owner):
    sent = create(alice)
    other = owner.sign_in()
    assert other.get(sent.location).html.find(id="token") is None
    assert alice.get(sent.location).html.find(id="token")

"""The audit tells a whole attack: who registered, who allowed it, who stole what, what ended."""

from __future__ import annotations

import pytest

from oauthprov.events import trail
from oauthprov.records import AuditEntry
from tests.site import App
from tests.web.openid import register_itself

OWNER, THIEF = "192.0.2.7", "203.0.113.9"


@pytest.fixture
def more() -> dict[str, str]:
    return {"registration": "open", "audit.routine": "true"}


@pytest.fixture
def printer(site) -> App:
    """A client that registered itself."""
    grants = ["authorization_code", "refresh_token"]
    members = {
        "scope": "profile:read",
        "token_endpoint_auth_method": "none",
        "grant_types": grants,
    }
    made = register_itself(site, **members).json
    client = site.registrar.get(made["client_id"]).record
    return App(site, client, None)


def refreshed(app: App, token: str, address: str):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    form["client_id"] = app.client.client_id
    return app.site.post("/oauth/token", form, extra_environ={"REMOTE_ADDR": address})


def recorded(site) -> list[AuditEntry]:
    """The audit as it is stored, the oldest first."""
    events = site.wsgi.registry["oauthprov"].events
    events.recorder.join(60)
    entries = trail.newest(site.storage, site.clock(), 30)
    return [*entries][::-1]


def test_a_stolen_refresh_token_is_told_from_the_registration_to_the_end(site, printer, alice):
    tokens = printer.tokens(alice, scope="profile:read")
    stolen = tokens["refresh_token"]
    assert refreshed(printer, stolen, THIEF).status_int == 200
    site.clock.pass_by(120)
    answer = refreshed(printer, stolen, OWNER)
    assert answer.json["error"] == "invalid_grant"
    told = [
        (entry.event, entry.address)
        for entry in recorded(site)
        if entry.client_id == printer.client.client_id
    ]
    assert [event for event, _ in told] == [
        "client.registered",
        "authorization.granted",
        "tokens.issued",
        "tokens.issued",
        "grant.revoked",
        "request.refused",
    ]
    assert told[3][1] == THIEF
    assert {address for _, address in told[4:]} == {OWNER}
    explained = trail.of_request(site.storage, answer.headers["X-Request-Id"])
    assert [one.event for one in explained] == ["grant.revoked", "request.refused"]
    assert trail.details(explained[0])["how"] == "replay"
    assert trail.details(explained[1])["reason"] == "refresh_token_replayed"
    grants = {trail.details(one)["grant_id"] for one in explained}
    assert len(grants) == 1
    asked = [one for one in recorded(site) if one.event == "authorization.granted"]
    assert trail.details(asked[0])["grant_id"] in grants
    assert trail.details(asked[0])["how"] == "asked"
    assert {one.account_id for one in explained} == {asked[0].account_id}


def test_no_entry_holds_a_secret(site, printer, alice):
    tokens = printer.tokens(alice, scope="profile:read")
    refreshed(printer, tokens["refresh_token"], OWNER)
    site.clock.pass_by(120)
    refreshed(printer, tokens["refresh_token"], OWNER)
    written = "\n".join(map(str, recorded(site)))
    for token in (tokens["refresh_token"], tokens["access_token"]):
        assert token.rpartition(".")[2] not in written

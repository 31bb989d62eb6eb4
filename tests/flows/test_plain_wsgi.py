"""The example with the validator alone, in oauthlib's own server with every grant enabled."""

from __future__ import annotations

from pathlib import Path

import plaster
import pytest

from examples.plain_wsgi import notes
from oauthprov.protocol.clients.registrar import Registrar
from tests.site import App, Site, arrived, bearing

INI = Path(notes.__file__).parent / "notes.ini"
SCOPES = ("notes:read",)


class Notes(Site):
    """The example as a site; it has no prefix for its addresses."""

    def url(self, path: str) -> str:
        return path.removeprefix("/oauth")


@pytest.fixture
def site(tmp_path):
    ini = dict(plaster.get_settings(str(INI), "app:main")) | {
        "oauthprov.secret": f"file:{tmp_path / 'secret'}",
        "oauthprov.storage.url": f"sqlite:///{tmp_path / 'notes.sqlite'}",
    }
    made = notes.Application(ini)
    registrar = Registrar(made.settings, made.storage, notes.now)
    yield Notes(made, "", made.storage, notes.now, registrar)
    made.storage.close()


def authorize(app: App, **changes):
    return app.site.get(app.authorization_url(scope="notes:read", **changes))


def read(site, token):
    return site.get("/notes", headers=bearing(token))


def test_a_plain_wsgi_app_completes_the_code_flow_and_a_refresh(site):
    app = site.app(scopes=SCOPES)
    tokens = app.exchange(arrived(authorize(app))["code"]).json
    assert read(site, tokens["access_token"]).json == ["Feed the cat."]
    more = app.refresh(tokens["refresh_token"]).json
    assert read(site, more["access_token"]).status_int == 200


def test_a_replayed_code_revokes_its_tokens(site):
    app = site.app(scopes=SCOPES)
    code = arrived(authorize(app))["code"]
    token = app.exchange(code).json["access_token"]
    assert app.exchange(code).json["error"] == "invalid_grant"
    assert read(site, token).status_int == 401


def test_a_machine_client_gets_a_token_without_a_person(site):
    app = site.app("machine", scopes=SCOPES)
    token = app.post("token", {"grant_type": "client_credentials"}).json["access_token"]
    assert read(site, token).json == []


@pytest.mark.parametrize(
    "changes",
    [
        {"response_type": "token"},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "unknown"},
    ],
)
def test_the_validator_refuses_bad_authorization_requests(site, changes):
    response = authorize(site.app(scopes=SCOPES), **changes)
    answer = response.headers.get("Location", response.text)
    assert "error" in answer
    assert "code=" not in answer
    assert "access_token=" not in answer


def test_the_password_grant_is_refused(site):
    form = {"grant_type": "password", "username": "alice", "password": "x"}
    response = site.app(scopes=SCOPES).post("token", form)
    assert response.status_int in (400, 401)
    assert "access_token" not in response.json


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/token", b"%zz", 400),
        ("POST", "/token", b"\xff", 400),
        ("POST", "/token", b"{}", 400),
        ("GET", "/notes", b"", 401),
        ("GET", "/elsewhere", b"", 404),
        ("GET", "/token", b"", 404),
    ],
)
def test_malformed_requests_get_their_http_status(site, method, path, body, status):
    assert site.send(method, path, body=body).status_int == status


def test_an_unreadable_query_is_a_400(site):
    assert site.send("GET", "/authorize", query=b"client_id=%zz").status_int == 400

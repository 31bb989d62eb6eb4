"""When storage fails the answer is 503 with Retry-After, and nothing is half written."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, contextmanager

import pytest

from oauthprov import credentials
from oauthprov.storage.interface import StorageError
from oauthprov.web.http import problems
from oauthprov.web.http.problems import Tracebacks
from tests import site as sites
from tests.site import PASSWORD, basic, bearing

NOWHERE = ["redis://127.0.0.1:1/0", "postgresql+psycopg://nobody@127.0.0.1:1/nothing"]


def assert_unavailable(response, content_type="application/json"):
    assert response.status_int == 503, response.text
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == content_type
    assert "temporarily_unavailable" in response.text
    assert "127.0.0.1" not in response.text


@pytest.fixture(scope="module", params=NOWHERE, ids=["redis", "postgresql"])
def cut_off(request):
    """A server whose storage can't be reached: it starts all the same."""
    made = sites.standalone(sites.ini(request.param))
    yield made
    made.close()


@pytest.mark.parametrize(
    "path",
    [
        *("/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/par"),
        "/oauth/device_authorization",
    ],
)
def test_endpoints_are_503_without_storage(cut_off, path):
    form = {"grant_type": "client_credentials", "token": "opa_a.b"}
    headers = basic("client", "secret") | {"Origin": "https://app.example"}
    assert_unavailable(cut_off.post(path, form, headers=headers))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_authorization_request_is_503_without_storage(cut_off, method):
    asked = b"client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2F&response_type=code"
    query, body = (asked, b"") if method == "GET" else (b"", asked)
    response = cut_off.send(method, "/oauth/authorize", query, body, content_type=sites.FORM)
    assert_unavailable(response, "text/html")


def test_a_resource_is_503_without_storage(cut_off):
    token = credentials.Bearer.mint(credentials.ACCESS_TOKEN, "grant").raw
    assert_unavailable(cut_off.get("/api/me", headers=bearing(token)))


def test_signing_in_is_503_without_storage(cut_off):
    form = cut_off.browser().get("/login").form
    form["name"], form["password"] = "alice", PASSWORD
    assert_unavailable(form.submit(expect_errors=True), "text/html")


def test_readiness_fails_and_liveness_stays_without_storage(cut_off):
    assert_unavailable(cut_off.get("/readyz"))
    assert cut_off.get("/healthz").status_int == 200
    assert cut_off.get("/.well-known/oauth-authorization-server").status_int == 200


@pytest.fixture
def site(tmp_path):
    """A server on a SQLite file, where another process can hold the lock for writing."""
    url = f"sqlite:///{tmp_path / 'file.sqlite'}"
    made = sites.standalone(sites.ini(url, development="true", **{"storage.timeout": "1"}))
    made.path = tmp_path / "file.sqlite"
    yield made
    made.close()


@contextmanager
def write_lock(site):
    with closing(sqlite3.connect(site.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_failed_exchange_keeps_the_code_valid(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    with write_lock(site):
        assert_unavailable(app.exchange(code))
    assert app.exchange(code).status_int == 200


def test_a_failed_refresh_keeps_the_token_valid(site, alice):
    app = site.app()
    token = app.tokens(alice)["refresh_token"]
    with write_lock(site):
        assert_unavailable(app.refresh(token))
    assert app.refresh(token).status_int == 200


def test_a_failed_revocation_is_a_503(site, alice):
    app = site.app()
    token = app.tokens(alice)["access_token"]
    with write_lock(site):
        assert_unavailable(app.revoke(token))
    assert app.me(token).status_int == 200


def test_a_replay_whose_revocation_fails_is_a_503(site, alice):
    app = site.app()
    code = alice.connect(app)["code"]
    assert app.exchange(code).status_int == 200
    with write_lock(site):
        assert_unavailable(app.exchange(code))


def test_a_decision_that_fails_can_be_made_again(site, alice):
    consent = alice.authorize(site.app())
    with write_lock(site):
        assert_unavailable(alice.decide(consent), "text/html")
    assert "code" in sites.arrived(alice.decide(consent))


def test_a_request_that_cannot_be_stored_is_an_error_page(site, alice):
    url = site.app().authorization_url()
    with write_lock(site):
        assert_unavailable(alice.get(url), "text/html")
    assert alice.get(url).status_int == 302


def test_an_outage_writes_one_line_a_request_with_its_reason_and_no_traceback(cut_off, caplog):
    caplog.set_level(logging.WARNING, "oauthprov")
    answers = [
        cut_off.get("/readyz"),
        cut_off.get("/api/me", headers=bearing("opa_grant.secret")),
        cut_off.post("/oauth/revoke", {"token": "opa_a.b"}, headers=basic("client", "secret")),
    ]
    for answer in answers:
        assert_unavailable(answer)
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    lines = [line for line in caplog.records if getattr(line, "request_id", "") in ids]
    assert [line.request_id for line in lines] == ids
    assert all("refuses the connection" in line.getMessage() for line in lines)
    assert not any(line.exc_info for line in lines)


def test_a_failure_without_a_known_reason_writes_one_traceback_a_second(
    cut_off, caplog, monkeypatch
):
    now = [0.0]

    def fail():
        raise StorageError("Redis failed: SomeError")

    monkeypatch.setattr(cut_off.wsgi.registry["oauthprov"].provider.storage, "health", fail)
    monkeypatch.setattr(problems, "_tracebacks", Tracebacks(1.0, lambda: now[0]))
    caplog.set_level(logging.ERROR, "oauthprov")
    answers = []
    for seconds in (0.0, 0.5, 0.9, 1.0, 1.5):
        now[0] = seconds
        answers.append(cut_off.get("/readyz"))
    lines = [line for line in caplog.records if "storage failed" in line.message]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert [line.request_id for line in lines] == ids
    assert [bool(line.exc_info) for line in lines] == [True, False, False, True, False]

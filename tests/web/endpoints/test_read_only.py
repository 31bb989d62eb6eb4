"""A server whose storage is read-only checks tokens, and promises nothing that it can't keep."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

import pytest

from oauthprov.errors import ConfigurationError
from oauthprov.records import RefreshToken, SigningKey
from oauthprov.storage import open_storage
from oauthprov.storage.interface import Remove
from oauthprov.storage.transfer import begin, compare, copy
from tests import site as sites
from tests.servers import empty
from tests.web.openid import register_itself


@pytest.fixture(params=["sqlite", "redis"])
def settings(request, tmp_path):
    url = f"sqlite:///{tmp_path}/records.sqlite"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        empty(url)
    return sites.ini(url, development="true", scopes=sites.OPENID)


@pytest.fixture
def before(settings):
    site = sites.standalone(settings)
    yield site
    site.close()


@pytest.fixture
def during(settings, before):
    """The same storage behind a server that only reads."""
    site = sites.standalone(settings | {"oauthprov.storage.read_only": "true"})
    yield site
    site.close()


@pytest.fixture
def app(before):
    return before.app()


@pytest.fixture
def tokens(before, app):
    code = before.browser().sign_up("alice").connect(app)["code"]
    return app.exchange(code).json


def test_tokens_are_checked_and_keys_published(before, app, tokens, during):
    there = replace(app, site=during)
    assert there.introspect(tokens["access_token"])["active"] is True
    assert there.introspect("unknown") == {"active": False}
    document = during.get("/.well-known/openid-configuration").json
    keys = before.get(document["jwks_uri"]).json
    assert keys["keys"]
    assert during.get(document["jwks_uri"]).json == keys


def test_what_would_write_gets_503_and_loses_nothing(before, app, tokens, during):
    there = replace(app, site=during)
    form = during.browser().get("/signup").form
    form["name"], form["password"] = "bob", sites.PASSWORD
    responses = [
        there.refresh(tokens["refresh_token"]),
        there.post("/oauth/revoke", {"token": tokens["access_token"]}),
        form.submit(expect_errors=True),
    ]
    assert [response.status_int for response in responses] == [503] * 3
    assert all(int(response.headers["Retry-After"]) > 0 for response in responses)
    assert app.introspect(tokens["access_token"])["active"] is True
    assert app.refresh(tokens["refresh_token"]).status_int == 200
    assert len(list(before.storage.walk(RefreshToken))) == 2


def signed_up(browser):
    form = browser.get("/signup").form
    form["name"], form["password"] = "bob", sites.PASSWORD
    return form.submit(expect_errors=True)


def signed_in(browser):
    form = browser.get("/login").form
    form["name"], form["password"] = "alice", sites.PASSWORD
    return form.submit(expect_errors=True)


def submitted(browser, page):
    form = browser.get(page).forms[0]
    if page == "/account/delete":
        form["name"] = "alice"
    return form.submit(expect_errors=True)


PAGES = (
    "/account",
    "/account/profile",
    "/account/delete",
    "/logout",
)


def test_each_refused_write_logs_one_line_without_a_traceback(before, during, caplog):
    app, alice = before.app(), before.browser().sign_up("alice")
    tokens = app.tokens(alice)
    there, reader = replace(app, site=during), during.browser()
    for cookie in alice.page.cookiejar:
        reader.page.cookiejar.set_cookie(cookie)
    caplog.set_level(logging.INFO)
    answers = [
        lambda: there.refresh(tokens["refresh_token"]),
        lambda: there.post("/oauth/revoke", {"token": tokens["access_token"]}),
        lambda: register_itself(during),
        lambda: reader.get(before.app().authorization_url()),
        lambda: reader.get(app.authorization_url()),
        lambda: signed_up(during.browser()),
        lambda: signed_in(during.browser()),
        *(partial(submitted, reader, page) for page in PAGES),
    ]
    for answer in answers:
        caplog.clear()
        response = answer()
        assert response.status_int == 503, response.request.path
        assert int(response.headers["Retry-After"]) > 0
        assert "temporarily_unavailable" in response.text
        [line] = caplog.records
        assert (line.levelname, line.exc_info) == ("WARNING", None)
        assert "it is read-only (oauthprov.storage.read_only)" in line.getMessage()
        assert line.request_id == response.headers["X-Request-Id"]


def test_a_key_set_without_a_key_says_why_there_is_none(settings, before, caplog):
    for stored in before.storage.walk(SigningKey):
        before.storage.commit(Remove(SigningKey, stored.record.kid), now=before.clock())
    site = sites.standalone(settings | {"oauthprov.storage.read_only": "true"})
    for _ in range(2):
        answer = site.get("/oauth/jwks")
        assert (answer.status_int, answer.json["error"]) == (503, "temporarily_unavailable")
        assert "only reads its data" in answer.json["error_description"]
    assert all(line.exc_info is None for line in caplog.records)
    site.close()


def test_no_page_says_that_a_link_for_a_new_password_was_sent(settings, before):
    more = {
        "oauthprov.storage.read_only": "true",
        "oauthprov.mail.url": "smtp://127.0.0.1:9",
        "oauthprov.mail.sender": "id@id.example",
    }
    site = sites.standalone(settings | more)
    form = site.browser().get("/login/reset").form
    form["name"] = "alice"
    answer = form.submit(expect_errors=True)
    assert answer.status_int == 503
    assert "only reads its data" in answer.text
    site.close()


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_each_step_of_a_transfer_leaves_time_to_check_tokens(
    settings, before, app, tokens, during, redis_url
):
    empty(redis_url)
    there, clock = replace(app, site=during), before.clock
    target = open_storage(redis_url)
    filled = begin(during.storage, target, "here", clock)
    for _ in copy(during.storage, filled, clock):
        assert there.introspect(tokens["access_token"])["active"] is True
    assert all(ours == theirs for _, ours, theirs in compare(during.storage, target, clock))
    with pytest.raises(ConfigurationError, match=r"an incomplete transfer.* from here"):
        sites.standalone(settings | {"oauthprov.storage.url": redis_url})
    filled.complete()
    target.close()
    after = sites.standalone(settings | {"oauthprov.storage.url": redis_url})
    there = replace(app, site=after)
    assert there.introspect(tokens["access_token"])["active"] is True
    renewed = there.refresh(tokens["refresh_token"]).json
    assert there.introspect(renewed["access_token"])["active"] is True
    after.clock.pass_by(300)
    assert there.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert there.introspect(renewed["access_token"]) == {"active": False}
    assert after.browser().sign_in("alice").get("/account").status_int == 200
    after.close()


def test_it_is_ready_with_a_warning(during):
    response = during.get("/readyz")
    assert response.status_int == 200
    assert "it is read-only (oauthprov.storage.read_only)" in response.json["warnings"]


@pytest.mark.parametrize("value", ["yes", "", "True"])
def test_another_value_is_refused(settings, value):
    with pytest.raises(ConfigurationError, match="read_only must be true or false"):
        sites.standalone(settings | {"oauthprov.storage.read_only": value})

"""Options of protected views in an app elsewhere: tokens in a form, and browser apps."""

from __future__ import annotations

import pytest
from webtest import TestApp

from tests.resource_server.conftest import Api, ini, photos
from tests.resource_server.issuer import in_json
from tests.resource_server.test_failing_closed import refused, unavailable

TOKEN = "opa_grant.secret-of-alice"
ORIGIN = "https://app.example"


def configure(config):
    config.add_route("upload", "/upload")
    options = {"route_name": "upload", "renderer": "json", "oauth_scopes": ("photos:read",)}
    config.add_view(photos, oauth_token_in_form=True, oauth_cors="any", **options)
    config.add_oauth_preflight("upload", "GET", "POST")


@pytest.fixture
def api(issuer):
    made = Api(ini(issuer.url), configure)
    issuer.reply = in_json(issuer.live(made.clock()))
    return made


def post(api, form, path="/upload", **headers):
    url = f"https://photos.example{path}"
    return TestApp(api.wsgi).post(url, form, headers=headers, expect_errors=True)


def test_6750_2_2_a_view_may_take_the_token_from_a_form(api):
    assert post(api, {"access_token": TOKEN, "title": "Sea"}).json["account"] == "alice-id"
    header = {"Authorization": f"Bearer {TOKEN}"}
    assert post(api, {"title": "Sea"}, **header).json["account"] == "alice-id"


def test_other_views_ignore_a_token_in_a_form(api):
    assert post(api, {"access_token": TOKEN}, "/album").status_int == 401


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({"access_token": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        ([("access_token", TOKEN), ("access_token", TOKEN)], {}),
        (b"access_token=%ff", {}),
    ],
)
def test_6750_3_1_a_token_in_two_places_or_an_unreadable_form_is_an_invalid_request(
    api, form, headers
):
    response = post(api, form, **headers)
    assert (response.status_int, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("form", [{"access_token": ""}, {}, b'{"access_token": "x"}'])
def test_a_form_without_a_token_gets_the_challenge(api, form):
    headers = {"Content-Type": "application/json"} if isinstance(form, bytes) else {}
    response = post(api, form, **headers)
    assert response.status_int == 401
    assert "error" not in response.json


def test_a_token_in_the_query_is_ignored(api):
    assert post(api, {}, f"/upload?access_token={TOKEN}").status_int == 401
    assert api.get(path=f"/upload?access_token={TOKEN}").status_int == 401


def test_browser_apps_read_the_responses_of_a_view_that_shares_them(issuer, api):
    right = api.get(TOKEN, "/upload", Origin=ORIGIN)
    missing = api.get(path="/upload", Origin=ORIGIN)
    issuer.reply = in_json({"active": False})
    wrong = api.get(f"{TOKEN}-2", "/upload", Origin=ORIGIN)
    assert refused(wrong)
    issuer.reply = (500, {}, b"")
    failed = api.get(f"{TOKEN}-3", "/upload", Origin=ORIGIN)
    assert unavailable(failed)
    for response in (right, missing, wrong, failed):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "WWW-Authenticate" in response.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_browser_apps_read_nothing_of_other_views(api):
    assert "Access-Control-Allow-Origin" not in api.get(TOKEN, Origin=ORIGIN).headers


def test_a_preflight_request_needs_no_token(api):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization"
    response = TestApp(api.wsgi).options("https://photos.example/upload", headers=asked)
    assert response.status_int == 204
    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert "authorization" in response.headers["Access-Control-Allow-Headers"]

"""Views that require how a user has signed in (RFC 9470)."""

from __future__ import annotations

import pytest
from pyramid.exceptions import ConfigurationError

from tests.resource_server.conftest import Api, ini
from tests.resource_server.issuer import PHOTOS as PHOTOS_URI
from tests.resource_server.issuer import Issuer, in_json
from tests.web import test_possession, test_resource
from tests.web.test_resource import add_view, visit

SENSITIVE = {"oauth_scopes": ("photos:read",), "oauth_acr_values": ("mfa", "phr")}
RECENT = {"oauth_scopes": ("photos:read",), "oauth_max_age": 300}
BOTH = SENSITIVE | RECENT


def with_view(**options):
    def configure(config):
        config.add_route("sensitive", "/sensitive")
        config.add_view(lambda request: {}, route_name="sensitive", renderer="json", **options)

    return configure


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.close()


def challenges(response):
    return response.headers.getall("WWW-Authenticate")


def assert_refused(response, *told):
    assert (response.status_int, response.json["error"]) == (
        401,
        "insufficient_user_authentication",
    )
    for challenge in challenges(response):
        for parameter in told:
            assert parameter in challenge


def test_a_weak_sign_in_is_told_what_the_view_requires():
    site = test_resource.host(with_view(**SENSITIVE))
    token = test_resource.tokens_of(site.app(), scope="photos:read")
    assert_refused(visit(site, "/sensitive", token), 'acr_values="mfa phr"')
    assert "max_age" not in challenges(visit(site, "/sensitive", token))[0]
    site.close()


def test_a_sign_in_that_is_too_old_is_told_how_old_it_may_be():
    site = test_resource.host(with_view(**RECENT))
    app, alice = site.app(), site.browser().sign_up("alice")
    tokens = app.tokens(alice, scope="photos:read")
    assert visit(site, "/sensitive", tokens["access_token"]).status_int == 200
    site.clock.pass_by(301)
    renewed = app.refresh(tokens["refresh_token"]).json["access_token"]
    assert_refused(visit(site, "/sensitive", renewed), 'max_age="300"')
    again = app.authorization_url(scope="photos:read", max_age="300")
    assert "/login" in alice.get(again).location
    site.close()


def test_the_level_that_the_view_requires_lets_a_request_pass():
    site = test_resource.host(with_view(**SENSITIVE | {"oauth_acr_values": ("1",)}))
    token = test_resource.tokens_of(site.app(), scope="photos:read")
    assert visit(site, "/sensitive", token).status_int == 200
    site.close()


def test_a_machine_has_not_signed_in():
    site = test_resource.host(with_view(**RECENT))
    machine = site.app("machine", scopes=("photos:read",))
    form = {"grant_type": "client_credentials", "scope": "photos:read"}
    token = machine.post("/oauth/token", form).json["access_token"]
    assert_refused(visit(site, "/sensitive", token))
    site.close()


def test_a_request_without_a_token_learns_everything_and_a_missing_scope_comes_first():
    site = test_resource.host(with_view(**BOTH))
    for challenge in challenges(visit(site, "/sensitive")):
        for parameter in ('scope="photos:read"', 'acr_values="mfa phr"', 'max_age="300"'):
            assert parameter in challenge
    token = test_resource.tokens_of(site.app(), scope="profile:read")
    response = visit(site, "/sensitive", token)
    assert (response.status_int, response.json["error"]) == (403, "insufficient_scope")
    assert "acr_values" not in challenges(response)[0]
    site.close()


def test_a_refused_request_uses_up_no_proof():
    site = test_resource.host(with_view(**RECENT))
    token, holder = test_possession.bound(site.app(), scope="photos:read"), test_possession.HOLDER
    url = "https://id.example/sensitive"
    site.clock.pass_by(301)
    made = test_possession.good(site, token, holder, url=url)
    for _ in range(2):
        response = test_possession.ask(site, token, made, url)
        assert_refused(response, 'max_age="300"')
        assert "error=" in challenges(response)[1]
    site.close()


@pytest.mark.parametrize("validation", ["introspection", "jwt"])
def test_an_app_elsewhere_requires_the_same(issuer, validation):
    resources = f"{PHOTOS_URI} | photos:read photos:write | Your photos | jwt"
    settings = ini(issuer.url, validation=validation, resources=resources)
    api = Api(settings, with_view(**BOTH))

    def ask(**said):
        api.clock.pass_by(10)  # an answer is kept for 5 s
        now = api.clock()
        issuer.reply = in_json(issuer.live(now, **said))
        token = issuer.sign(now, **said) if validation == "jwt" else "opa_a.b"
        return api.get(token, "/sensitive")

    assert_refused(ask(), 'acr_values="mfa phr"', 'max_age="300"')
    recent = int(api.clock()) - 100
    assert ask(acr="mfa", auth_time=recent).status_int == 200
    assert_refused(ask(acr="1", auth_time=recent))
    assert_refused(ask(acr="mfa", auth_time=recent - 300))
    assert_refused(ask(acr="mfa"))
    wrong = ask(acr="mfa", auth_time="yesterday")
    assert wrong.status_int == (401 if validation == "jwt" else 503)


@pytest.mark.parametrize(
    "options",
    [
        {"oauth_acr_values": ("mfa",)},
        {"oauth_max_age": 300},
        SENSITIVE | {"oauth_acr_values": "mfa"},
        SENSITIVE | {"oauth_acr_values": ()},
        RECENT | {"oauth_max_age": "300"},
        RECENT | {"oauth_max_age": -1},
        RECENT | {"oauth_max_age": True},
    ],
)
def test_a_wrong_option_stops_the_start(options):
    with pytest.raises(ConfigurationError, match="oauth_"):
        test_resource.host(add_view(renderer="string", request_method="POST", **options))

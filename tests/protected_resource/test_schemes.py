"""Schemes and requirements are rows: one more is known to every resource, here and elsewhere."""

import re

import pytest
from pyramid.exceptions import ConfigurationError

from oauthprov import resource
from oauthprov.protected_resource import requirements
from oauthprov.protected_resource.requirements import Requirement
from oauthprov.protected_resource.schemes import SCHEMES, Scheme
from oauthprov.protected_resource.tokens import (
    INVALID,
    MALFORMED,
    MISSING,
    TokenProblem,
    presented,
)
from oauthprov.settings.values import ALGORITHMS
from tests import site as sites
from tests.resource_server.conftest import Api, ini
from tests.resource_server.issuer import Issuer, in_json
from tests.web import test_resource

RECENT = TokenProblem(401, "too_old", "The access token is too old.")


@pytest.fixture
def scheme(monkeypatch):
    """A second scheme."""
    row = Scheme("Proof", re.compile(r"proof +([a-z0-9._-]+)", re.IGNORECASE))
    monkeypatch.setitem(SCHEMES, "proof", row)
    return row


@pytest.fixture
def recent(monkeypatch):
    """A second requirement: the view option ``oauth_since``."""
    row = Requirement(
        "oauth_since",
        RECENT,
        lambda found, since, now: found.issued_at >= since,
        lambda since: {"since": str(since)},
    )
    rows = (*requirements.REQUIREMENTS, row)
    monkeypatch.setattr(requirements, "REQUIREMENTS", rows)
    monkeypatch.setattr(resource, "REQUIREMENTS", rows)


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.close()


def since(moment):
    """A view that requires a token issued then or later, in either kind of app."""

    def configure(config):
        config.add_route("recent", "/recent")
        config.add_view(
            lambda request: {},
            route_name="recent",
            renderer="json",
            oauth_scopes=("photos:read",),
            oauth_since=moment,
        )

    return configure


def test_a_token_is_read_from_the_header_of_each_scheme(scheme):
    sought = []
    for header in ("Bearer abc", "pRoof abc"):
        assert presented(header, None, sought.append) is INVALID
    assert sought == ["abc", "abc"]
    assert presented("Proof abc,def", None, sought.append) is MALFORMED
    assert presented("Proof abc", "def", sought.append) is MALFORMED
    assert presented("Other abc", None, sought.append) is MISSING
    assert len(sought) == 2


def test_a_request_without_a_token_gets_a_challenge_for_each_scheme(scheme, issuer):
    made = sites.standalone(sites.ini("sqlite://", scopes=sites.OPENID))
    host = test_resource.host()
    for response in (
        made.get("/oauth/userinfo"),
        made.get("/api/me"),
        host.get("https://id.example/photos"),
        Api(ini(issuer.url)).get(),
    ):
        first, dpop, last = response.headers.getall("WWW-Authenticate")
        assert first.startswith('Bearer realm="')
        assert last == first.replace("Bearer", "Proof", 1)
        assert dpop == first.replace("Bearer", "DPoP", 1) + f', algs="{" ".join(ALGORITHMS)}"'
        assert response.headers.getall("Cache-Control") == ["no-store"]
    made.close()
    host.close()


def test_a_token_must_meet_each_requirement_in_the_provider_s_app(recent):
    site = test_resource.host(since(0))
    token = test_resource.tokens_of(site.app(), scope="photos:read")
    assert test_resource.visit(site, "/recent", token).status_int == 200
    site.close()
    site = test_resource.host(since(10**12))
    token = test_resource.tokens_of(site.app(), scope="photos:read")
    assert test_resource.visit(site, "/photos", token).status_int == 200
    refused = test_resource.visit(site, "/recent", token)
    assert (refused.status_int, refused.json["error"]) == (401, "too_old")
    assert refused.headers.getall("WWW-Authenticate")[0].endswith('since="1000000000000"')
    site.close()


def test_a_token_must_meet_each_requirement_elsewhere(recent, issuer):
    api = Api(ini(issuer.url), since(10**12))
    issuer.reply = in_json(issuer.live(api.clock()))
    assert api.get("opa_a.b").status_int == 200
    refused = api.get("opa_a.b", path="/recent")
    assert (refused.status_int, refused.json["error"]) == (401, "too_old")
    missing = api.get(path="/recent")
    assert (
        'scope="photos:read", since="1000000000000"'
        in missing.headers.getall("WWW-Authenticate")[0]
    )


def test_a_requirement_without_scopes_stops_the_start(recent):
    def configure(config):
        config.add_route("open", "/open")
        config.add_view(lambda request: {}, route_name="open", renderer="json", oauth_since=1)

    with pytest.raises(ConfigurationError, match="oauth_since needs oauth_scopes too"):
        test_resource.host(configure)

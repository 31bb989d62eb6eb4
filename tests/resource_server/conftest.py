"""An app that is a resource server elsewhere, and issuers for it."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from oauthprov.resource import bearer
from tests import site as sites
from tests.resource_server.issuer import PHOTOS, Issuer
from tests.servers.wsgi import SPARES, Server
from tests.site import Clock

RESOURCE = f"{PHOTOS} | photos:read photos:write | Your photos | jwt"
SECRET = "ops_a-secret-that-no-log-shows"


def photos(request):
    known = bearer(request)
    return {"account": known.account_id, "client": known.client_id, "scopes": known.scopes}


def ini(issuer: str, **more: str) -> dict[str, str]:
    return {
        "oauthprov.resource_server.issuer": issuer,
        "oauthprov.resource_server.client_id": "photos-api",
        "oauthprov.resource_server.client_secret": SECRET,
        "oauthprov.resource_server.resources": (
            f"{PHOTOS} | photos:read photos:write | Your photos"
        ),
    } | {f"oauthprov.resource_server.{key}": value for key, value in more.items()}


class Api:
    """The app; ``clock`` is its clock."""

    def __init__(self, settings, configure=lambda config: None):
        self.clock = Clock()
        with Configurator(settings=settings) as config:
            config.registry["oauthprov.clock"] = self.clock
            config.include("oauthprov.resource_server")
            config.add_route("photos", "/album")
            config.add_route("untouched", "/untouched")
            config.add_view(
                photos, route_name="photos", renderer="json", oauth_scopes=("photos:read",)
            )
            config.add_view(lambda request: {}, route_name="untouched", renderer="json")
            configure(config)
            self.wsgi = config.make_wsgi_app()

    def get(self, token=None, path="/album", **headers):
        given = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"https://photos.example{path}"
        return TestApp(self.wsgi).get(url, headers=given | headers, expect_errors=True)


@pytest.fixture
def issuer():
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def api(issuer):
    return Api(ini(issuer.url))


@pytest.fixture
def provider():
    """The provider, at the address of its issuer."""
    server = SPARES.server("provider", Server)
    site = sites.standalone(sites.ini("sqlite://", issuer=server.root, development="true"))
    server.start(site.wsgi)
    yield site
    SPARES.give_back("provider", server)
    site.close()


@pytest.fixture
def client(provider):
    """The API's own client at the provider."""
    return provider.app("api", name="Photos", introspects=(PHOTOS,))


@pytest.fixture
def alice(provider):
    return provider.browser().sign_up("alice")


@pytest.fixture
def jwt_provider():
    """A provider whose photos have JWT access tokens, at the address of its issuer."""
    server = SPARES.server("jwt_provider", Server)
    settings = sites.ini("sqlite://", issuer=server.root, development="true")
    uri = f"{server.root}/api"
    settings["oauthprov.resources"] = f"{RESOURCE} ES256\n{uri} | profile:read | You | jwt"
    settings["oauthprov.keys.algorithms"] = "RS256 ES256"
    site = sites.standalone(settings)
    server.start(site.wsgi)
    yield site
    SPARES.give_back("jwt_provider", server)
    site.close()

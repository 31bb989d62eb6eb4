"""One provider for each variant; two new clients and a new browser for each module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from tests import site as sites
from tests.certificates import PROXY_SECRET, Authority, self_signed
from tests.conformance.fapi.relying_party import CERTIFICATE, Json, RelyingParty
from tests.conformance.fapi.variants import EVERY, MTLS, Variant, parameters
from tests.servers import empty
from tests.site import OPENID, Browser, Clock, Site

SCOPES = ("profile:read", "openid", "profile", "email", "offline_access")
KEYS = (PrivateKey.generate("PS256"), PrivateKey.generate("ES256"))


@dataclass
class Served:
    """A running provider, its metadata, and a person who stays signed in there."""

    site: Site
    server: Json
    browser: Browser


@dataclass
class Suite:
    """What a module works with: two clients, each with a key, and a person who is signed in."""

    served: Served
    variant: Variant
    client: RelyingParty
    client2: RelyingParty

    @property
    def site(self) -> Site:
        return self.served.site

    @property
    def browser(self) -> Browser:
        return self.served.browser


def mtls(folder: Path) -> dict[str, str]:
    """The settings of certificates, which every variant may present."""
    return {
        "mtls.format": "nginx",
        "mtls.header": CERTIFICATE,
        "mtls.proxy_secret": PROXY_SECRET,
        "mtls.ca_file": Authority(now=Clock().now).file(folder / "ca.pem"),
        "mtls.base_url": "https://mtls.id.example",
    }


def serving(variant: Variant, storage_url: str, folder: Path) -> Served:
    """The app under the profile of a variant."""
    settings = sites.ini(storage_url, development="true", profile=variant.profile, **mtls(folder))
    del settings["oauthprov.device"]  # which the profile forbids
    if variant.openid:
        settings["oauthprov.scopes"] = OPENID
    site = sites.standalone(settings)
    kind = "openid-configuration" if variant.openid else "oauth-authorization-server"
    document = site.get(f"/.well-known/{kind}")
    assert (document.status_int, document.content_type) == (200, "application/json")
    return Served(site, document.json, site.browser().sign_up("alice"))


@pytest.fixture(scope="session")
def providers() -> Iterator[dict[Variant, Served]]:
    made: dict[Variant, Served] = {}
    yield made
    for served in made.values():
        served.site.close()


@pytest.fixture(params=parameters(EVERY), ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    return request.param


@pytest.fixture
def served(
    variant: Variant,
    providers: dict[Variant, Served],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("fapi") if variant not in providers else Path()
    if variant.storage == "redis":  # which is emptied for each test
        url = request.getfixturevalue("redis_url")
        empty(url)
        made = serving(variant, url, folder)
        yield made
        made.site.close()
        return
    if variant not in providers:
        providers[variant] = serving(variant, "sqlite://", folder)
    yield providers[variant]


def registered(served: Served, variant: Variant, key: PrivateKey) -> RelyingParty:
    """A new client that signs with ``key``."""
    certificate = self_signed(now=served.site.clock())
    keys, method = [key.public()], "private_key_jwt"
    if variant.client_auth_type == MTLS:
        keys, method = [*keys, certificate.jwk()], "self_signed_tls_client_auth"
    app = served.site.app(
        auth_method=method,
        jwks={"keys": keys},
        scopes=SCOPES if variant.openid else SCOPES[:1],
        tls_client_certificate_bound_access_tokens=variant.sender_constrain == MTLS,
    )
    return RelyingParty(served.site, variant, served.server, app.client, key, certificate)


@pytest.fixture
def suite(served: Served, variant: Variant) -> Suite:
    client, client2 = (registered(served, variant, key) for key in KEYS)
    return Suite(served, variant, client, client2)

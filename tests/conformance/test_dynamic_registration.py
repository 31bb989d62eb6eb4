"""Modules of the plan Dynamic about what clients register."""

from __future__ import annotations

import base64

from tests.conformance import signing
from tests.conformance.dynamic import dynamic, with_any_response, with_tokens

pytestmark = dynamic

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def login_page(suite, module, **metadata):
    """Return the login page, where the module ends, that such a client sends somebody to."""
    client = suite.client(**metadata)
    browser = suite.browser()
    page = client.look(browser, client.asking(), f"oidcc-registration-{module}")
    assert browser.shown == ["sign-in"]
    return browser, page


def links(page):
    return {link["href"] for link in page.html.find_all("a", attrs={"href": True})}


@with_any_response
def test_oidcc_registration_logo_uri(suite):
    served = suite.provider.suite
    uri = served.publish(f"https://{served.place}/images/openid.png", PNG, "image/png")
    browser, page = login_page(suite, "logo-uri", logo_uri=uri)
    sources = [image["src"] for image in page.html.find_all("img")]
    assert [browser.image(page, source) for source in sources] == [PNG]


@with_any_response
def test_oidcc_registration_policy_uri(suite):
    _, page = login_page(suite, "policy-uri", policy_uri="https://openid.net")
    assert "https://openid.net" in links(page)


@with_any_response
def test_oidcc_registration_tos_uri(suite):
    _, page = login_page(suite, "tos-uri", tos_uri="https://openid.net")
    assert "https://openid.net" in links(page)


@with_tokens
def test_oidcc_registration_jwks_uri(suite):
    key = signing.new_key()
    uri = f"{suite.provider.suite_url}/jwks"
    client = suite.client(jwks=None, jwks_uri=uri)
    client.key = key
    suite.provider.suite.publish(uri, signing.key_set(key))
    client.flow(suite.browser())


@with_any_response
def test_oidcc_registration_sector_uri(suite):
    assert "pairwise" in suite.server["subject_types_supported"]
    uri = sector(suite, f"{suite.provider.suite_url}/callback")
    client = suite.register(subject_type="pairwise", sector_identifier_uri=uri)
    assert client["subject_type"] == "pairwise"


@with_any_response
def test_oidcc_registration_sector_bad(suite):
    uri = sector(suite, "https://example.com/op")
    metadata = {"subject_type": "pairwise", "sector_identifier_uri": uri}
    assert suite.refused(**metadata) == "invalid_client_metadata"


def sector(suite, redirect_uri):
    uri = f"{suite.provider.suite_url}/redirect_uris.json"
    return suite.provider.suite.publish(uri, [redirect_uri])

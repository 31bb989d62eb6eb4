"""The pages lead through a request for another purpose, which ends with a page of its own."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError
from pyramid.renderers import get_renderer
from pyramid.response import Response

from oauthprov.web.site import site_of
from tests import site as sites
from tests.protocol.pairing import Shown, goes_on, waits


def shown(request, value: Shown) -> Response:
    """Show the end of a pairing request."""
    return Response(f"The end: {value.words}")


def other(request, value: Shown) -> Response:
    """Show it in other words."""
    return Response(value.words)


@pytest.fixture
def pairing():
    """A site where people connect devices."""
    with Configurator(settings=sites.ini("sqlite://")) as config:
        config.include("oauthprov")
        config.add_oauth_response(Shown, shown)
        app = config.make_wsgi_app()
    site = sites.put_in(app, sites.ISSUER)
    goes_on(site_of(app.registry).provider)
    return site


def test_the_sign_in_page_names_its_client_and_cancel_ends_it(pairing):
    client_id = pairing.app(name="Television").client.client_id
    provider = site_of(pairing.wsgi.registry).provider
    interaction = waits(provider, None, client_id, "profile:read")
    browser = pairing.browser()
    page = browser.get(f"/oauth/authorize?interaction={interaction}").follow()
    assert page.html.h1 is not None
    assert "Television" in page.html.main.text
    assert page.forms[0]["name"].value == "bob"
    fields = dict(page.forms[0].submit_fields()) | {"decision": "cancel"}
    ended = browser.page.post(page.forms[0].action, fields)
    assert ended.text == "The end: access_denied"
    again = browser.get(f"/oauth/authorize?interaction={interaction}")
    assert again.status_int == 400


def test_every_purpose_says_on_the_consent_page_where_allow_leads(site):
    registry = site.wsgi.registry
    parts = get_renderer("oauthprov:templates/consent_parts.pt", registry=registry)
    purposes = site_of(registry).provider.authorization.purposes
    assert set(parts.implementation().macros.names) == set(purposes)


def test_a_kind_of_result_has_one_response():
    config = Configurator(settings=sites.ini("sqlite://"))
    config.include("oauthprov")
    config.add_oauth_response(Shown, shown)
    config.add_oauth_response(Shown, other)
    with pytest.raises(ConfigurationConflictError):
        config.commit()

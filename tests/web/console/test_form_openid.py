"""The developer console: what OpenID Connect adds to the form of a client."""

from __future__ import annotations

import pytest

from tests.site import OPENID
from tests.web.console.test_pages import HTTPS, register, registered
from tests.web.openid import openid_site

CHOICES = {
    "openid.pairwise_secret": "0123456789abcdefghijklmnopqrstuv",
    "keys.algorithms": "ES256 RS256",
}
FIELDS = ("subject_type", "sector_identifier_uri", "id_token_signed_response_alg")


@pytest.fixture
def site(request):
    made = openid_site(**getattr(request, "param", CHOICES))
    yield made
    made.close()


@pytest.fixture
def alice(site):
    return site.browser().sign_up("alice")


def edited(site, alice, **fields):
    form = alice.get(f"/clients/{registered(site).client_id}/edit").form
    for name, value in fields.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_chosen_openid_options_are_registered_and_shown(site, alice):
    assert register(alice, subject_type="pairwise").status_int == 200
    assert edited(site, alice, id_token_signed_response_alg="RS256").status_int == 303
    chosen = {"subject_type": "pairwise", "id_token_signed_response_alg": "RS256"}
    client = registered(site)
    assert (client.subject_type, client.id_token_signed_response_alg) == ("pairwise", "RS256")
    page = alice.get(f"/clients/{client.client_id}").text
    assert "Subject type" in page
    form = alice.get(f"/clients/{client.client_id}/edit").form
    assert {name: form[name].value for name in chosen} == chosen


def test_an_invalid_sector_is_reported_at_its_field(site, alice):
    uris = f"{HTTPS}\nhttps://other.example/callback"
    page = register(alice, subject_type="pairwise", redirect_uris=uris)
    assert page.status_int == 422
    assert page.html.find(id="sector_identifier_uri")["aria-invalid"] == "true"
    wrong = page.html.find(id="sector_identifier_uri-hint").strong.text
    assert "several hosts" in wrong
    assert page.html.find("details").has_attr("open")


def test_a_public_client_cannot_become_pairwise(site, alice):
    """Core section 8.1."""
    assert register(alice).status_int == 200
    page = edited(site, alice, subject_type="pairwise")
    assert page.status_int == 422
    assert "Only a new client can have it" in page.text
    assert registered(site).subject_type == "public"


def test_an_algorithm_that_is_not_offered_is_refused(site, alice):
    register(alice)
    form = alice.get(f"/clients/{registered(site).client_id}/edit").form
    form["id_token_signed_response_alg"].force_value("none")
    assert form.submit(expect_errors=True).status_int == 422


@pytest.mark.parametrize(
    "site", [{}, CHOICES | {"scopes": OPENID.replace("openid |", "openly |")}], indirect=True
)
def test_fields_with_a_single_option_are_not_shown(site, alice):
    form = alice.get("/clients/new/web").form
    assert form.fields.keys().isdisjoint(FIELDS)
    assert register(alice).status_int == 200
    site.registrar.edit(registered(site).client_id, default_max_age=60)
    assert edited(site, alice, name="Renamed").status_int == 303
    assert registered(site).default_max_age == 60


def test_the_form_of_a_machine_has_no_openid_fields(alice):
    assert alice.get("/clients/new/machine").form.fields.keys().isdisjoint(FIELDS)

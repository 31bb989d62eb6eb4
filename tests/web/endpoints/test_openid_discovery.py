"""The discovery document: OpenID Connect Discovery sections 3 and 4."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator

from tests import site as sites
from tests.site import OPENID
from tests.web.openid import openid_site

PATH = "/.well-known/openid-configuration"


@pytest.fixture(scope="module")
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture(scope="module")
def document(site):
    response = site.get(PATH)
    assert response.content_type == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return response.json


def test_the_required_metadata_is_present(site, document):
    """Section 3: the required members."""
    assert document["issuer"] == site.issuer
    for name, path in (("authorization", "authorize"), ("token", "token"), ("userinfo",) * 2):
        assert document[f"{name}_endpoint"] == f"{site.issuer}/oauth/{path}"
    assert site.get(document["jwks_uri"]).json["keys"]
    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["public"]
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert "none" not in document["id_token_signing_alg_values_supported"]
    assert "RS256" in document["userinfo_signing_alg_values_supported"]


def test_metadata_describes_the_supported_request_parameters(document):
    """An absent request_uri_parameter_supported would mean true, of the other false."""
    assert document["request_uri_parameter_supported"] is True
    assert document["request_parameter_supported"] is True
    assert document["require_request_uri_registration"] is True
    assert "RS256" in document["request_object_signing_alg_values_supported"]
    assert "none" not in document["request_object_signing_alg_values_supported"]
    assert document["claims_parameter_supported"] is True
    plain = ["query", "fragment", "form_post"]
    signed = ["jwt", *(f"{mode}.jwt" for mode in plain)]
    assert document["response_modes_supported"] == [*plain, *signed]
    assert document["prompt_values_supported"] == [
        "none",
        "login",
        "consent",
        "select_account",
        "create",
    ]
    assert document["acr_values_supported"] == ["1", "mfa", "phr"]


def test_metadata_describes_the_supported_claims(document):
    assert {"sub", "auth_time", "email", "address", "phone_number"} <= set(
        document["claims_supported"]
    )
    assert {"openid", "profile", "offline_access"} <= set(document["scopes_supported"])


def test_the_document_equals_the_oauth_metadata(site, document):
    assert site.get("/.well-known/oauth-authorization-server").json == document


def test_prompt_create_is_announced_where_sign_up_is_on():
    closed = openid_site(signup="off")
    assert "create" not in closed.get(PATH).json["prompt_values_supported"]
    closed.close()


def test_optional_features_are_announced_when_on():
    more = {"openid.implicit": "true", "keys.algorithms": "ES256 RS256"}
    site = openid_site(**more, **{"openid.pairwise_secret": "0123456789abcdefghijklmnopqrstuv"})
    document = site.get(PATH).json
    assert document["subject_types_supported"] == ["public", "pairwise"]
    assert document["response_types_supported"] == ["code", "id_token", "id_token token"]
    assert "implicit" in document["grant_types_supported"]
    for name in ("id_token", "userinfo"):
        assert document[f"{name}_signing_alg_values_supported"] == ["ES256", "RS256"]
    site.close()


def test_the_document_is_at_every_form_of_its_url():
    """Section 4.1 appends; RFC 8414 section 5 inserts; the bare one is the operator's choice."""
    issuer = "https://id.example/auth/one"
    more = {"scopes": OPENID, "well_known_root": "true"}
    settings = sites.ini("sqlite://", issuer=issuer, development="true", **more)
    with Configurator(settings=settings) as config:
        config.include("oauthprov", route_prefix="/auth/one")
        site = sites.assembled(config, issuer)
    documents = [
        site.get(f"https://id.example{path}").json
        for path in (f"/auth/one{PATH}", f"{PATH}/auth/one", PATH)
    ]
    assert documents[0] == documents[1] == documents[2]
    assert documents[0]["userinfo_endpoint"] == f"{issuer}/oauth/userinfo"
    site.close()


def test_without_openid_there_is_no_document():
    site = sites.standalone(sites.ini("sqlite://", development="true"))
    assert site.get(PATH).status_int == 404
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document.keys().isdisjoint(
        {"userinfo_endpoint", "subject_types_supported", "claims_supported"}
    )
    site.close()

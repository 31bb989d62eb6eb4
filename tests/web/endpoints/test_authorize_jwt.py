"""Authorization responses as JWTs over HTTP (JARM)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests import site as sites
from tests.site import CALLBACK, OPENID
from tests.web.endpoints.test_authorize import is_error_page


def verified(site, app, sent):
    """The parameters in a response, which is all that was sent."""
    assert dict(sent).keys() == {"response"}, sent
    keys = KeySet.import_key_set(site.get("/oauth/jwks").json)
    claims = jwt.decode(dict(sent)["response"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"]) == (site.issuer, app.client.client_id)
    return claims


def in_url(response, part="query"):
    """The parameters in this part of a redirect's URL."""
    assert response.status_int in (302, 303)
    assert response.location.startswith(CALLBACK)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    url = urlsplit(response.location)._asdict()
    return parse_qsl(url[part])


@pytest.fixture
def app(site, alice):
    """An application that alice has allowed to read her profile."""
    made = site.app()
    alice.connect(made)
    return made


@pytest.mark.parametrize(
    ("mode", "part"), [("jwt", "query"), ("query.jwt", "query"), ("fragment.jwt", "fragment")]
)
def test_2_3_a_redirect_has_one_parameter(site, alice, app, mode, part):
    claims = verified(site, app, in_url(alice.authorize(app, response_mode=mode), part))
    assert claims["state"] == "xyz"
    assert app.exchange(claims["code"]).status_int == 200


def test_2_3_3_a_page_posts_the_jwt_and_needs_no_script_for_it(site, alice, app):
    page = alice.authorize(app, response_mode="form_post.jwt")
    assert page.status_int == 200
    assert page.form.action == CALLBACK
    fields = [pair for pair in page.form.submit_fields() if pair[0]]
    assert app.exchange(verified(site, app, fields)["code"]).status_int == 200
    policy = page.headers["Content-Security-Policy"]
    assert "form-action" not in policy
    assert "unsafe-inline" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_allow_and_cancel_end_in_a_jwt(site, alice):
    app = site.app()
    for decision, member in (("cancel", "error"), ("allow", "code")):
        page = alice.authorize(app, response_mode="jwt")
        claims = verified(site, app, in_url(alice.decide(page, decision)))
        assert member in claims


def test_errors_are_in_a_jwt(site, app):
    response = site.get(app.authorization_url(response_mode="jwt", scope="unknown"))
    claims = verified(site, app, in_url(response))
    assert (claims["error"], claims["state"]) == ("invalid_scope", "xyz")


@pytest.mark.parametrize("changes", [{"client_id": "x"}, {"redirect_uri": "https://evil.example"}])
def test_errors_that_can_t_be_redirected_stay_pages(site, app, changes):
    response = site.get(app.authorization_url(response_mode="jwt", **changes))
    assert response.status_int == 400
    assert is_error_page(response)


def test_a_posted_request_gets_a_jwt(site, alice, app):
    body = urlsplit(app.authorization_url(response_mode="jwt")).query.encode()
    form = {"content_type": "application/x-www-form-urlencoded"}
    stored = site.send("POST", "/oauth/authorize", body=body, **form)
    claims = verified(site, app, in_url(alice.follow(alice.get(stored.location))))
    assert "code" in claims


def test_a_user_who_signs_in_first_gets_to_the_client_with_a_jwt(site, app):
    browser = site.browser()
    page = browser.authorize(app, response_mode="jwt")
    page.form["name"], page.form["password"] = "alice", sites.PASSWORD
    response = browser.follow(page.form.submit())
    assert "code" in verified(site, app, in_url(response))


@pytest.mark.parametrize("scopes", [sites.SCOPES, OPENID])
def test_the_keys_are_published_with_openid_and_without(scopes):
    made = sites.standalone(sites.ini("sqlite://", development="true", scopes=scopes))
    metadata = made.get("/.well-known/oauth-authorization-server").json
    assert metadata["authorization_signing_alg_values_supported"] == ["RS256"]
    assert "jwt" in metadata["response_modes_supported"]
    alice, app = made.browser().sign_up("alice"), made.app()
    response = alice.decide(alice.authorize(app, response_mode="jwt"))
    assert "code" in verified(made, app, in_url(response))
    assert urlsplit(metadata["jwks_uri"]).path == "/oauth/jwks"
    made.close()

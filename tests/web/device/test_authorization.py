"""The device authorization endpoint over HTTP (RFC 8628 section 3.1)."""

from tests.site import ini, standalone
from tests.web.device.devices import Device, television
from tests.web.endpoints.test_token import assert_error


def test_a_device_learns_where_its_code_is_typed(site):
    shows = Device.begin(television(site)).shows
    assert shows["verification_uri"] == f"{site.issuer}/device"
    assert shows["verification_uri_complete"].startswith(f"{site.issuer}/device?user_code=")
    page = site.browser().get(shows["verification_uri_complete"])
    assert page.status_int == 302


def test_the_metadata_announce_it(site):
    document = site.get("/.well-known/oauth-authorization-server").json
    assert document["device_authorization_endpoint"] == f"{site.issuer}/oauth/device_authorization"
    assert "urn:ietf:params:oauth:grant-type:device_code" in document["grant_types_supported"]


def test_what_is_off_is_not_there():
    site = standalone(ini("sqlite://", device="false"))
    app = site.app("native")
    assert app.post("/oauth/device_authorization", {}).status_int == 404
    assert site.get("/device").status_int == 404
    document = site.get("/.well-known/oauth-authorization-server").json
    assert "device_authorization_endpoint" not in document
    assert not [name for name in document["grant_types_supported"] if "device" in name]
    site.close()


def test_a_client_with_a_key_names_this_endpoint_or_the_token_endpoint(site):
    app = site.signer(grant_types=television(site).client.grant_types, redirect_uris=())
    for aud in ("/oauth/device_authorization", "/oauth/token"):
        proof = app.proof(site.url(aud))
        assert site.post("/oauth/device_authorization", proof).status_int == 200
        assert_error(site.post("/oauth/device_authorization", proof), 401, "invalid_client")


def test_requests_from_one_address_are_rationed(made):
    site = made(**{"device.limit_address": "2 per hour"})
    app = television(site)
    for _ in range(2):
        Device.begin(app)
    response = app.post("/oauth/device_authorization", {})
    assert_error(response, 429, "temporarily_unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_other_methods_are_refused(site):
    response = site.get("/oauth/device_authorization?client_id=x")
    assert (response.status_int, response.headers["Allow"]) == (405, "POST, OPTIONS")

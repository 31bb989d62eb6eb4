"""Modules of the plan Dynamic about request objects (OpenID Connect Core section 6)."""

from __future__ import annotations

import pytest

from tests.conformance import signing
from tests.conformance.dynamic import dynamic, with_any_response
from tests.conformance.test_request_objects import check_redirect_uri_inside

pytestmark = [dynamic, with_any_response]

OUTSIDE = ("response_type", "client_id", "scope")


def test_oidcc_request_uri_unsigned(suite):
    # The module is left out where this isn't supported, but only after the first of these.
    assert suite.server["request_uri_parameter_supported"] is True
    assert "none" not in suite.server["request_object_signing_alg_values_supported"]


@pytest.mark.parametrize(
    ("outside", "media_type"),
    [
        (OUTSIDE, "application/jose"),
        ((*OUTSIDE, "redirect_uri"), "application/oauth-authz-req+jwt"),
    ],
    ids=["older", "newer"],
)
def test_oidcc_request_uri_signed_rs256(suite, outside, media_type):
    assert suite.server["request_uri_parameter_supported"] is True
    assert "RS256" in suite.server["request_object_signing_alg_values_supported"]
    uri = f"{suite.provider.suite_url}/requesturi/{signing.random_path()}"
    client = suite.client(request_uris=[uri], request_object_signing_alg="RS256")
    asked = client.asking()
    made = signing.request_object(asked, suite.server["issuer"], client.key)
    suite.provider.suite.publish(uri, made, media_type)
    sent = {name: asked[name] for name in outside} | {"request_uri": uri}
    client.finish(client.ask(suite.browser(), sent), asked)
    assert uri in suite.provider.suite.fetched


def test_oidcc_ensure_request_object_with_redirect_uri(suite):
    # The module is left out where objects have to be signed; with a signed one it would pass.
    assert "none" not in suite.server["request_object_signing_alg_values_supported"]
    check_redirect_uri_inside(suite)

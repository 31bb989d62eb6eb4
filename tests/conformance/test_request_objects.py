"""Modules of Basic, Form Post and Implicit about request objects without a signature.

The suite leaves all three out where ``none`` isn't among the announced algorithms. Here they show
that it may, and that such an object is refused all the same.
"""

from __future__ import annotations

import base64
import json

import pytest

from tests.conformance import signing
from tests.conformance.conftest import registered_now

REFUSED = "oidcc-ensure-registered-redirect-uri"
"""The module whose browser looks at a page of ours that says what is wrong."""

OUTSIDE = ("response_type", "client_id", "scope")


def unsigned(claims):
    """A JWT of the algorithm ``none``."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    header, payload = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{header}.{payload}."


def outside(asked):
    """What of a request must stand beside the object, too (Core section 6.1)."""
    return {name: asked[name] for name in OUTSIDE}


@pytest.fixture(autouse=True)
def _left_out(suite):
    """Unsigned request objects are unsupported, everything else is supported."""
    algorithms = suite.server["request_object_signing_alg_values_supported"]
    assert "RS256" in algorithms
    assert "none" not in algorithms
    assert suite.server["request_parameter_supported"] is True
    assert suite.server["request_uri_parameter_supported"] is True


@registered_now
def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite):
    uri = f"{suite.provider.suite_url}/requesturi/{'Zh3k2mT9' * 12}"
    client = suite.client(request_uris=[uri])
    assert client.client["request_uris"] == [uri]


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite):
    client = suite.client()
    asked = client.asking()
    sent = outside(asked) | {"request": unsigned(asked)}
    answer = client.look(suite.browser(), sent, REFUSED)
    assert answer.status == 400
    assert "invalid_request_object" in answer.text


@registered_now
def test_oidcc_ensure_request_object_with_redirect_uri(suite):
    check_redirect_uri_inside(suite)


def check_redirect_uri_inside(suite):
    """The object's redirect URI overrides the one beside it."""
    client = suite.client()
    asked = client.asking()
    signed = signing.request_object(asked, suite.provider.issuer, client.key)
    elsewhere = f"{client.redirect_uri}/elsewhere"
    arrival = client.ask(
        suite.browser(), outside(asked) | {"request": signed, "redirect_uri": elsewhere}
    )
    client.finish(arrival, asked)

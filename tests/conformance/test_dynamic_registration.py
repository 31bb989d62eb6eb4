"""Modules of the plan Dynamic about what clients register."""

from __future__ import annotations

from . import signing
from .dynamic import dynamic, with_tokens

pytestmark = dynamic


@with_tokens
def test_oidcc_registration_jwks_uri(suite):
    key = signing.new_key()
    uri = f"{suite.provider.suite_url}/jwks"
    client = suite.client(jwks=None, jwks_uri=uri)
    client.key = key
    suite.provider.suite.publish(uri, signing.key_set(key))
    client.flow(suite.browser())

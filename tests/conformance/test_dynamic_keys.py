"""Modules of the plan Dynamic about keys that change."""

from __future__ import annotations

from oauthprov.cli import main
from tests.conformance import metadata, signing
from tests.conformance.dynamic import dynamic, with_tokens
from tests.conformance.refreshing import check_refresh_tokens, refreshed

pytestmark = [dynamic, with_tokens]

SCOPE = "openid offline_access"
GRANT_TYPES = ["authorization_code", "refresh_token"]


def modulus(key):
    return key.get("n") or key["x"]


def test_oidcc_server_rotate_keys(suite):
    before = {key["kid"]: modulus(key) for key in suite.server.jwks["keys"]}
    assert main(["keys", "rotate", str(suite.provider.ini), "--alg", "RS256"]) == 0
    suite.provider.clock.pass_by(10)
    jwks = metadata.discover(suite.provider.plan["server"]["discoveryUrl"], suite.http).jwks
    after = {key["kid"]: modulus(key) for key in jwks["keys"]}
    assert before.items() < after.items()
    assert len(set(after.values())) == len(after)
    kinds = {key["kty"] for key in jwks["keys"] if key["kid"] not in before}
    assert kinds <= {"RSA", "EC"}, "the suite knows no other"


def test_oidcc_refresh_token(suite):
    check_refresh_tokens(suite)


def test_oidcc_refresh_token_rp_key_rotation(suite):
    uri, served = f"{suite.provider.suite_url}/jwks", suite.provider.suite
    client = suite.client(scope=SCOPE, grant_types=GRANT_TYPES, jwks=None, jwks_uri=uri)

    def rotate():
        client.key = signing.new_key()
        served.publish(uri, signing.key_set(client.key))

    def rotate_and_wait():
        rotate()
        suite.provider.clock.pass_by(60)

    rotate()
    refreshed(suite, client, rotate_and_wait, scope=SCOPE)

"""Modules of the plan Dynamic about keys that change."""

from __future__ import annotations

import json

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
    before = by_kid(suite.server.jwks)
    keys(suite, "rotate", "--alg", "RS256")
    check_rotated(suite, before)


def test_keys_rotate_again_once_the_key_that_signs_is_retired(suite, capsys):
    keys(suite, "rotate", "--alg", "RS256")
    before = published(suite)
    keys(suite, "rotate", "--alg", "RS256")
    assert published(suite) == before, "the one that was published already waits"
    capsys.readouterr()
    keys(suite, "list", "--json")
    [signing_now] = [
        key["kid"]
        for key in json.loads(capsys.readouterr().out)["keys"]
        if (key["alg"], key["state"]) == ("RS256", "signing")
    ]
    keys(suite, "retire", signing_now)
    keys(suite, "rotate", "--alg", "RS256")
    check_rotated(suite, before)


def keys(suite, verb, *arguments):
    """Run the command on the settings of the provider."""
    assert main(["keys", verb, str(suite.provider.ini), *arguments]) == 0


def published(suite):
    """Return the keys that the provider publishes once it has had time to see a new one."""
    suite.provider.clock.pass_by(10)
    return by_kid(
        metadata.discover(suite.provider.plan["server"]["discoveryUrl"], suite.http).jwks
    )


def by_kid(jwks):
    return {key["kid"]: key for key in jwks["keys"]}


def check_rotated(suite, before):
    """There is a new key of a kind that the suite knows, and every old one."""
    after = published(suite)
    assert before.items() < after.items()
    assert len({modulus(key) for key in after.values()}) == len(after)
    assert {after[kid]["kty"] for kid in after.keys() - before.keys()} <= {"RSA", "EC"}


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

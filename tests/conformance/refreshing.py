"""What the suite's modules check of refresh tokens."""

from __future__ import annotations

from tests.conformance import tokens


def check_refresh_tokens(suite):
    """Two clients refresh theirs, and one tries that of the other."""
    assert "refresh_token" in suite.server["grant_types_supported"]
    assert "offline_access" in suite.server["scopes_supported"]
    scope = "openid offline_access"
    grant_types = ["authorization_code", "refresh_token"]
    first, second = (
        suite.client(name, scope, grant_types=grant_types) for name in ("client", "client2")
    )
    refreshed(suite, first, scope=scope)
    others = refreshed(suite, second)
    stolen = {"grant_type": "refresh_token", "refresh_token": others, "scope": scope}
    tokens.check_invalid_grant(first.token(**stolen))


def refreshed(suite, client, meanwhile=None, **form):
    """Get tokens and refresh them once; return the refresh token that is good then."""
    done = client.flow(suite.browser(), prompt="consent")
    suite.provider.clock.pass_by(1)
    if meanwhile is not None:
        meanwhile()
    old = done.tokens["refresh_token"]
    response = client.token(grant_type="refresh_token", refresh_token=old, **form)
    new = tokens.granted(response)
    assert new["access_token"] != done.access_token
    check_refreshed(done.id_token, client.validated(new["id_token"], None))
    assert client.userinfo(new["access_token"]).json()["sub"] == done.sub
    return new["refresh_token"]


def check_refreshed(before, after):
    """It is of the same sign-in, issued anew (Core section 12.2)."""
    for name in ("iss", "sub", "aud", "auth_time", "azp"):
        assert before.claims.get(name) == after.claims.get(name)
    assert before["iat"] < after["iat"]

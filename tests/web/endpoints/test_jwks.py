"""The published key set."""

from __future__ import annotations

from oauthprov.protocol.keys import jose
from oauthprov.protocol.keys.jwk import parse_key_set
from oauthprov.protocol.keys.signing_keys import REFRESH
from oauthprov.storage.interface import StorageError


def jwks(site, **headers):
    url = site.get("/.well-known/oauth-authorization-server").json["jwks_uri"]
    return site.get(url, headers=headers)


def test_the_key_set_is_announced_and_verifies_tokens(site):
    response = jwks(site)
    assert response.status_int == 200
    assert response.content_type == "application/jwk-set+json"
    keys = site.wsgi.registry["oauthprov"].provider.keys
    token = keys.sign({"exp": site.clock() + 60}, typ="JWT")
    read = parse_key_set(response.body)
    jose.verify(token, read, algorithms=("RS256",), types=("JWT",), now=site.clock())


def test_nothing_private_is_shown(site):
    for key in jwks(site).json["keys"]:
        assert key.keys() <= {"kty", "kid", "alg", "use", "n", "e"}


def test_every_origin_may_read_and_caches_may_keep_it(site):
    response = jwks(site, Origin="https://evil.example")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers
    assert site.send("OPTIONS", "/oauth/jwks").headers["Access-Control-Allow-Origin"] == "*"


def test_a_conditional_request_gets_304_until_a_key_is_added(site):
    tag = jwks(site).headers["ETag"]
    again = jwks(site, **{"If-None-Match": tag})
    assert (again.status_int, again.body) == (304, b"")
    site.wsgi.registry["oauthprov"].provider.keys.rotation.rotate("RS256")
    site.clock.pass_by(REFRESH + 1)
    changed = jwks(site, **{"If-None-Match": tag})
    assert changed.status_int == 200
    assert len(changed.json["keys"]) == 2


def test_the_key_set_costs_no_trip_within_some_seconds(site):
    jwks(site)
    assert site.storage.trips(lambda: jwks(site)) == (0, 0)


def test_other_methods_are_405(site):
    response = site.post("/oauth/jwks", {})
    assert (response.status_int, response.headers["Allow"]) == (405, "GET, OPTIONS")


def test_the_key_set_is_503_without_storage(site):
    site.storage.inner = Broken()
    response = jwks(site)
    assert response.status_int == 503
    assert "Retry-After" in response.headers


def test_a_key_set_once_read_is_served_without_storage(site):
    before = jwks(site).body
    site.storage.inner = Broken()
    site.clock.pass_by(REFRESH + 1)
    assert [jwks(site).body for _ in range(3)] == [before] * 3


class Broken:
    """A storage that can't be reached."""

    def find(self, kind, **asked):
        raise StorageError("gone")

    def close(self):
        """Nothing is open."""

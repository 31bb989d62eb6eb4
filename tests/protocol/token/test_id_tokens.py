"""ID tokens from the token endpoint: OpenID Connect Core sections 2, 3.1.3 and 12."""

import dataclasses

import pytest

from oauthprov.protocol.keys import jose
from oauthprov.records import AuthorizationCode, Grant
from tests.protocol.world import ALICE, ISSUER, SCOPES, World, openid_world


@pytest.fixture
def world():
    return openid_world()


def test_an_id_token_has_the_required_claims(world):
    """Section 2, and 3.1.3.6 for at_hash."""
    person = dataclasses.replace(ALICE, acr="1", sid="a session")
    tokens = world.tokens(person=person, scope="openid", nonce="n-0S6_WzA2Mj")
    token = world.id_token(tokens["id_token"])
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": token.header["kid"]}
    sid = token.claims.pop("sid")
    assert token.claims == {
        "iss": ISSUER,
        "sub": "alice-id",
        "aud": "app",
        "iat": world.now,
        "exp": world.now + 600,
        "auth_time": 999,
        "acr": "1",
        "amr": ["pwd"],
        "nonce": "n-0S6_WzA2Mj",
        "at_hash": jose.half_hash("RS256", tokens["access_token"]),
    }
    assert sid != "a session"


def test_unknown_values_have_no_claim(world):
    token = world.id_token(world.tokens(scope="openid")["id_token"])
    assert token.claims.keys().isdisjoint({"nonce", "acr", "sid"})


def test_a_session_has_another_id_at_each_client(world):
    person = dataclasses.replace(ALICE, sid="a session")
    world.client("other", scopes=("openid",))
    tokens = [world.tokens(c, person=person, scope="openid") for c in ("app", "other", "app")]
    sids = [world.id_token(t["id_token"]).claims["sid"] for t in tokens]
    assert sids[0] == sids[2] != sids[1]


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
def test_hashes_are_those_of_the_signature(alg):
    """Section 3.1.3.6: Ed25519 hashes with SHA-512, half of which is 32 bytes."""
    world = openid_world(**{"keys.algorithms": f"{alg} RS256"})
    tokens = world.tokens(scope="openid")
    verified = world.provider.keys.verify(
        tokens["id_token"], algorithms=(alg,), types=("JWT",), now=world.now
    )
    assert verified.header["alg"] == alg
    hashed = verified.claims["at_hash"]
    assert hashed == jose.half_hash(alg, tokens["access_token"])
    assert len(hashed) == (43 if alg == "Ed25519" else 22)


def test_no_id_token_without_the_scope(world):
    assert "id_token" not in world.tokens(scope="profile")


def test_no_id_token_where_openid_is_not_declared():
    world = World()
    world.client(scopes=("read", "openid"))
    assert "id_token" not in world.tokens(scope="read", nonce="n")
    (code,) = [stored.record for stored in world.all(AuthorizationCode)]
    assert (code.nonce, code.claims) == (None, None)


def test_a_refresh_gives_an_id_token_of_the_same_sign_in(world):
    """Section 12.2: same iss, sub, aud and auth_time, a new iat, and no nonce."""
    tokens = world.tokens(scope="openid read", nonce="n")
    first = world.id_token(tokens["id_token"]).claims
    world.now += 100
    answer = world.refresh(tokens["refresh_token"])
    second = world.id_token(answer.body["id_token"]).claims
    same = ("iss", "sub", "aud", "auth_time", "amr")
    assert [second[name] for name in same] == [first[name] for name in same]
    assert second["iat"] == first["iat"] + 100
    assert second["at_hash"] == jose.half_hash("RS256", answer.body["access_token"])
    assert "nonce" not in second


def test_a_refresh_without_scope_openid_gives_no_id_token(world):
    token = world.tokens(scope="openid read")["refresh_token"]
    answer = world.refresh(token, scope="read")
    assert "id_token" not in answer.body
    assert "id_token" in world.refresh(answer.body["refresh_token"]).body


def test_a_repeated_refresh_response_has_the_same_id_token(world):
    token = world.tokens(scope="openid")["refresh_token"]
    assert world.refresh(token).body == world.refresh(token).body


def test_only_individually_requested_claims_are_in_the_id_token(world):
    """Section 5.5: only individually requested ones; those of scopes come from UserInfo."""
    asked = '{"id_token": {"email": {"essential": true}, "name": null}}'
    tokens = world.tokens(scope="openid profile", claims=asked)
    said = world.id_token(tokens["id_token"]).claims
    assert (said["email"], said["name"]) == ("alice@example.org", "Alice")
    assert said.keys().isdisjoint({"email_verified", "birthdate", "secret"})
    again = world.refresh(tokens["refresh_token"]).body["id_token"]
    assert world.id_token(again).claims["email"] == "alice@example.org"


def test_the_account_source_cannot_set_claims_of_the_sign_in(world):
    """The account source claims to be mallory, signed in at level 9."""
    asked = '{"id_token": {"sub": null, "acr": null, "name": null}}'
    said = world.id_token(world.tokens(scope="openid", claims=asked)["id_token"]).claims
    assert said["sub"] == "alice-id"
    assert "acr" not in said


def test_the_grant_stores_the_claims_request(world):
    world.tokens(scope="openid", nonce="n", claims='{"userinfo": {"name": null}}')
    (grant,) = [stored.record for stored in world.all(Grant)]
    assert grant.claims == '{"userinfo":{"name":null}}'


class TestClaimsInTheIDToken:
    """For clients that never ask UserInfo, by a choice for the client."""

    @pytest.fixture
    def world(self):
        made = openid_world()
        made.client("authjs", scopes=SCOPES, id_token_claims=True)
        return made

    def claims(self, world, body):
        return world.id_token(body["id_token"]).claims

    def test_it_has_the_claims_of_the_granted_scopes(self, world):
        claims = self.claims(world, world.tokens("authjs", scope="openid email"))
        assert (claims["email"], claims["email_verified"]) == ("alice@example.org", False)
        assert "name" not in claims
        more = self.claims(world, world.tokens("authjs", scope="openid email profile"))
        assert more["name"] == "Alice"

    def test_those_of_the_sign_in_are_never_the_account_s(self, world):
        claims = self.claims(world, world.tokens("authjs", scope="openid profile"))
        assert (claims["sub"], "secret" in claims) == ("alice-id", False)
        assert claims.get("acr") != "9"

    def test_a_refresh_has_them_within_its_scope(self, world):
        token = world.tokens("authjs", scope="openid email profile")["refresh_token"]
        body = world.refresh(token, "authjs", scope="openid profile").body
        assert self.claims(world, body)["name"] == "Alice"
        assert "email" not in self.claims(world, body)

    def test_every_other_client_has_them_in_userinfo_alone(self, world):
        claims = self.claims(world, world.tokens(scope="openid email profile"))
        assert claims.keys().isdisjoint({"name", "email"})


class TestRoundTrips:
    """The exchange of an OpenID code costs as much as any other; signing needs no storage."""

    @pytest.fixture
    def code(self, world):
        """A code, while the keys are known and the client isn't."""
        made = world.code(scope="openid")
        world.now += 6
        world.provider.keys.jwks()
        return made

    def test_an_exchange_with_an_id_token_costs_two_reads_and_a_write(self, world, code):
        with world.counted(reads=2, writes=1):
            assert world.redeem(code).body["id_token"]

    def test_a_signature_is_made_before_anything_is_written(self, world, code):
        """A key that can't be read therefore consumes no code."""
        keys = world.provider.keys
        signer, keys.signer = keys.signer, _fails
        writes = world.storage.writes
        with pytest.raises(RuntimeError):
            world.redeem(code)
        assert world.storage.writes == writes
        keys.signer = signer
        assert world.redeem(code).status == 200


def _fails(*args, **kwargs):
    raise RuntimeError("no key")

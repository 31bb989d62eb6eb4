"""Modules about tokens that are bound to a key, and about refresh tokens."""

from __future__ import annotations

from oauthprov.protocol.keys.jwk import PrivateKey
from tests.conformance.fapi.relying_party import error
from tests.conformance.fapi.variants import with_dpop
from tests.proofs import Holder, encoded, hashed, without


def bad_proofs(client, url, token):
    """Proofs for a resource that are wrong in one way each."""
    holder, now = client.holder, client.now
    claims = holder.claims("GET", url, now, ath=hashed(token))
    good = holder.signed(holder.header(), claims)
    head, payload, signature = good.split(".")
    private = holder.key.key.as_dict(private=True)
    stolen = Holder()
    stolen.jwk = holder.jwk  # the key of the token, but signed by another
    yield f"{good}, {holder.proof('GET', url, now, token=token)}"
    yield "no.proof"
    for name in ("typ", "alg", "jwk"):
        yield holder.signed(without(holder.header(), name), claims)
    for name in ("jti", "htm", "htu", "iat", "ath"):
        yield holder.signed(holder.header(), without(claims, name))
    yield holder.signed(holder.header(typ="JWT"), claims)
    yield f"{encoded(holder.header(alg='none'))}.{payload}."
    yield f"{head}.{payload}.{('A' if signature[0] != 'A' else 'B') + signature[1:]}"
    yield holder.signed(holder.header(jwk=private), claims)
    yield holder.signed(holder.header(), claims | {"htm": "PUT"})
    yield holder.signed(holder.header(), claims | {"htu": "https://other.example/api/me"})
    for seconds in (3600, -3600, 61):
        yield holder.signed(holder.header(), claims | {"iat": now + seconds})
    yield holder.signed(holder.header(), claims | {"ath": hashed("another token")})
    yield stolen.signed(holder.header(), claims)
    yield Holder().proof("GET", url, now, token=token)


@with_dpop
def test_fapi2_security_profile_final_dpop_negative_tests(suite):
    client = suite.client
    token = client.flow(suite.browser)["access_token"]
    url = f"{suite.site.issuer}/api/me"
    for proof in bad_proofs(client, url, token):
        answer = client.resource(token, proof)
        assert answer.status_int == 401, proof
    # A query is no part of the URL of a proof, whichever of the two has one.
    assert client.resource(token, query="?a=b").status_int == 200
    good = client.holder.proof("GET", f"{url}?a=b#c", client.now, token=token)
    assert client.resource(token, good).status_int == 200
    assert client.resource(token, good).status_int == 401  # it is good once
    more = client.holder.header(more="a") | {"other": 1}
    claims = client.holder.claims("GET", url.upper().replace("/API/ME", "/api/me"), client.now)
    extra = client.holder.signed(more, claims | {"ath": hashed(token), "more": "b"})
    assert client.resource(token, extra).status_int == 200
    assert client.resource(token, scheme="Bearer").status_int == 401


@with_dpop
def test_a_proof_by_rs256_is_refused_everywhere(suite):
    client = suite.client
    client.holder = Holder("PS256")
    token = client.flow(suite.browser)["access_token"]
    client.holder.alg = "RS256"
    client.holder.key = PrivateKey(client.holder.key.kid, "RS256", client.holder.key.key)
    answer = client.resource(token)
    assert (answer.status_int, answer.json["error"]) == (401, "invalid_dpop_proof")
    challenges = " ".join(answer.headers.getall("WWW-Authenticate"))
    assert 'algs="PS256 ES256 Ed25519 EdDSA"' in challenges
    code = client.allowed(suite.browser, client.asking())["code"]
    assert error(client.redeem(code)) == "invalid_dpop_proof"


def test_introspection_is_signed_for_who_asks_with_an_algorithm_of_the_profile(suite):
    client = suite.client
    token = client.flow(suite.browser)["access_token"]
    media_type = "application/token-introspection+jwt"
    answer = client.post("/oauth/introspect", {"token": token}, {"Accept": media_type})
    assert (answer.status_int, answer.content_type) == (200, media_type)
    claims = client.verified(answer.text, types=("token-introspection+jwt",), required=("iat",))
    assert claims["aud"] == client.client.client_id
    assert claims["token_introspection"]["active"] is True
    assert claims["token_introspection"]["cnf"]


def refreshed(suite, client):
    """The refresh token of a flow, once it has been used, again after a while too."""
    tokens = client.flow(suite.browser)
    again = client.granted(client.refresh(tokens["refresh_token"]))
    assert again["refresh_token"] == tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]
    if suite.variant.openid:
        assert client.id_token(again)["sub"] == client.id_token(tokens)["sub"]
    suite.site.clock.pass_by(30)
    client.granted(client.refresh(tokens["refresh_token"]))
    assert client.resource(again["access_token"]).status_int == 200
    return tokens["refresh_token"]


def test_fapi2_security_profile_final_refresh_token(suite):
    first, second = refreshed(suite, suite.client), refreshed(suite, suite.client2)
    form = {"grant_type": "refresh_token", "refresh_token": first}
    headers = suite.client.unauthenticated
    # Without authentication, without a proof, and by the other client.
    named = form | {"client_id": suite.client.client.client_id}
    assert error(suite.site.post("/oauth/token", named, headers=headers)) == "invalid_client"
    errors = ("invalid_dpop_proof", "invalid_request", "invalid_grant", "invalid_client")
    assert error(suite.client.refresh(first, {})) in errors
    assert error(suite.client.refresh(second)) == "invalid_grant"
    suite.client.granted(suite.client.refresh(first))

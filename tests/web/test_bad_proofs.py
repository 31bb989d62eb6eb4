"""Every proof that RFC 9449 section 4.3 forbids, at each endpoint that reads one, over HTTP.

Here stand error and status; tests/protocol/keys/test_dpop.py has what is wrong with a proof.
"""

import json
from dataclasses import dataclass

import pytest

from oauthprov.records import AuthorizationCode, PushedRequest, ReplayMark
from tests.proofs import Holder, hashed, without
from tests.web.endpoints.test_par import push
from tests.web.endpoints.test_token import assert_error
from tests.web.openid import openid_site
from tests.web.test_possession import ask, refused

HOLDER, OTHER = Holder(), Holder()
EVIL = "https://evil.example/"


@dataclass
class Place:
    """Where a request goes, and when."""

    method: str
    url: str
    now: int
    token: str | None = None

    def claims(self, **more):
        ath = {} if self.token is None else {"ath": hashed(self.token)}
        return HOLDER.claims(self.method, self.url, self.now, **ath | more)

    def made(self, claims=None, header=None):
        header = HOLDER.header() if header is None else header
        return HOLDER.signed(header, self.claims() if claims is None else claims)

    def with_key(self, **members):
        return self.made(header=HOLDER.header(jwk=HOLDER.jwk | members))


def doubled(members, name):
    """The members as JSON, with one of them twice."""
    return (json.dumps(members)[:-1] + f', "{name}": {json.dumps(members[name])}}}').encode()


BAD = {
    **{
        f"without {name}": lambda at, name=name: at.made(without(at.claims(), name))
        for name in ("jti", "htm", "htu", "iat")
    },
    **{
        f"header without {name}": lambda at, name=name: at.made(
            header=without(HOLDER.header(), name)
        )
        for name in ("typ", "alg", "jwk")
    },
    **{
        f"{name} twice": lambda at, name=name: at.made(doubled(at.claims(), name))
        for name in ("jti", "htm", "htu", "iat")
    },
    "jwk twice": lambda at: at.made(header=doubled(HOLDER.header(), "jwk")),
    **{
        f"{name} of the wrong type": lambda at, name=name: at.made(at.claims(**{name: ["x"]}))
        for name in ("jti", "htm", "htu", "iat")
    },
    "typ of another token": lambda at: at.made(header=HOLDER.header(typ="JWT")),
    "alg none": lambda at: at.made(header=HOLDER.header(alg="none")),
    "alg of a secret": lambda at: at.made(header=HOLDER.header(alg="HS256")),
    "another method": lambda at: at.made(at.claims(htm="DELETE")),
    "another URL": lambda at: at.made(at.claims(htu=EVIL)),
    "stale": lambda at: at.made(at.claims(iat=at.now - 301)),
    "of the future": lambda at: at.made(at.claims(iat=at.now + 61)),
    "jti too long": lambda at: at.made(at.claims(jti="x" * 257)),
    "signed by another key": lambda at: OTHER.signed(HOLDER.header(), at.claims()),
    "a changed signature": lambda at: at.made()[:-6] + "AAAAAA",
    "a private key inside": lambda at: at.with_key(**HOLDER.key.key.as_dict(private=True)),
    "a certificate inside": lambda at: at.with_key(x5c=["AQAB"]),
    "a secret inside": lambda at: at.with_key(kty="oct", k="AQAB"),
    "a point beside the curve": lambda at: at.with_key(y=HOLDER.jwk["x"]),
    "two in one header": lambda at: f"{at.made()}, {at.made()}",
    "8 KiB": lambda at: at.made(at.claims(more="x" * 8192)),
    "no JWT": lambda at: "a.b.c",
    "empty": lambda at: "",
}


@pytest.fixture(scope="module")
def site():
    made = openid_site()
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(site):
    return site.app(scopes=("openid", "profile:read"))


@pytest.fixture(scope="module")
def alice(site):
    return site.browser().sign_up("alice")


@pytest.fixture(scope="module")
def code(alice, app):
    return alice.connect(app, scope="openid profile:read")["code"]


@pytest.fixture(scope="module")
def token(site, alice, app):
    code = alice.connect(app, scope="openid")["code"]
    proof = HOLDER.proof("POST", site.url("/oauth/token"), site.clock())
    return app.exchange(code, {"DPoP": proof}).json["access_token"]


def stored(site, kind):
    return len(list(site.storage.walk(kind)))


@pytest.mark.parametrize("wrong", BAD)
def test_9449_4_3_the_token_endpoint_answers_400_and_keeps_the_code(site, app, code, wrong):
    marks = stored(site, ReplayMark)
    at = Place("POST", site.url("/oauth/token"), site.clock())
    assert_error(app.exchange(code, {"DPoP": BAD[wrong](at)}), 400, "invalid_dpop_proof")
    unused = [one for one in site.storage.walk(AuthorizationCode) if one.claimed_at is None]
    assert len(unused) == 1
    assert stored(site, ReplayMark) == marks


@pytest.mark.parametrize("wrong", BAD)
def test_9449_10_1_the_endpoint_for_pushed_requests_answers_400(site, app, wrong):
    at = Place("POST", site.url("/oauth/par"), site.clock())
    assert_error(push(app, {"DPoP": BAD[wrong](at)}), 400, "invalid_dpop_proof")
    assert stored(site, PushedRequest) == 0


@pytest.mark.parametrize("wrong", [*BAD, "without ath", "ath of another token"])
def test_9449_7_1_a_resource_answers_401_and_a_challenge(site, token, wrong):
    url = site.url("/oauth/userinfo")
    at = Place("GET", url, site.clock(), token)
    bad = BAD | {
        "without ath": lambda at: at.made(without(at.claims(), "ath")),
        "ath of another token": lambda at: at.made(at.claims(ath=hashed("another"))),
    }
    refused(ask(site, token, bad[wrong](at), url), "invalid_dpop_proof")
    assert ask(site, token, at.made(), url).status_int == 200

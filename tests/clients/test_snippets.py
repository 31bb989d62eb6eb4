"""The code that a client's page shows runs as it stands, over real HTTP.

Where the server or the client's registration demands more of a client, the code does it, and is
missing for a tool that can't.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import pytest

from oauthprov.protocol.keys.jwk import PrivateKey
from oauthprov.records import Account
from tests.certificates import SUBJECT_DN, Authority, self_signed
from tests.clients import behind_nginx
from tests.clients.console_code import LIBRARIES, Bench, names, shown
from tests.clients.engines import newcomer, served
from tests.clients.person import Person
from tests.proofs import Holder
from tests.site import OPENID, PASSWORD, PHOTOS, SCOPES

KINDS = (
    ("web", "client_secret"),
    ("web", "client_secret_post"),
    ("browser", "none"),
    ("machine", "client_secret_basic"),
    ("api", "client_secret_post"),
)
SECRET = {"auth_method": "client_secret_basic"}
SIGNS = {"auth_method": "private_key_jwt"}
SIGNERS = ("Authlib", "oauth4webapi")
ALL_POWERFUL = ("oauth4webapi",)
WITH_OPENID = {"scopes": OPENID}
FAPI = {"profile": "fapi2", "device": "false"}
MESSAGE_SIGNING = {"profile": "fapi2-message-signing", "device": "false"}
BOUND = {
    "resources": f"{PHOTOS} | photos:read | Your photos | bound\n"
    "https://notes.example/ | profile:read | Your notes"
}


@dataclass(frozen=True)
class Case:
    """Settings and a client, and the tools that its page has code for."""

    settings: dict = field(default_factory=dict)
    kind: str = "web"
    client: dict = field(default_factory=dict)
    libraries: tuple[str, ...] = LIBRARIES
    keys: tuple[str, ...] = ()


PUSHES = {"require_pushed_authorization_requests": True}
CASES = {
    "a key of ES256": Case({}, "web", SIGNS, SIGNERS, ("ES256",)),
    "a key of RS256": Case(WITH_OPENID, "web", SIGNS, SIGNERS, ("RS256",)),
    "a key of PS256": Case({}, "machine", SIGNS, SIGNERS, ("PS256",)),
    "a key of Ed25519": Case({}, "machine", SIGNS, SIGNERS, ("Ed25519",)),
    "a key of EdDSA": Case({}, "machine", SIGNS, ("Authlib",), ("EdDSA",)),
    "an API with a key": Case({}, "api", SIGNS, SIGNERS, ("ES256",)),
    "two keys": Case({}, "web", SIGNS, SIGNERS, ("ES256", "ES256")),
    "an algorithm": Case(
        *({}, "web", SIGNS | {"token_endpoint_auth_signing_alg": "ES256"}),
        *(SIGNERS, ("ES256", "RS256")),
    ),
    "all push": Case({"par": "required"}, "web", {"auth_method": "client_secret_post"}),
    "all push, a secret in the header": Case(WITH_OPENID | {"par": "required"}, "web", SECRET),
    "all push, no secret": Case({"par": "required"}, "browser"),
    "all push, a key": Case({"par": "required"}, "web", SIGNS, SIGNERS, ("ES256",)),
    "one pushes": Case({}, "web", PUSHES),
    "all push, a machine": Case({"par": "required"}, "machine"),
    "all prove a key": Case({"dpop": "required"}, "web", SECRET, ALL_POWERFUL),
    "all prove a key, no secret": Case(
        WITH_OPENID | {"dpop": "required"}, "browser", {}, ALL_POWERFUL
    ),
    "all prove a key, a machine": Case({"dpop": "required"}, "machine", {}, ALL_POWERFUL),
    "all prove a key, an API": Case({"dpop": "required"}, "api"),
    "nonces": Case(
        WITH_OPENID | {"dpop": "required", "dpop.nonce": "true", "par": "required"},
        *("web", SECRET, ALL_POWERFUL),
    ),
    "nonces, a machine": Case(
        {"dpop": "required", "dpop.nonce": "true"}, "machine", {}, ALL_POWERFUL
    ),
    "nonces that nobody needs": Case({"dpop.nonce": "true"}, "web"),
    "one proves a key": Case({}, "web", {"dpop_bound_access_tokens": True}, ALL_POWERFUL),
    "a resource for bound tokens": Case(BOUND, "web", {}, ALL_POWERFUL),
    "another resource for bound tokens": Case(BOUND, "web", {"scopes": ("profile:read",)}),
    "signed requests": Case(
        *({}, "web", SECRET | {"require_signed_request_object": True}),
        *(ALL_POWERFUL, ("ES256",)),
    ),
    "signed requests, pushed": Case(
        *(WITH_OPENID, "web", SIGNS | PUSHES | {"require_signed_request_object": True}),
        *(ALL_POWERFUL, ("PS256",)),
    ),
    "signed requests by another key": Case(
        {},
        "web",
        SIGNS
        | {
            "require_signed_request_object": True,
            "token_endpoint_auth_signing_alg": "ES256",
            "request_object_signing_alg": "PS256",
        },
        ALL_POWERFUL,
        ("ES256", "PS256"),
    ),
    "fapi2": Case(FAPI | WITH_OPENID, "web", SIGNS, ALL_POWERFUL, ("ES256",)),
    "fapi2, without openid": Case(FAPI, "web", SIGNS, ALL_POWERFUL, ("PS256",)),
    "fapi2, a machine": Case(FAPI, "machine", SIGNS, ALL_POWERFUL, ("Ed25519",)),
    "fapi2, an API": Case(FAPI, "api", SIGNS, SIGNERS, ("ES256",)),
    "fapi2, nonces": Case(
        FAPI | WITH_OPENID | {"dpop.nonce": "true"}, "web", SIGNS, ALL_POWERFUL, ("ES256",)
    ),
    "message signing": Case(MESSAGE_SIGNING | WITH_OPENID, "web", SIGNS, ALL_POWERFUL, ("ES256",)),
    "message signing, without openid": Case(
        MESSAGE_SIGNING, "web", SIGNS, ALL_POWERFUL, ("PS256",)
    ),
    "message signing, a machine": Case(
        MESSAGE_SIGNING, "machine", SIGNS, ALL_POWERFUL, ("ES256",)
    ),
}


@pytest.fixture(scope="module", params=[SCOPES, OPENID], ids=["oauth", "openid"])
def more(request):
    """OpenID Connect is off and on: clients then discover the server in different ways."""
    return {"scopes": request.param}


def owner(server):
    """The account of the one person there is, who registers the clients."""
    [account] = server.storage.find(Account).items
    return account.record.account_id


def access_token(server) -> str:
    """An access token of another client of alice's, for an API to look at."""
    worker = server.app("machine", owner=owner(server))
    answer = worker.post("token", {"grant_type": "client_credentials"})
    return answer.json.get("access_token", "")


@pytest.mark.parametrize(("kind", "method"), KINDS)
@pytest.mark.parametrize("name", LIBRARIES)
def test_the_code_runs(server, alice, tmp_path, kind, method, name):
    app = server.app(kind, auth_method=method, owner=owner(server))
    bench = Bench(alice, tmp_path, access_token(server))
    bench.run(name, shown(server, alice, app, name), kind)


def registered(server, case: Case):
    """Register the client of a case; return it and its private keys."""
    keys = [PrivateKey.generate(alg) for alg in case.keys]
    jwks = {"jwks": {"keys": [key.public() for key in keys]}} if keys else {}
    return server.app(case.kind, owner=owner(server), **jwks | case.client), keys


def save(folder, keys) -> None:
    """Write the private keys as the code reads them; the second is of another use."""
    for name, key in zip(("private-key.pem", "request-key.pem"), keys, strict=False):
        (folder / name).write_bytes(key.key.as_pem(private=True))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_code_does_what_is_demanded(case, tmp_path):
    settings = {"device": "true"} | case.settings
    with served("sqlite://", **settings) as server:
        alice = newcomer(server)
        app, keys = registered(server, case)
        assert names(server, alice, app) == list(case.libraries)
        save(tmp_path, keys)
        bench = Bench(alice, tmp_path, bound_token(server) if case.kind == "api" else "")
        for name in case.libraries:
            bench.run(name, shown(server, alice, app, name), case.kind)
        alice.browser.close()


def bound_token(server) -> str:
    """An access token of a machine of alice's that signs, and proves a key."""
    worker = server.signer("machine", owner=owner(server))
    proof = Holder().proof("POST", server.url("/oauth/token"), server.clock())
    form = {"grant_type": "client_credentials"}
    return worker.post("token", form, {"DPoP": proof}).json["access_token"]


CERTIFICATE = {"auth_method": "tls_client_auth", "tls_client_auth_subject_dn": SUBJECT_DN}
BINDS = {"tls_client_certificate_bound_access_tokens": True}
CERTIFIED = {
    "a certificate": Case({}, "web", CERTIFICATE),
    "a machine": Case({}, "machine", CERTIFICATE | BINDS),
    "an API": Case({}, "api", CERTIFICATE),
    "a certificate of its own": Case(
        {}, "web", {"auth_method": "self_signed_tls_client_auth"} | BINDS
    ),
    "bound tokens, a secret": Case({}, "web", {"auth_method": "client_secret_post"} | BINDS),
    "bound tokens, no secret": Case({}, "native", BINDS),
    "bound tokens, a key": Case({}, "machine", SIGNS | BINDS, SIGNERS, ("ES256",)),
    "a certificate and a proof": Case(
        {"dpop": "required"}, "web", CERTIFICATE | BINDS, ALL_POWERFUL
    ),
    "fapi2 without proofs": Case(FAPI | {"dpop": "off"}, "web", CERTIFICATE | BINDS),
    "fapi2 without proofs, a machine": Case(
        FAPI | {"dpop": "off"}, "machine", CERTIFICATE | BINDS
    ),
    "fapi2, a certificate": Case(FAPI, "web", CERTIFICATE, ALL_POWERFUL),
    "message signing, a certificate": Case(
        MESSAGE_SIGNING | {"dpop": "off"},
        *("web", CERTIFICATE | BINDS, ALL_POWERFUL, ("ES256",)),
    ),
}


@pytest.mark.parametrize("case", CERTIFIED.values(), ids=CERTIFIED.keys())
def test_the_code_shows_the_certificate(case, tmp_path):
    now = int(time.time())
    authority = Authority(now=now)
    own = case.client.get("auth_method") == "self_signed_tls_client_auth"
    certificate = self_signed(now=now) if own else authority.issue()
    keys = {"jwks": {"keys": [certificate.jwk()]}} if own else {}
    case = replace(case, client=keys | case.client)
    certificate.files(tmp_path)
    ca_file = authority.file(tmp_path / "clients.pem")
    with behind_nginx.served("sqlite://", tmp_path, ca_file, **case.settings) as (server, front):
        trusted = front.authority.file
        alice = Person(server.issuer)
        alice.browser.verify, alice.browser.trust_env = trusted, False
        alice.submit(alice.visit(f"{server.issuer}/signup"), name="alice", password=PASSWORD)
        app, keys = registered(server, case)
        assert names(server, alice, app) == list(case.libraries)
        save(tmp_path, keys)
        token = bound_token(server) if case.kind == "api" else ""
        bench = Bench(alice, tmp_path, token, trusted)
        for name in case.libraries:
            bench.run(name, shown(server, alice, app, name), case.kind)
        alice.browser.close()

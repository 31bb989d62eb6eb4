"""The reasons of refusals that proofs, certificates, devices and documents of clients have.

Each is provoked at its endpoint, over real storage.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from oauthprov.events import Reason
from oauthprov.fetch.places import DESCRIBED_SHARE, PLACES
from oauthprov.records import Client
from tests.certificates import SUBJECT_DN, Authority, self_signed
from tests.proofs import Holder
from tests.protocol.assertions import SigningWorld, proof, signed
from tests.protocol.certified import CertifiedWorld, key_set
from tests.protocol.device.television import GRANT_TYPES, television
from tests.protocol.world import PHOTOS, TOKEN_URL, VERIFIER, World

TESTS = Path(__file__).parents[2]
CLIENTS = Authority()
OWN, OTHER = self_signed(), self_signed()
HOLDER, STRANGER = Holder(), Holder()
BINDS = {"tls_client_certificate_bound_access_tokens": True}
MACHINE = {"grant_type": "client_credentials"}


def known(line):
    """What a line says of why, without what differs from run to run."""
    return {name: line.get(name) for name in ("level", "endpoint", "error", "reason")}


def refused(reason, error, endpoint="token", level="INFO"):
    return {"level": level, "endpoint": endpoint, "error": error, "reason": reason}


@contextmanager
def held(world, many, client_id="client {}"):
    """Let other clients hold places to fetch what they have published."""
    fetcher = world.provider.fetcher
    with ExitStack() as places:
        for number in range(many):
            uri = f"https://{number}.example/"
            places.enter_context(fetcher.waiting(uri, client_id.format(number)))
        yield


def device_code_unknown():
    tv = television()
    tv.poll("opd_abc.x")


def device_code_that_is_none():
    television().poll("nonsense")


def device_code_of_another_client():
    tv = television()
    scopes = tuple(tv.world.settings.scope_names)
    tv.world.client("radio", "native", scopes=scopes, grant_types=GRANT_TYPES, redirect_uris=())
    tv.poll(tv.begun()["device_code"], "radio")


def device_code_used():
    tv = television()
    code = tv.begun()["device_code"]
    tv.decide(code)
    assert tv.poll(code).status == 200
    tv.world.now += 5
    tv.poll(code)


def response_type_not_allowed():
    tv = television()
    tv.world.change(Client, "tv", redirect_uris=("https://app.example/callback",))
    tv.world.authorize("tv")


def dpop_proof_missing():
    world = World(dpop="required")
    world.client("job", "machine")
    world.post("token", MACHINE, client_id="job")


def dpop_proof_missing_for_a_resource():
    world = World(resources=f"{PHOTOS} | photos | Photos | bound")
    world.client("job", "machine")
    world.post("token", MACHINE | {"resource": PHOTOS, "scope": "photos"}, client_id="job")


def dpop_proof_missing_for_a_code():
    world = World()
    world.client("phone", "native")
    world.redeem(world.code("phone", dpop_jkt=HOLDER.jkt), "phone")


def dpop_proof_refused():
    world = World()
    world.client("job", "machine")
    world.post("token", MACHINE, client_id="job", proof="nonsense")


def dpop_proof_of_another_method():
    world = World()
    world.client("job", "machine")
    made = HOLDER.proof("GET", TOKEN_URL, world.now)
    world.post("token", MACHINE, client_id="job", proof=made)


def dpop_nonce_wrong():
    world = World(**{"dpop.nonce": "true"})
    world.client("job", "machine")
    world.post("token", MACHINE, client_id="job", proof=HOLDER)


def dpop_key_mismatch_of_a_code():
    world = World()
    world.client("phone", "native")
    world.redeem(world.code("phone", dpop_jkt=HOLDER.jkt), "phone", proof=STRANGER)


def dpop_key_mismatch_of_a_refresh_token():
    world = World()
    world.client("phone", "native")
    token = world.tokens("phone", proof=HOLDER)["refresh_token"]
    world.refresh(token, "phone", proof=STRANGER)


def client_keys_busy():
    world = SigningWorld()
    world.signer("worker", "machine", jwks_uri="https://keys.example/jwks")
    with held(world, PLACES):
        world.send("token", MACHINE | proof(signed("worker")))


@pytest.mark.parametrize(
    ("happens", "line"),
    [
        (device_code_unknown, refused("device_code_unknown", "invalid_grant")),
        (device_code_that_is_none, refused("device_code_unknown", "invalid_grant")),
        (
            device_code_of_another_client,
            refused("device_code_of_another_client", "invalid_grant"),
        ),
        (device_code_used, refused("device_code_used", "invalid_grant")),
        (
            response_type_not_allowed,
            refused("response_type_not_allowed", "unauthorized_client", "authorize"),
        ),
        (dpop_proof_missing, refused("dpop_proof_missing", "invalid_dpop_proof")),
        (dpop_proof_missing_for_a_resource, refused("dpop_proof_missing", "invalid_dpop_proof")),
        (dpop_proof_missing_for_a_code, refused("dpop_proof_missing", "invalid_grant")),
        (dpop_proof_refused, refused("dpop_proof_refused", "invalid_dpop_proof")),
        (dpop_proof_of_another_method, refused("dpop_proof_refused", "invalid_dpop_proof")),
        (dpop_nonce_wrong, refused("dpop_nonce_wrong", "use_dpop_nonce")),
        (
            dpop_key_mismatch_of_a_code,
            refused("dpop_key_mismatch", "invalid_grant", level="WARNING"),
        ),
        (
            dpop_key_mismatch_of_a_refresh_token,
            refused("dpop_key_mismatch", "invalid_grant", level="WARNING"),
        ),
        (
            client_keys_busy,
            refused("client_keys_busy", "temporarily_unavailable", level="WARNING"),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_reason_of_a_refusal_is_logged(lines, happens, line):
    happens()
    [logged] = lines()
    assert known(logged) == line


class TestCertificates:
    @pytest.fixture
    def world(self, tmp_path):
        made = CertifiedWorld(CLIENTS.file(tmp_path / "ca.pem"))
        made.certified("worker", tls_client_auth_subject_dn=SUBJECT_DN)
        method = "self_signed_tls_client_auth"
        made.certified("own", method=method, jwks=key_set(OWN))
        made.certified("busy", method=method, jwks_uri="https://keys.example/jwks")
        made.client("phone", "native", **BINDS)
        return made

    @pytest.mark.parametrize("client_id", ["worker", "own"])
    @pytest.mark.parametrize("certificate", [None, OTHER])
    def test_a_client_without_its_certificate(self, world, lines, client_id, certificate):
        world.show("token", MACHINE | {"client_id": client_id}, certificate)
        [line] = lines()
        assert known(line) == refused("client_certificate_refused", "invalid_client")

    def test_a_client_whose_certificates_can_t_be_fetched_now(self, world, lines):
        with held(world, PLACES):
            world.show("token", MACHINE | {"client_id": "busy"}, OWN)
        [line] = lines()
        expected = refused("client_keys_busy", "temporarily_unavailable", level="WARNING")
        assert known(line) == expected

    def redeem(self, world, certificate):
        form = {
            "grant_type": "authorization_code",
            "code": world.code("phone"),
            "code_verifier": VERIFIER,
            "client_id": "phone",
        }
        return world.show("token", form, certificate)

    def test_a_token_that_is_to_be_bound_to_no_certificate(self, world, lines):
        self.redeem(world, None)
        [line] = lines()
        assert known(line) == refused("certificate_missing", "invalid_request")

    def test_a_client_that_isn_t_registered_for_bound_tokens_under_a_profile(
        self, tmp_path, lines
    ):
        world = CertifiedWorld(
            CLIENTS.file(tmp_path / "ca.pem"), profile="fapi2", dpop="off", device="false"
        )
        world.certified("worker", tls_client_auth_subject_dn=SUBJECT_DN)
        world.show("token", MACHINE | {"client_id": "worker"}, CLIENTS.issue())
        [line] = lines()
        assert known(line) == refused("certificate_missing", "invalid_request")
        assert line["compared"] == "the client isn't registered for it"

    def test_a_refresh_token_that_is_bound_to_another_certificate(self, world, lines):
        token = self.redeem(world, OWN).body["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "phone"}
        assert world.show("token", form, OTHER).status == 400
        [line] = lines()
        assert known(line) == refused("certificate_mismatch", "invalid_grant", level="WARNING")


class TestDocuments:
    @pytest.fixture
    def world(self, publisher):
        return World(**publisher.settings)

    def test_a_document_that_can_t_be_used(self, world, publisher, lines):
        world.authorize(publisher.publish(client_secret="x"))
        *_, line = lines()
        assert known(line) == refused("client_document_refused", "invalid_client", "authorize")

    def test_a_document_that_can_t_be_fetched(self, world, publisher, lines):
        world.authorize(publisher.url("/nothing.json"))
        *_, line = lines()
        assert known(line) == refused("client_document_refused", "invalid_client", "authorize")

    def test_a_document_that_can_t_be_fetched_now(self, world, publisher, lines):
        with held(world, DESCRIBED_SHARE, "https://{}.example/"):
            world.authorize(publisher.publish())
        [line] = lines()
        expected = refused("client_document_busy", "temporarily_unavailable", "authorize")
        assert known(line) == expected


def test_each_reason_is_asserted_by_its_name_in_a_test():
    texts = [path.read_text("utf-8") for path in TESTS.rglob("test_*.py")]
    # In quotes, in a line of the log, or as a member; the name of a function is no assertion.
    named = {
        name.lower()
        for text in texts
        for name in re.findall(r'(?:["=]|\bReason\.)(?!Reason)(\w+)', text)
    }
    unnamed = [reason.value for reason in Reason if reason.value not in named]
    assert unnamed == [], "provoke each of these at its endpoint, and name it in the test"

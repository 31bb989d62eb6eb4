"""Tokens that are bound to a client certificate, at the token endpoint: RFC 8705 sections 3, 4."""

import pytest

from oauthprov.protected_resource.client_certificates import NoCertificate
from oauthprov.records import AccessToken, AuthorizationCode, RefreshToken
from tests.certificates import SUBJECT_DN, Authority, self_signed
from tests.proofs import Holder
from tests.protocol.certified import CertifiedWorld, key_set
from tests.protocol.world import OPENID, PHOTOS, VERIFIER

CLIENTS = Authority()
CERTIFICATE, OTHER = self_signed(), self_signed()
BOUND = f"x5t#S256:{CERTIFICATE.thumbprint}"
MANGLED = NoCertificate("the proxy's header can't be read: it isn't base64")
HOLDER = Holder()
FLAG = {"tls_client_certificate_bound_access_tokens": True}


def worlds(folder, **more):
    made = CertifiedWorld(CLIENTS.file(folder / "ca.pem"), **more)
    made.client(**FLAG)
    made.client("phone", "native", **FLAG)
    made.client("plain", "native")
    made.client("job", "machine", **FLAG)
    made.certified("worker", "machine", tls_client_auth_subject_dn=SUBJECT_DN, **FLAG)
    return made


@pytest.fixture
def world(tmp_path):
    return worlds(tmp_path)


def refused(answer, error, status=400):
    assert (answer.status, answer.body.get("error")) == (status, error), answer
    assert "access_token" not in answer.body


def post(world, form, client_id, certificate, proof=None):
    """Post to the token endpoint as ``client_id`` does."""
    headers = world.auth(client_id)
    form = form if headers else form | {"client_id": client_id}
    return world.show("token", form, certificate, headers=headers, proof=proof)


def machine(world, certificate, client_id="job", proof=None, **more):
    return post(world, {"grant_type": "client_credentials"} | more, client_id, certificate, proof)


def redeem(world, code, client_id, certificate, proof=None):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": "https://app.example/callback",
    }
    return post(world, form, client_id, certificate, proof)


def tokens(world, client_id, certificate, proof=None):
    answer = redeem(world, world.code(client_id), client_id, certificate, proof)
    assert answer.status == 200, answer
    return answer.body


def refresh(world, token, client_id, certificate, proof=None):
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return post(world, form, client_id, certificate, proof)


@pytest.mark.parametrize("client_id", ["app", "phone"])
def test_8705_3_the_tokens_of_a_code_are_bound_to_the_certificate(world, client_id):
    body = tokens(world, client_id, CERTIFICATE)
    assert body["token_type"] == "Bearer"
    assert [one.record.confirmation for one in world.all(AccessToken)] == [BOUND]


def test_8705_3_the_token_of_a_machine_is_bound(world):
    assert machine(world, CERTIFICATE).body["token_type"] == "Bearer"
    certificate = CLIENTS.issue()
    assert machine(world, certificate, "worker").status == 200
    bound = {one.record.confirmation for one in world.all(AccessToken)}
    assert bound == {BOUND, f"x5t#S256:{certificate.thumbprint}"}


def test_8705_3_2_introspection_tells_what_a_token_is_bound_to(world):
    body = tokens(world, "app", CERTIFICATE)
    described = world.introspect(body["access_token"]).body
    assert described["cnf"] == {"x5t#S256": CERTIFICATE.thumbprint}
    assert described["token_type"] == "Bearer"


def test_8705_3_1_a_token_that_is_a_jwt_says_what_it_is_bound_to(tmp_path):
    world = worlds(tmp_path, resources=f"{PHOTOS} | photos | Photos | jwt")
    token = machine(world, CERTIFICATE, resource=PHOTOS, scope="photos").body["access_token"]
    claims = world.provider.keys.verify(
        token, algorithms=("RS256",), types=("at+jwt",), now=world.now
    ).claims
    assert claims["cnf"] == {"x5t#S256": CERTIFICATE.thumbprint}
    assert world.provider.token_info(token).confirmation == BOUND
    described = world.introspect(token, "job").body
    assert (described["cnf"], described["token_type"]) == (claims["cnf"], "Bearer")


@pytest.mark.parametrize("certificate", [None, MANGLED])
def test_8705_3_4_a_client_that_wants_bound_tokens_gets_no_other(world, certificate):
    refused(machine(world, certificate), "invalid_request")
    code = world.code("phone")
    refused(redeem(world, code, "phone", certificate), "invalid_request")
    [stored] = world.all(AuthorizationCode)
    assert stored.claimed_at is None
    assert redeem(world, code, "phone", CERTIFICATE).status == 200


def test_8705_3_4_other_clients_get_bearer_tokens_whatever_they_present(world):
    assert "refresh_token" in tokens(world, "plain", CERTIFICATE)
    assert {one.record.confirmation for one in world.all(AccessToken)} == {None}
    assert {one.record.confirmation for one in world.all(RefreshToken)} == {None}


def test_8705_4_the_refresh_token_of_a_public_client_is_bound(world):
    token = tokens(world, "phone", CERTIFICATE)["refresh_token"]
    assert [one.record.confirmation for one in world.all(RefreshToken)] == [BOUND]
    refused(refresh(world, token, "phone", None), "invalid_request")
    refused(refresh(world, token, "phone", MANGLED), "invalid_request")
    refused(refresh(world, token, "phone", OTHER), "invalid_grant")
    again = refresh(world, token, "phone", CERTIFICATE)
    assert again.body["token_type"] == "Bearer"
    assert {one.record.confirmation for one in world.all(AccessToken)} == {BOUND}


def test_8705_7_1_a_refresh_token_stays_bound_when_the_client_no_longer_wants_it(world):
    token = tokens(world, "phone", CERTIFICATE)["refresh_token"]
    world.provider.registrar.edit("phone", tls_client_certificate_bound_access_tokens=False)
    refused(refresh(world, token, "phone", None), "invalid_request")
    assert refresh(world, token, "phone", CERTIFICATE).status == 200


def test_8705_6_3_a_confidential_client_may_renew_its_certificate(world):
    token = tokens(world, "app", CERTIFICATE)["refresh_token"]
    assert [one.record.confirmation for one in world.all(RefreshToken)] == [None]
    answer = refresh(world, token, "app", OTHER)
    described = world.introspect(answer.body["access_token"]).body
    assert described["cnf"] == {"x5t#S256": OTHER.thumbprint}


@pytest.mark.parametrize("client_id", ["app", "phone"])
def test_a_lost_response_comes_again_to_the_same_certificate_only(world, client_id):
    token = tokens(world, client_id, CERTIFICATE)["refresh_token"]
    first = refresh(world, token, client_id, CERTIFICATE)
    refused(refresh(world, token, client_id, OTHER), "invalid_grant")
    refused(
        refresh(world, token, client_id, None),
        "invalid_grant" if client_id == "app" else "invalid_request",
    )
    again = refresh(world, token, client_id, CERTIFICATE)
    assert again.body == first.body
    assert world.is_live(first.body["access_token"])


def test_who_lacks_the_certificate_cannot_revoke_the_grant_of_a_used_refresh_token(world):
    token = tokens(world, "phone", CERTIFICATE)["refresh_token"]
    again = refresh(world, token, "phone", CERTIFICATE).body
    world.now += 60
    refused(refresh(world, token, "phone", None), "invalid_request")
    refused(refresh(world, token, "phone", OTHER), "invalid_grant")
    assert world.is_live(again["access_token"])
    refused(refresh(world, token, "phone", CERTIFICATE), "invalid_grant")
    assert not world.is_live(again["access_token"])


def test_with_both_proofs_a_token_is_bound_to_the_key_of_dpop(world):
    body = tokens(world, "phone", CERTIFICATE, HOLDER)
    assert body["token_type"] == "DPoP"
    assert {one.record.confirmation for one in world.all(AccessToken)} == {f"jkt:{HOLDER.jkt}"}
    refused(machine(world, None, proof=HOLDER), "invalid_request")


def test_a_server_that_requires_dpop_takes_no_certificate_for_it(tmp_path):
    world = worlds(tmp_path, dpop="required")
    refused(machine(world, CERTIFICATE), "invalid_dpop_proof")
    assert machine(world, CERTIFICATE, proof=HOLDER).body["token_type"] == "DPoP"


def test_a_resource_that_wants_bound_tokens_takes_those_bound_to_a_certificate(tmp_path):
    world = worlds(tmp_path, resources=f"{PHOTOS} | photos | Photos | bound")
    wanted = {"resource": PHOTOS, "scope": "photos"}
    assert machine(world, CERTIFICATE, **wanted).status == 200
    world.client("bare", "machine")
    refused(machine(world, CERTIFICATE, "bare", **wanted), "invalid_dpop_proof")


@pytest.mark.parametrize("demand", [{"profile": "fapi2", "device": "false"}, {"resource": PHOTOS}])
def test_where_dpop_is_off_no_error_speaks_of_it(tmp_path, demand):
    wanted = {name: value for name, value in demand.items() if name == "resource"}
    more = {"resources": f"{PHOTOS} | photos | Photos | bound"} if wanted else demand
    world = worlds(tmp_path, dpop="off", **more)
    world.certified("bare", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
    asked = wanted | {"scope": "photos"}
    assert machine(world, CLIENTS.issue(), "worker", **asked).status == 200
    answer = machine(world, CLIENTS.issue(), "bare", HOLDER, **asked)
    refused(answer, "invalid_request")
    assert "tls_client_certificate_bound_access_tokens" in answer.body["error_description"]
    assert len(world.all(AccessToken)) == 1


def test_both_flags_contradict_each_other(world):
    said = world.unregistered(
        "machine",
        "private_key_jwt",
        dpop_bound_access_tokens=True,
        jwks=key_set(CERTIFICATE),
        **FLAG,
    )
    assert said == "It may not stand beside dpop_bound_access_tokens."


def test_8705_5_a_proof_may_name_the_alias_of_the_endpoint(world):
    form = {"grant_type": "client_credentials"}
    for alias in (False, True):
        answer = world.show(
            "token", form, CERTIFICATE, headers=world.auth("job"), proof=HOLDER, alias=alias
        )
        assert answer.body["token_type"] == "DPoP"


def test_without_the_settings_a_certificate_binds_nothing(tmp_path):
    off = CertifiedWorld(None)
    off.client("job", "machine")
    assert machine(off, None).body["token_type"] == "Bearer"
    off.client("flagged", "machine", **FLAG)
    refused(machine(off, None, "flagged"), "invalid_request")


def test_a_certificate_costs_no_trip(world):
    code = world.code("phone")
    world.provider = world.another_process()
    with world.counted(reads=2, writes=1):
        body = redeem(world, code, "phone", CERTIFICATE).body
    world.provider = world.another_process()
    with world.counted(reads=2, writes=1):
        assert refresh(world, body["refresh_token"], "phone", CERTIFICATE).status == 200
    world.provider = world.another_process()
    with world.counted(reads=1, writes=1):
        assert machine(world, CLIENTS.issue(), "worker").status == 200


def test_fapi2_5_3_2_1_a_certificate_binds_tokens_without_a_proof_of_dpop(tmp_path):
    world = worlds(tmp_path, profile="fapi2", device="false")
    assert machine(world, CLIENTS.issue(), "worker").body["token_type"] == "Bearer"
    [stored] = world.all(AccessToken)
    assert stored.record.confirmation.startswith("x5t#S256:")
    world.certified("bare", "machine", tls_client_auth_subject_dn=SUBJECT_DN)
    refused(machine(world, CLIENTS.issue(), "bare"), "invalid_dpop_proof")
    assert machine(world, CLIENTS.issue(), "bare", HOLDER).body["token_type"] == "DPoP"


def test_a_client_that_wants_bound_tokens_gets_none_from_the_authorization_endpoint(tmp_path):
    more = {"scopes": OPENID, "default_scopes": "", "resources": ""}
    world = worlds(tmp_path, **more, **{"openid.implicit": "true"})
    world.client(
        "implicit",
        grant_types=("authorization_code", "implicit"),
        response_types=("id_token token",),
        scopes=("openid",),
        **FLAG,
    )
    asked = {"response_type": "id_token token", "scope": "openid", "nonce": "n"}
    answer = world.allow("implicit", code_challenge=None, code_challenge_method=None, **asked)
    assert (answer.get("error"), "access_token" in answer) == ("invalid_request", False)
    assert world.all(AccessToken) == []

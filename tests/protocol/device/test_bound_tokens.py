"""Tokens of devices that hold a key: they are bound at redemption (RFC 9449 section 5)."""

from oauthprov.protocol.clients.grant_types import DEVICE_CODE
from oauthprov.records import AccessToken, RefreshToken, ReplayMark
from tests.certificates import Authority, self_signed
from tests.proofs import Holder
from tests.protocol.certified import CertifiedWorld
from tests.protocol.device.television import Television

HOLDER, OTHER = Holder(), Holder()


def poll(tv, code, holder):
    form = {"grant_type": DEVICE_CODE, "device_code": code, "client_id": "tv"}
    return tv.world.post("token", form, client_id="tv", proof=holder)


def refresh(tv, token, holder):
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "tv"}
    return tv.world.post("token", form, client_id="tv", proof=holder)


def test_the_tokens_of_a_device_are_bound_to_the_key_of_its_proof(tv):
    code = tv.begun()["device_code"]
    tv.decide(code)
    body = poll(tv, code, HOLDER).body
    assert body["token_type"] == "DPoP"
    for kind in (AccessToken, RefreshToken):
        assert [one.record.confirmation for one in tv.world.all(kind)] == [f"jkt:{HOLDER.jkt}"]
    assert refresh(tv, body["refresh_token"], OTHER).body["error"] == "invalid_grant"
    assert refresh(tv, body["refresh_token"], None).body["error"] == "invalid_dpop_proof"
    assert refresh(tv, body["refresh_token"], HOLDER).body["token_type"] == "DPoP"


def test_a_poll_before_the_decision_uses_up_no_proof(tv):
    code = tv.begun()["device_code"]
    assert poll(tv, code, HOLDER).body["error"] == "authorization_pending"
    assert tv.world.all(ReplayMark) == []


def test_a_device_that_registered_for_bound_tokens_gets_no_others(tv):
    tv.world.client("lamp", "device", dpop_bound_access_tokens=True)
    code = tv.begun(who="lamp")["device_code"]
    tv.decide(code)
    assert tv.poll(code, who="lamp").body["error"] == "invalid_dpop_proof"
    form = {"grant_type": DEVICE_CODE, "device_code": code, "client_id": "lamp"}
    bound = tv.world.post("token", form, client_id="lamp", proof=HOLDER)
    assert bound.body["token_type"] == "DPoP"


def test_8705_a_device_that_wants_tokens_bound_to_its_certificate_gets_no_others(tmp_path):
    flag = {"tls_client_certificate_bound_access_tokens": True}
    world, own = CertifiedWorld(Authority().file(tmp_path / "ca.pem")), self_signed()
    world.client("lamp", "device", scopes=("read",), **flag)
    tv = Television(world)
    code = tv.begun(who="lamp", scope="read")["device_code"]
    tv.decide(code)
    form = {"grant_type": DEVICE_CODE, "device_code": code, "client_id": "lamp"}
    assert world.show("token", form, None).body["error"] == "invalid_request"
    assert world.show("token", form, own).body["token_type"] == "Bearer"
    for kind in (AccessToken, RefreshToken):
        bound = [one.record.confirmation for one in world.all(kind)]
        assert bound == [f"x5t#S256:{own.thumbprint}"]

"""The device authorization endpoint (RFC 8628 sections 3.1, 3.2)."""

import re

import pytest

from oauthprov.protocol.device import user_codes
from oauthprov.protocol.request.answers import Call
from oauthprov.records import Client, DeviceGrant, UserCode
from tests.protocol.assertions import KEY, proof, published, signed
from tests.protocol.device.television import ADDRESS, GRANT_TYPES, PAGE, television
from tests.protocol.world import FORM, ISSUER, NOTES, PHOTOS, basic


def test_the_response_has_both_codes_and_where_to_type_one(tv):
    answer = tv.begin(scope="openid read")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.body
    assert set(body) == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert re.fullmatch(r"opd_[\w-]+\.[\w-]{43}", body["device_code"])
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", body["user_code"])
    assert body["verification_uri"] == PAGE
    assert body["verification_uri_complete"] == f"{PAGE}?user_code={body['user_code']}"
    assert (body["expires_in"], body["interval"]) == (600, 5)


def test_what_was_asked_for_is_stored_and_neither_code(tv):
    body = tv.begun(scope="openid read")
    device = tv.record(body["device_code"])
    assert (device.client_id, device.scopes, device.resources) == ("tv", ("openid", "read"), ())
    assert (device.address, device.created_at) == (ADDRESS, tv.world.now)
    assert device.expires_at == tv.world.now + 600
    assert (device.decided_at, device.account_id, device.allowed) == (None, None, False)
    dump = tv.world.dump()
    for code in (body["device_code"], body["user_code"], body["user_code"].replace("-", "")):
        assert code not in dump


def test_the_lifetime_is_a_setting():
    tv = television(device_lifetime=120)
    assert tv.begun()["expires_in"] == 120


def test_without_a_scope_the_defaults_are_asked_for(tv):
    assert tv.record(tv.begun()["device_code"]).scopes == ("read",)


@pytest.mark.parametrize(
    ("scope", "says"),
    [("nothing", "This server has no scope nothing."), ("write", "no scope write")],
)
def test_a_scope_that_the_client_may_not_ask_for_is_invalid(tv, scope, says):
    answer = tv.begin(scope=scope)
    assert (answer.status, answer.body["error"]) == (400, "invalid_scope")
    assert says in answer.body["error_description"]
    assert tv.world.all(DeviceGrant) == []


def test_a_scope_beyond_the_clients_own_is_invalid(tv):
    tv.world.change(Client, "tv", scopes=("read",))
    assert tv.begin(scope="photos").body["error"] == "invalid_scope"


def test_resources_are_judged_as_elsewhere_and_stored():
    tv = television(
        scopes="read | See\nphotos | See photos\nnotes | See notes",
        resources=f"{PHOTOS} | photos | Photos\n{NOTES} | notes | Notes",
    )
    code = tv.begun(scope="photos notes", resource=[PHOTOS, NOTES])["device_code"]
    assert tv.record(code).resources == (PHOTOS, NOTES)
    assert tv.record(tv.begun(scope="read photos notes", resource=PHOTOS)["device_code"]).scopes
    unknown = tv.begin(scope="read", resource="https://elsewhere.example/")
    assert (unknown.status, unknown.body["error"]) == (400, "invalid_target")
    none_left = tv.begin(scope="notes", resource=PHOTOS)
    assert none_left.body["error"] == "invalid_scope"


class TestTheClient:
    def test_must_be_known(self, tv):
        answer = tv.begin("nobody")
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")

    def test_must_be_named(self, tv):
        answer = tv.begin(client_id=None)
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")

    def test_must_be_enabled(self, tv):
        tv.world.change(Client, "tv", disabled_at=tv.world.now)
        assert tv.begin().body["error"] == "invalid_client"

    def test_must_have_registered_the_grant_type(self, tv):
        tv.world.client("app", "native")
        answer = tv.begin("app")
        assert (answer.status, answer.body["error"]) == (400, "unauthorized_client")

    def test_with_a_secret_must_prove_it(self, tv):
        tv.world.client("box", grant_types=GRANT_TYPES, redirect_uris=())
        assert tv.begin("box").status == 200
        wrong = tv.begin("box", headers=basic("box", "wrong"))
        assert (wrong.status, wrong.body["error"]) == (401, "invalid_client")
        assert wrong.headers["WWW-Authenticate"].startswith("Basic ")

    def test_with_a_secret_is_not_let_in_by_its_id(self, tv):
        tv.world.client("box", grant_types=GRANT_TYPES, redirect_uris=())
        del tv.world.secrets["box"]
        assert tv.begin("box").body["error"] == "invalid_client"

    def test_with_a_key_presents_an_assertion_once(self, tv):
        keys = {"auth_method": "private_key_jwt", "secrets": (), "jwks": published(KEY)}
        tv.world.client("box", grant_types=GRANT_TYPES, redirect_uris=(), **keys)
        form = proof(signed("box", aud=ISSUER)) | {"client_id": "box"}
        assert tv.begin(**form).status == 200
        again = tv.begin(**form)
        assert (again.status, again.body["error"]) == (401, "invalid_client")


class TestTheForm:
    def send(self, tv, body, method="POST", query=b"", **headers):
        call = Call(method, query, body, FORM | headers)
        return tv.world.provider.devices.begin(call, ADDRESS, PAGE)

    def test_is_posted(self, tv):
        answer = self.send(tv, b"", "GET", b"client_id=tv")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(
        "body",
        [b"client_id=tv&client_id=tv", b"client_id=tv&scope=read&scope=read", b"client_id=%zz"],
    )
    def test_repeats_nothing_and_is_well_formed(self, tv, body):
        assert self.send(tv, body).body["error"] == "invalid_request"

    def test_is_a_form(self, tv):
        answer = self.send(tv, b"client_id=tv", **{"content-type": "application/json"})
        assert answer.body["error"] == "invalid_request"

    def test_may_have_parameters_that_are_ignored(self, tv):
        assert self.send(tv, b"client_id=tv&redirect_uri=x&nonce=y&state=z").status == 200


def test_a_user_code_that_is_in_use_is_drawn_again(tv, monkeypatch):
    drawn = iter(["BBBBBBBB", "BBBBBBBB", "CCCCCCCC"])
    monkeypatch.setattr(user_codes, "draw", lambda: next(drawn))
    assert tv.begun()["user_code"] == "BBBB-BBBB"
    assert tv.begun()["user_code"] == "CCCC-CCCC"
    assert len(tv.world.all(DeviceGrant)) == 2


def test_if_all_drawn_codes_are_in_use_the_device_is_told_to_come_again(tv, monkeypatch):
    monkeypatch.setattr(user_codes, "draw", lambda: "BBBBBBBB")
    tv.begun()
    answer = tv.begin()
    assert (answer.status, answer.body["error"]) == (503, "temporarily_unavailable")


def test_a_user_code_is_free_again_when_it_has_expired(tv, monkeypatch):
    monkeypatch.setattr(user_codes, "draw", lambda: "BBBBBBBB")
    tv.begun()
    tv.world.now += 600
    assert tv.begun()["user_code"] == "BBBB-BBBB"


def test_what_is_no_address_is_not_kept(tv):
    call = Call("POST", b"", b"client_id=tv", FORM)
    tv.world.provider.devices.begin(call, "<script>", PAGE)
    [stored] = tv.world.all(DeviceGrant)
    assert stored.record.address == ""


def test_the_purge_removes_both_kinds(tv):
    tv.begun()
    world = tv.world
    for now in (world.now + 600, world.now + 1200):
        list(world.storage.purge_pass(now=now))
    assert (world.all(UserCode), world.all(DeviceGrant)) == ([], [])

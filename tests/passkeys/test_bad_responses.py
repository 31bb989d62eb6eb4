"""Responses that no honest browser sends: each is refused, for a reason, and changes nothing."""

from __future__ import annotations

import json

import pytest

from oauthprov.passkeys import Refused
from oauthprov.passkeys.keeping import NAME_LIMIT
from oauthprov.storage import open_storage
from tests.authenticator import (
    BACKED_UP,
    ELIGIBLE,
    PRESENT,
    VERIFIED,
    Authenticator,
    encoded,
)
from tests.passkeys.conftest import BROWSER, reason
from tests.site import ISSUER


@pytest.fixture
def storage():
    """One engine is enough: nothing of this reaches the storage."""
    made = open_storage("sqlite://")
    made.upgrade()
    yield made
    made.close()


@pytest.mark.parametrize(
    "lies",
    [
        {"client_data": {"origin": "https://evil.example"}},
        {"client_data": {"origin": "https://id.example:8443"}},
        {"client_data": {"origin": "http://id.example"}},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"rp_id": "evil.example"},
        {"flags": VERIFIED},
        {"flags": PRESENT | BACKED_UP},
    ],
    ids=str,
)
def test_a_registration_for_another_place_or_by_nobody_is_refused(passkeys, alice, add, lies):
    assert reason(lambda: add(alice, Authenticator(ISSUER), **lies)) == "unproven"
    assert passkeys.of(alice) == []


def test_an_algorithm_that_was_not_offered_is_refused(passkeys, alice, add):
    assert reason(lambda: add(alice, Authenticator(ISSUER, algorithm=-65535))) == "unproven"


def test_names_are_tidied(alice, add, device):
    assert add(alice, device, "  my\u202e old\n\n phone ").name == "my old phone"
    assert len(add(alice, device, "x" * 500).name) == NAME_LIMIT


GARBAGE = [
    "",
    "null",
    "[]",
    "{}",
    "\ud800",
    '{"id": 1}',
    "[" * 60_000,
    '{"a":' * 20_000,
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {}}),
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": []}),
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "password", "response": {}}),
    "x" * 1_000_000,
]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: ascii(text[:20]))
def test_what_no_browser_sends_is_refused(passkeys, keep, alice, text):
    assert reason(lambda: keep(alice, text, BROWSER, "x")) == "malformed"
    assert reason(lambda: passkeys.sign_in(text, BROWSER)) == "malformed"
    assert reason(lambda: passkeys.step(alice, text, BROWSER)) == "malformed"


def changed(text, path, value):
    sent = json.loads(text)
    inner = sent["response"] if path in sent["response"] else sent
    inner[path] = value
    return json.dumps(sent)


@pytest.mark.parametrize("value", [None, 1, "", "!", "A", "AAAA", "e30", [], {}, "x" * 9000])
@pytest.mark.parametrize("member", ["id", "rawId", "type", "clientDataJSON", "attestationObject"])
def test_every_member_of_a_registration_is_checked(
    creation, passkeys, keep, alice, device, member, value
):
    sent = device.create(creation(alice))
    wrong = changed(sent, member, value)
    assert reason(lambda: keep(alice, wrong, BROWSER, "x")) in ("malformed", "unproven")
    assert passkeys.of(alice) == []


@pytest.mark.parametrize("transports", [None, 7, "usb", [1, [], "usb", "pigeon"], {}])
def test_odd_transports_are_left_out(creation, passkeys, keep, alice, device, transports):
    sent = device.create(creation(alice))
    added = keep(alice, changed(sent, "transports", transports), BROWSER, "x")
    assert added.transports == (("usb",) if isinstance(transports, list) else ())


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"client_data": {"origin": "https://evil.example"}}, "unproven"),
        ({"client_data": {"origin": ["https://id.example"]}}, "unproven"),
        ({"client_data": {"type": "webauthn.create"}}, "unproven"),
        ({"client_data": {"crossOrigin": True}}, "unproven"),
        ({"client_data": {"crossOrigin": 1}}, "unproven"),
        ({"client_data": {"topOrigin": None}}, "unproven"),
        ({"client_data": {"challenge": "AAAA"}}, "expired"),
        ({"client_data": {"challenge": ""}}, "expired"),
        ({"client_data": {"challenge": None}}, "malformed"),
        ({"rp_id": "evil.example"}, "unproven"),
        ({"signed": b"something else"}, "unproven"),
        ({"flags": VERIFIED}, "unproven"),
        ({"flags": PRESENT}, "unverified"),
        ({"flags": PRESENT | VERIFIED | ELIGIBLE}, "unproven"),
        ({"flags": PRESENT | VERIFIED | BACKED_UP}, "unproven"),
        ({"handle": None}, "unknown"),
        ({"handle": b""}, "unknown"),
        ({"handle": b"nobody"}, "unknown"),
        ({"handle": b"\xff" * 22}, "unknown"),
        ({"handle": b"x" * 65}, "malformed"),
    ],
    ids=str,
)
def test_a_sign_in_that_proves_less_is_refused(passkeys, alice, add, device, sign_in, lies, why):
    add(alice, device)
    assert sign_in(device, **lies) == why
    assert passkeys.of(alice)[0].last_used_at is None


def test_a_sign_count_in_a_response_that_proves_nothing_ends_no_passkey(
    passkeys, alice, add, device, sign_in
):
    add(alice, device)
    assert sign_in(device, count=5) == alice
    assert sign_in(device, count=1, signed=b"x") == "unproven"
    assert passkeys.of(alice)[0].copied_at is None


@pytest.mark.parametrize("value", [None, 1, "", "!", "A", "AAAA", "e30", [], {}, "x" * 9000])
@pytest.mark.parametrize(
    "member", ["id", "rawId", "type", "clientDataJSON", "authenticatorData", "signature"]
)
def test_every_member_of_an_assertion_is_checked(passkeys, alice, add, device, member, value):
    add(alice, device)
    wrong = changed(device.get(passkeys.sign_in_options(BROWSER)), member, value)
    assert reason(lambda: passkeys.sign_in(wrong, BROWSER)) in ("malformed", "unproven")


@pytest.mark.parametrize("value", [1, "!", "A", [], {}, encoded(b"x" * 65)])
def test_an_odd_user_handle_is_refused(passkeys, alice, add, device, value):
    add(alice, device)
    wrong = changed(device.get(passkeys.sign_in_options(BROWSER)), "userHandle", value)
    assert reason(lambda: passkeys.sign_in(wrong, BROWSER)) == "malformed"


def test_what_a_refusal_says_in_the_log_has_no_secret(passkeys, alice, add, device):
    add(alice, device)
    sent = device.get(passkeys.sign_in_options(BROWSER), signed=b"x")
    with pytest.raises(Refused) as refused:
        passkeys.sign_in(sent, BROWSER)
    response = json.loads(sent)["response"]
    assert response["signature"] not in str(refused.value)
    assert response["userHandle"] not in str(refused.value)

"""No secret reaches a log, not at DEBUG, nor the storage; and no reason reaches a client."""

import json
import logging

import pytest

from oauthprov import credentials, logs
from oauthprov.logs import keep_oauthlib_quiet
from oauthprov.protocol.request.answers import InteractionRequired, Visitor
from oauthprov.storage.interface import Revoke
from tests.protocol.device.television import GRANT_TYPES, Television
from tests.protocol.world import ALICE, BROWSER, VERIFIER, World


def run_every_flow(world):
    """Run every flow with and without errors; return the secrets used."""
    world.client("worker", "machine", auth_method="client_secret_post")
    secrets = [*world.secrets.values(), VERIFIER]
    pending = world.authorize(person=None)
    assert isinstance(pending, InteractionRequired)
    world.authorization.decide(pending.interaction_id, Visitor(BROWSER, ALICE), allow=True)
    code = world.code(scope="read write")
    first = world.redeem(code).body
    second = world.refresh(first["refresh_token"]).body
    world.refresh(first["refresh_token"])
    third = world.refresh(second["refresh_token"]).body
    worker = {"client_id": "worker", "client_secret": world.secrets["worker"]}
    own = world.post("token", worker | {"grant_type": "client_credentials"}).body
    for token in (first["access_token"], third["refresh_token"], own["access_token"]):
        world.introspect(token)
        world.introspect(token, "nobody")
    world.post("token", worker | {"grant_type": "client_credentials", "scope": "bad"})
    world.post("token", {"client_id": "app", "client_secret": "wrong-secret", "code": code})
    world.post("revoke", {"token": own["access_token"]} | worker)
    world.redeem(code)
    world.refresh(first["refresh_token"])
    world.refresh(third["refresh_token"])
    secrets += of_a_device(world)
    for answer in (first, second, third, own):
        secrets += [answer["access_token"], answer.get("refresh_token", answer["access_token"])]
    secrets += [code, pending.interaction_id, "wrong-secret"]
    return secrets


def of_a_device(world):
    """Let a device get tokens, with errors on the way; return the secrets used."""
    about = {"grant_types": GRANT_TYPES, "redirect_uris": ()}
    world.client("tv", "native", scopes=("read",), **about)
    tv = Television(world)
    told = tv.begun(scope="read")
    tv.poll(told["device_code"])
    tv.poll(told["device_code"], "app")
    requests = world.provider.device_requests
    requests.find("BCDF-GHJK", Visitor(BROWSER, ALICE))
    waits = requests.find(told["user_code"], Visitor(BROWSER, ALICE))
    for _ in range(2):
        world.authorization.decide(waits, Visitor(BROWSER, ALICE), allow=True)
    tokens = tv.poll(told["device_code"]).body
    tv.poll(told["device_code"])
    waiting = tv.begun()
    world.authorization.question(
        requests.find(waiting["user_code"], Visitor(BROWSER, ALICE)), Visitor(BROWSER, ALICE)
    )
    codes = [one[name] for one in (told, waiting) for name in ("device_code", "user_code")]
    typed = [code.replace("-", "") for code in codes if len(code) == len("BCDF-GHJK")]
    return [*codes, *typed, tokens["access_token"], tokens["refresh_token"], waits]


def parts(secrets):
    """Each secret, and its secret part alone."""
    return {*secrets, *(secret.partition(".")[2] or secret for secret in secrets)}


@pytest.fixture
def world():
    """A provider that has every flow."""
    made = World(device="true")
    made.client()
    return made


def test_nothing_secret_is_logged_at_debug(caplog, world):
    names = ("oauthlib", "oauthlib.oauth2.rfc6749.grant_types.refresh_token", "oauthprov", None)
    for name in names:
        caplog.set_level(logging.DEBUG, logger=name)
    secrets = run_every_flow(world)
    assert caplog.records, "the run logs something"
    logged = "\n".join(f"{r.getMessage()} {r.args} {r.exc_text}" for r in caplog.records)
    assert [secret for secret in parts(secrets) if secret in logged] == []


def test_oauthlib_stays_at_info(caplog, monkeypatch):
    monkeypatch.setattr(logs, "_looked", [])  # as at the first call of a process
    caplog.set_level(logging.DEBUG)
    child = "oauthlib.oauth2.rfc6749.grant_types.refresh_token"
    caplog.set_level(logging.DEBUG, logger=child)
    keep_oauthlib_quiet()
    assert logging.getLogger("oauthlib").getEffectiveLevel() == logging.INFO
    assert logging.getLogger(child).getEffectiveLevel() == logging.INFO


def test_a_quieter_oauthlib_stays_quiet(caplog):
    caplog.set_level(logging.ERROR, logger="oauthlib")
    keep_oauthlib_quiet()
    assert logging.getLogger("oauthlib").getEffectiveLevel() == logging.ERROR


def test_nothing_secret_is_stored(world):
    secrets = run_every_flow(world)
    dump = world.dump()
    assert credentials.digest(world.secrets["app"]) in dump
    assert [secret for secret in parts(secrets) if secret in dump] == []


def test_no_error_repeats_a_secret_or_an_unexpected_value(world):
    answers = [
        world.post("token", {"grant_type": "secret-value"}, client_id="app"),
        world.redeem("secret-value"),
        world.refresh("secret-value"),
        world.post("token", {"client_id": "secret-value", "grant_type": "refresh_token"}),
        world.authorize("nobody", state="secret-value"),
        world.authorize(redirect_uri="https://nobody.example", code_challenge="secret-value"),
    ]
    assert ["secret-value" in repr(answer) for answer in answers] == [False] * len(answers)


def test_the_client_gets_one_answer_whatever_is_wrong_with_a_code(world):
    """The reason, and the values compared, are the operator's (docs/events.md)."""
    world.client("other")
    late, used = world.code(), world.code()
    assert world.redeem(used).status == 200
    replayed = world.redeem(used)
    world.now += world.settings.code_lifetime
    answers = [
        replayed,
        world.redeem("opc_unknown.code"),
        world.redeem(late),
        world.redeem(world.code(), "other"),
        world.redeem(world.code(), code_verifier="w" * 50),
        world.redeem(world.code(), redirect_uri="https://app.example:8443/callback"),
    ]
    assert {answer.status for answer in answers} == {400}
    [body] = {json.dumps(answer.body) for answer in answers}
    assert json.loads(body)["error"] == "invalid_grant"


def test_the_client_gets_one_answer_whatever_is_wrong_with_a_refresh_token(world):
    world.client("other")
    revoked, used, late = (world.tokens()["refresh_token"] for _ in range(3))
    world.storage.commit(Revoke(revoked.partition("_")[2].partition(".")[0]), now=world.now)
    assert world.refresh(used).status == 200
    world.now += world.settings.refresh_token_grace + 1
    answers = [
        world.refresh("opr_unknown.token"),
        world.refresh(revoked),
        world.refresh(used),
        world.refresh(world.tokens()["refresh_token"], "other"),
    ]
    world.now += world.settings.refresh_token_lifetime
    answers.append(world.refresh(late))
    assert {answer.status for answer in answers} == {400}
    [body] = {json.dumps(answer.body) for answer in answers}
    assert json.loads(body)["error"] == "invalid_grant"

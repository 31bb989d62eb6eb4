"""Log lines of requests: client, grant, the refusal and its reason."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import pytest

from oauthprov import logs
from oauthprov.events import Reason
from oauthprov.protocol.request.answers import Call, Visitor
from oauthprov.records import AccessToken, Client, Consent, consent_key
from oauthprov.storage.interface import Claim, Revoke
from tests.oauth import challenge
from tests.protocol.world import VERIFIER, World, basic, openid_world

VERIFIER_OF_ANOTHER = "w" * 50


def slot_of(token):
    return token.partition("_")[2].partition(".")[0]


def refused(reason, **fields):
    """A line about the token endpoint's invalid_grant."""
    line = {"level": "INFO", "endpoint": "token", "error": "invalid_grant", "client_id": "app"}
    return line | {"reason": reason} | fields


def without_comparison(line):
    return {name: value for name, value in line.items() if name != "compared"}


def test_an_unknown_code_is_logged_as_code_unknown_with_its_grant_id(world, lines):
    world.redeem("opc_abc.x")
    [line] = lines()
    assert line == refused("code_unknown", grant_id="abc")


def test_a_malformed_code_is_logged_as_code_unknown_without_a_grant_id(world, lines):
    world.redeem("nonsense")
    [line] = lines()
    assert line["reason"] == "code_unknown"
    assert "grant_id" not in line


def test_an_expired_code_is_logged(world, lines):
    code = world.code()
    world.now += 61
    world.redeem(code)
    [line] = lines()
    expired_at = world.now - 1
    compared = f"expired at {logs.moment(expired_at)}, now {logs.moment(world.now)}"
    assert line == refused("code_expired", grant_id=slot_of(code), compared=compared)


def test_a_code_of_another_client_is_logged(world, lines):
    world.client("other")
    code = world.code()
    world.redeem(code, "other")
    [line] = lines()
    assert line == refused(
        "code_of_another_client",
        client_id="other",
        grant_id=slot_of(code),
        compared="issued to 'app'",
    )


def test_a_wrong_verifier_is_logged(world, lines):
    code = world.code()
    world.redeem(code, code_verifier=VERIFIER_OF_ANOTHER)
    [line] = lines()
    compared = (
        f"S256 of what was sent is {challenge(VERIFIER_OF_ANOTHER)!r}, "
        f"code_challenge was {challenge(VERIFIER)!r}"
    )
    assert line == refused("verifier_wrong", grant_id=slot_of(code), compared=compared)
    assert VERIFIER_OF_ANOTHER not in compared


def test_a_challenge_that_was_the_verifier_itself_is_logged(world, lines):
    code = world.code(code_challenge="v" * 43)
    world.redeem(code, code_verifier="v" * 43)
    [line] = lines()
    assert line["compared"] == "the code_challenge was the code_verifier itself, without S256"


def test_a_verifier_for_a_code_without_a_challenge_is_logged(lines):
    world = openid_world(pkce="public-only")
    code = world.code(scope="openid", code_challenge=None, code_challenge_method=None)
    world.redeem(code)
    [line] = lines()
    assert line == refused("verifier_unexpected", grant_id=slot_of(code))


def test_a_redirect_uri_other_than_the_code_s_is_logged(world, lines):
    code = world.code()
    world.redeem(code, redirect_uri="https://app.example/else")
    [line] = lines()
    assert without_comparison(line) == refused("redirect_uri_mismatch", grant_id=slot_of(code))
    assert line["compared"] == (
        "sent 'https://app.example/else': authorization request had"
        " 'https://app.example/callback', which differs in the path"
    )


def test_a_redirect_uri_is_logged_with_the_registered_one_that_it_resembles_most(world, lines):
    registered = ("https://app.example/else", "https://app.example/callback")
    world.change(Client, "app", redirect_uris=registered)
    world.authorize(redirect_uri="https://app.example:8443/callback")
    [line] = lines()
    assert line["reason"] == "redirect_uri_unregistered"
    assert line["compared"] == (
        "sent 'https://app.example:8443/callback': registered 'https://app.example/callback',"
        " which differs in the port; and 1 other"
    )


def test_a_replayed_code_is_a_warning(world, lines):
    code = world.code()
    world.redeem(code)
    assert lines() == []
    world.now += 5
    world.redeem(code)
    [line] = lines()
    assert line == refused(
        "code_replayed",
        level="WARNING",
        grant_id=slot_of(code),
        compared="redeemed at 1970-01-12 13:46:40Z, again at 1970-01-12 13:46:45Z",
    )


@pytest.mark.parametrize("token", ["opr_abc.x", "opa_abc.x", "nonsense"])
def test_an_unknown_refresh_token_is_logged(world, lines, token):
    world.refresh(token)
    [line] = lines()
    assert line["reason"] == "refresh_token_unknown"


def test_an_expired_refresh_token_is_logged(world, lines):
    token = world.tokens()["refresh_token"]
    world.now += world.settings.refresh_token_lifetime
    world.refresh(token)
    [line] = lines()
    assert without_comparison(line) == refused("refresh_token_expired", grant_id=slot_of(token))


def test_a_refresh_token_with_a_revoked_grant_is_logged(world, lines):
    token = world.tokens()["refresh_token"]
    world.storage.commit(Revoke(slot_of(token)), now=world.now)
    world.refresh(token)
    [line] = lines()
    assert line == refused("refresh_token_revoked", grant_id=slot_of(token))


def test_a_refresh_token_of_another_client_is_logged(world, lines):
    world.client("other")
    token = world.tokens()["refresh_token"]
    world.refresh(token, "other")
    [line] = lines()
    assert line == refused(
        "refresh_token_of_another_client",
        client_id="other",
        grant_id=slot_of(token),
        compared="issued to 'app'",
    )


def test_a_code_or_refresh_token_ended_by_the_account_s_mark_is_logged(world, lines):
    """Before the sweep the mark alone refuses the code and the refresh token."""
    token, code = world.tokens()["refresh_token"], world.code()
    key = consent_key("alice-id", "app")
    epoch = world.storage.get(Consent, key).record.epoch
    world.change(Consent, key, epoch=epoch + 1)
    world.redeem(code)
    world.refresh(token)
    compared = "what ended: the consent"
    assert lines() == [
        refused("ended", grant_id=slot_of(code), compared=compared),
        refused("ended", grant_id=slot_of(token), compared=compared),
    ]


def test_a_receipt_that_is_used_is_a_warning(world, lines):
    token = world.tokens()["refresh_token"]
    first = world.refresh(token)
    assert lines() == []
    assert world.refresh(token).body == first.body
    [line] = lines()
    assert line == {
        "level": "WARNING",
        "endpoint": "token",
        "reason": "receipt_used",
        "client_id": "app",
        "grant_id": slot_of(token),
    }


def test_a_receipt_isn_t_used_where_the_request_fails_for_another_reason(world, lines):
    token = world.tokens()["refresh_token"]
    world.refresh(token)
    assert world.refresh(token, scope="notes").body["error"] == "invalid_scope"
    [line] = lines()
    assert (line["level"], line["reason"]) == ("INFO", "scope_not_allowed")


@pytest.mark.parametrize("why", ["no receipt", "the successor was used", "another client"])
def test_a_replayed_refresh_token_is_a_warning_with_its_reason(world, lines, why):
    world.client("other")
    token = world.tokens()["refresh_token"]
    successor = world.refresh(token).body["refresh_token"]
    presents = "app"
    if why == "no receipt":
        world.now += world.settings.refresh_token_grace
    elif why == "the successor was used":
        world.refresh(successor)
    else:
        presents = "other"
    world.refresh(token, presents)
    [line] = lines()
    assert without_comparison(line) == refused(
        "refresh_token_replayed", level="WARNING", client_id=presents, grant_id=slot_of(token)
    )
    assert (
        line["compared"]
        == {
            "no receipt": "the receipt is gone",
            "the successor was used": "its successor has been used",
            "another client": "issued to 'app'",
        }[why]
    )


def test_a_wrong_secret_client_and_method_are_logged_with_their_reasons(world, lines):
    form = {"grant_type": "client_credentials"}
    world.post("token", form, basic("app", "wrong"))
    world.post("token", form, basic("nobody\n", "wrong"))
    world.post("token", form | {"client_id": "app", "client_secret": world.secrets["app"]})
    world.post("token", form)
    told = [(line["error"], line["reason"], line.get("client_id")) for line in lines()]
    assert told == [
        ("invalid_client", "client_secret_wrong", "app"),
        ("invalid_client", "client_unknown", "nobody\n"),
        ("invalid_client", "client_method_mismatch", "app"),
        ("invalid_client", "client_unidentified", None),
    ]


def test_a_disabled_client_is_logged_as_such_wherever_it_comes(world, lines):
    token = world.tokens()["access_token"]
    world.client("other")
    world.change(Client, "app", disabled_at=world.now - 60)
    world.provider = world.another_process()  # whose cache doesn't have the client
    world.authorize()
    world.post("token", {"grant_type": "client_credentials"}, basic("app", "wrong"))
    assert not world.is_live(token)
    told = [(line["endpoint"], line["reason"], line["compared"]) for line in lines()]
    disabled = f"disabled at {logs.moment(world.now - 60)}"
    assert told == [
        ("authorize", "client_unknown", f"sent 'app': {disabled}"),
        ("token", "client_unknown", disabled),
        ("resource", "client_unknown", disabled),
    ]


def test_a_client_at_a_disabled_host_is_logged_as_such_wherever_it_comes(lines):
    app, world = "https://shop.app.example/client.json", World(client_documents="*")
    world.client(app, "browser", fetched_at=world.now, fresh_until=world.now + 60)
    token = world.tokens(app)["access_token"]
    world.provider.client_hosts.disable("app.example")
    lines()
    world.authorize(app)
    world.post("token", {"grant_type": "refresh_token", "refresh_token": "x", "client_id": app})
    assert not world.is_live(token)
    told = [(line["endpoint"], line["reason"], line["compared"]) for line in lines()]
    why = f"its host app.example is disabled since {logs.moment(world.now)}"
    assert told == [
        ("authorize", "client_unknown", f"sent '{app}': {why}"),
        ("token", "client_unknown", why),
        ("resource", "client_unknown", why),
    ]


def test_a_new_client_at_a_disabled_host_is_logged_as_such(lines):
    app, world = "https://shop.app.example/client.json", World(client_documents="*")
    world.provider.client_hosts.disable("app.example")
    world.authorize(app)
    told = [(line["reason"], line["compared"]) for line in lines() if "reason" in line]
    why = f"its host app.example is disabled since {logs.moment(world.now)}"
    assert told == [("client_document_refused", why)]


def test_a_long_client_id_is_shortened_in_the_log(world, lines):
    world.post("token", {"grant_type": "client_credentials"}, basic("x" * 5000, "wrong"))
    [line] = lines()
    assert len(line["client_id"]) <= 100


def test_an_unregistered_scope_or_grant_type_is_logged(world, lines):
    world.post("token", {"grant_type": "client_credentials"}, client_id="app")
    world.client("machine", "machine")
    form = {"grant_type": "client_credentials", "scope": "nothing"}
    world.post("token", form, client_id="machine")
    first, second = lines()
    assert (first["error"], first["reason"]) == ("unauthorized_client", "grant_type_not_allowed")
    assert (second["error"], second["reason"]) == ("invalid_scope", "scope_not_allowed")
    assert "'nothing'" in second["compared"]


def test_a_grant_type_that_the_server_lacks_is_logged_without_what_came_with_it(world, lines):
    world.post("token", {"grant_type": "password", "username": "alice", "password": "secret"})
    [line] = lines()
    assert (line["reason"], line["compared"]) == ("grant_type_unsupported", "sent 'password'")
    assert "secret" not in str(line)


def test_an_authorization_error_is_logged_with_its_client_and_sentence(world, lines, caplog):
    world.authorize(response_mode="nonsense")
    [record] = [r for r in caplog.records if r.name == "oauthprov.events"]
    assert "The response_mode must be one of" in record.getMessage()
    [line] = lines()
    assert line == {
        "level": "INFO",
        "endpoint": "authorize",
        "error": "invalid_request",
        "client_id": "app",
    }


@pytest.mark.parametrize(
    ("changes", "reason", "client_id"),
    [
        ({"client_id": "nobody"}, "client_unknown", "nobody"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_unregistered", "app"),
        ({"scope": "nothing"}, "scope_not_allowed", "app"),
        ({"resource": "https://evil.example/"}, "resource_not_allowed", "app"),
        ({"response_type": "token"}, "response_type_unsupported", "app"),
    ],
)
def test_the_reason_of_a_refused_authorization_is_logged(world, lines, changes, reason, client_id):
    world.authorize(**changes)
    [line] = lines()
    assert (line["endpoint"], line.get("reason")) == ("authorize", reason)
    assert line["client_id"] == client_id


def test_a_resource_is_logged_with_the_declared_one_that_it_resembles_most(world, lines):
    declared = max(world.settings.resource_uris)
    world.authorize(resource=f"{declared}/else")
    [line] = lines()
    assert line["compared"].startswith(
        f"sent '{declared}/else': This server has no resource {declared}/else."
        f" declared '{declared}', which differs in the path"
    )


def test_a_good_request_has_no_line(world, lines):
    token = world.refresh(world.tokens()["refresh_token"]).body["access_token"]
    world.introspect(token)
    assert world.is_live(token)
    world.post("revoke", {"token": token}, client_id="app")
    assert lines() == []


def test_the_log_gives_the_reason_of_an_inactive_token(world, lines):
    world.client("other")
    token = world.tokens()["access_token"]
    world.introspect("opa_abc.x")
    world.introspect(token, "other")
    world.now += 600
    world.introspect(token)
    told = [(x["endpoint"], x["reason"], x["client_id"], x.get("grant_id")) for x in lines()]
    assert told == [
        ("introspect", "token_unknown", "app", "abc"),
        ("introspect", "introspection_not_allowed", "other", slot_of(token)),
        ("introspect", "token_expired", "app", slot_of(token)),
    ]


def test_the_log_gives_the_reason_why_a_resource_refuses_a_token(world, lines):
    body = world.tokens()
    world.provider.token_info("nonsense")
    world.provider.token_info(body["refresh_token"])
    key = next(s.record.key for s in world.all(AccessToken))
    world.storage.commit(Claim(AccessToken, key), now=world.now)
    world.provider.token_info(body["access_token"])
    told = [(x["endpoint"], x["error"], x["reason"], x.get("client_id")) for x in lines()]
    assert told == [
        ("resource", "invalid_token", "token_unknown", None),
        ("resource", "invalid_token", "token_unknown", "app"),
        ("resource", "invalid_token", "token_revoked", "app"),
    ]


def test_revoking_another_client_s_token_is_logged(world, lines):
    world.client("other")
    token = world.tokens()["access_token"]
    world.post("revoke", {"token": token}, client_id="other")
    [line] = lines()
    assert (line["endpoint"], line["error"]) == ("revoke", "invalid_grant")
    assert (line["reason"], line["compared"]) == ("token_of_another_client", "issued to 'app'")


def test_a_refused_logout_is_logged(lines):
    world = openid_world()
    query = urlencode({"client_id": "nobody"}).encode()
    world.provider.logout.begin(Call("GET", query), Visitor("browser", None))
    [line] = lines()
    assert (line["endpoint"], line["error"]) == ("logout", "invalid_request")


def test_a_refused_registration_is_logged(lines):
    world = openid_world(registration="token")
    world.provider.registration.register(Call("POST"), str, lambda: None)
    [line] = lines()
    assert (line["endpoint"], line["error"]) == ("register", "invalid_token")


def test_no_line_holds_a_token_or_a_code(world, caplog):
    caplog.set_level(logging.DEBUG, "oauthprov")
    caplog.set_level(logging.INFO, "oauthlib")
    code = world.code()
    body = world.redeem(code).body
    world.redeem(code)
    world.refresh(body["refresh_token"])
    world.provider.token_info(body["access_token"])
    world.introspect(body["access_token"])
    world.redeem(world.code(), code_verifier=VERIFIER_OF_ANOTHER)
    logged = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records)
    secrets = (code, body["refresh_token"], body["access_token"], world.secrets["app"])
    for secret in (*(s.partition(".")[2] or s for s in secrets), VERIFIER, VERIFIER_OF_ANOTHER):
        assert secret not in logged


def test_every_reason_has_its_own_meaning():
    assert all(reason.meaning.endswith(".") for reason in Reason), "end each meaning with a dot"
    assert len({reason.meaning for reason in Reason}) == len(Reason), (
        "give each Reason a meaning of its own"
    )


def test_a_lost_race_logs_the_state_of_the_token(world, lines):
    """Between the read and the commit the grant is revoked."""
    token = world.tokens()["refresh_token"]
    revoke = Revoke(slot_of(token))
    world.storage.meanwhile.append(lambda: world.storage.inner.commit(revoke, now=world.now))
    assert world.refresh(token).body["error"] == "invalid_grant"
    [line] = lines()
    assert line["reason"] == "refresh_token_revoked"


def test_the_validator_alone_logs_too(lines):
    world = World()
    with world.provider.validator.request() as context:
        context.note(Reason.CODE_UNKNOWN, client_id="app")
    [line] = lines()
    assert line == {"level": "INFO", "reason": "code_unknown", "client_id": "app"}


@pytest.mark.parametrize(
    ("sent", "logged"),
    [
        ("https://alice:hunter2@app.example/x", "https://***@app.example/x"),
        ("https://hunter2@app.example/x", "https://***@app.example/x"),
        (f"opa_abc.{'x' * 43}", "***"),
        (f"ops_{'x' * 43}", "***"),
        (f"client {'y' * 80} opr_abc.{'x' * 43}", f"client {'y' * 80} ***"),
        (
            "https://app.example/x?to=alice@mail.example",
            "https://app.example/x?to=alice@mail.example",
        ),
        ("app_ops_x", "app_ops_x"),
    ],
)
def test_a_secret_that_a_client_sends_in_place_of_its_id_is_not_logged(world, lines, sent, logged):
    world.redeem("nonsense", client_id=sent)
    [line] = lines()
    assert line["client_id"] == logged

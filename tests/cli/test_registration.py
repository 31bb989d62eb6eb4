"""``oauthprov registration``, and the removal of unused clients by ``storage purge``."""

import pytest

from oauthprov.protocol.registration import initial_access
from oauthprov.records import Client, InitialAccessToken
from oauthprov.storage.interface import Add
from tests import site as sites
from tests.cli.conftest import write_ini


@pytest.fixture
def tokens(command, tmp_path):
    """``oauthprov registration token VERB INI ...``."""
    settings = sites.ini(command.url, registration="token")
    command.ini = write_ini(tmp_path / "server.ini", settings)

    def run(verb, *arguments):
        return command.bare("registration", "token", verb, str(command.ini), *arguments)

    return run


def test_add_shows_the_token_once(command, tokens):
    made = tokens("add", "--uses", "3", "--lifetime", "60", "--note", "for bob", "--json").json
    token = made.pop("initial_access_token")
    assert list(made) == ["token_id", "created_at", "expires_at", "uses_left", "note", "state"]
    assert (made["uses_left"], made["note"], made["state"]) == (3, "for bob", "good")
    assert made["expires_at"] - made["created_at"] == 60
    storage = command.storage()
    assert initial_access.present(storage, token, made["created_at"]) is not None
    storage.close()
    listed = tokens("list", "--json")
    assert listed.json == {"initial_access_tokens": [made]}
    assert token not in listed.out + tokens("list").out


def test_add_and_list_print_readable_text_without_json(tokens):
    done = tokens("add", "--unlimited")
    assert "initial_access_token  opi_" in done.out
    assert "can't be shown again" in done.err
    listed = tokens("list").out.splitlines()
    assert listed[0].split() == [
        "TOKEN",
        "ID",
        "STATE",
        "USES",
        "LEFT",
        "CREATED",
        "EXPIRES",
        "NOTE",
    ]
    assert "good" in listed[1]
    assert "any" in listed[1]


def test_by_default_a_token_registers_one_client_within_a_week(tokens):
    made = tokens("add", "--json").json
    assert (made["uses_left"], made["expires_at"] - made["created_at"]) == (1, 604_800)


def test_a_used_up_token_is_listed_as_used_up(command, tokens):
    storage = command.storage()
    token = InitialAccessToken("spent", "digest", 1, 2**40, uses_left=0)
    storage.commit(Add(token), now=1)
    storage.close()
    assert tokens("list", "--json").json["initial_access_tokens"][0]["state"] == "used up"


def test_a_revoked_token_leaves_the_list(tokens):
    token_id = tokens("add", "--json").json["token_id"]
    assert tokens("revoke", token_id, "--json").json == {"revoked": token_id}
    assert tokens("list", "--json").json == {"initial_access_tokens": []}
    again = tokens("revoke", token_id)
    assert (again.code, again.err) == (1, f"There is no initial access token {token_id}.\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--uses", "0"), 2),
        (("--uses", "x"), 2),
        (("--lifetime", "-1"), 2),
        (("--uses", "2", "--unlimited"), 2),
        (("--note", "a\nb"), 1),
        (("--note", "x" * 201), 1),
    ],
)
def test_an_invalid_registration_command_is_refused(tokens, arguments, code):
    done = tokens("add", *arguments)
    assert (done.code, done.out) == (code, "")
    assert tokens("list", "--json").json == {"initial_access_tokens": []}


@pytest.mark.parametrize("mode", ["closed", "open"])
def test_a_token_that_few_clients_need_is_made_with_a_warning(command, tmp_path, mode):
    ini = write_ini(tmp_path / "server.ini", sites.ini(command.url, registration=mode))
    done = command.bare("registration", "token", "add", str(ini))
    assert done.code == 0
    assert f"oauthprov.registration is {mode}" in done.err


def test_purge_removes_unused_clients_that_registered_themselves(command):
    storage = command.storage()
    for client_id, digest in (("self", "digest"), ("console", None)):
        client = Client(client_id, "Printer", "web", 1, registration_token=digest)
        storage.commit(Add(client), now=1)
    done = command("storage", "purge", "--json")
    assert done.json == {
        "expired": 0,
        "unused_clients": 1,
        "orphaned_consents": 0,
        "deleted_accounts": 0,
    }
    assert [kept.record.client_id for kept in storage.walk(Client)] == ["console"]
    storage.close()


def test_a_self_registered_client_is_marked_as_such(command):
    storage = command.storage()
    storage.commit(Add(Client("self", "App", "web", 1, registration_token="digest")), now=1)
    storage.close()
    shown = command("client", "show", "self", "--json")
    assert shown.json["self_registered"] is True
    assert "digest" not in shown.out

"""``oauthprov keys``."""

import json

import pytest

from oauthprov.cli.keys import ALGORITHMS
from oauthprov.cli.output import moment
from tests.cli.test_user import with_an_app


@pytest.fixture
def first(command):
    """The first key, which a rotation makes where there is none."""
    [key] = command("keys", "rotate", "--json").json["keys"]
    return key


def listed(command):
    return {key["kid"]: key["state"] for key in command("keys", "list", "--json").json["keys"]}


def test_the_first_rotation_makes_a_key_that_signs_at_once(command, first):
    assert (first["alg"], first["state"], first["retires_at"]) == ("RS256", "signing", None)
    assert listed(command) == {first["kid"]: "signing"}


def test_a_rotation_publishes_the_next_key(command, first):
    done = command("keys", "rotate", "--alg", "RS256", "--json")
    [second] = done.json["keys"]
    assert second["state"] == "waiting"
    assert second["signs_from"] >= first["signs_from"] + 86400
    assert listed(command) == {first["kid"]: "signing", second["kid"]: "waiting"}
    assert done.err == ""


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["table", "json"])
def test_a_rotation_while_a_key_waits_says_when_that_key_takes_over(command, first, arguments):
    [second] = command("keys", "rotate", "--json").json["keys"]
    again = command("keys", "rotate", *arguments)
    assert again.code == 0
    assert again.err == (
        f"RS256: nothing to do. The next key, {second['kid']}, is published already"
        f" and signs from {moment(second['signs_from'])} on.\n"
    )
    assert second["kid"] in again.out
    assert listed(command) == {first["kid"]: "signing", second["kid"]: "waiting"}


def test_a_retired_key_stays_published_and_another_signs(command, first):
    done = command("keys", "retire", first["kid"])
    assert done.code == 0
    assert "within seconds" in done.err
    states = listed(command)
    assert states.pop(first["kid"]) == "retired"
    assert list(states.values()) == ["signing"]


def test_a_compromised_key_is_gone(command, first):
    assert command("keys", "retire", first["kid"], "--compromised").code == 0
    states = listed(command)
    assert list(states.values()) == ["signing"]
    assert first["kid"] not in states


def test_list_prints_a_readable_table(command, first):
    done = command("keys", "list")
    head, row = done.out.splitlines()
    assert head.split()[:3] == ["KID", "ALG", "STATE"]
    assert row.split()[:3] == [first["kid"], "RS256", "signing"]
    assert row.split()[-2:] == ["-", "-"]


def test_nothing_private_is_printed(command, first):
    for done in (command("keys", "list", "--json"), command("keys", "list")):
        assert "sealed" not in done.out
    assert first["public"].keys() == {"kty", "n", "e", "kid", "alg", "use"}


def test_a_key_that_no_secret_decrypts_is_listed_as_sealed(command, first):
    text = command.ini.read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("oauthprov.secret")]
    lines.insert(2, "oauthprov.secret = zyxwvutsrqponmlkjihgfedcba9876543210")
    command.ini.write_text("\n".join(lines) + "\n", "utf-8")
    assert listed(command) == {first["kid"]: "sealed"}
    [second] = command("keys", "rotate", "--json").json["keys"]
    assert second["state"] == "signing"


@pytest.mark.parametrize("alg", sorted(set(ALGORITHMS) - {"RS256"}))
def test_rotating_an_unused_algorithm_is_refused(command, alg):
    done = command("keys", "rotate", "--alg", alg)
    assert (done.code, done.out) == (1, "")
    assert "oauthprov.keys.algorithms" in done.err


def test_retiring_an_unknown_key_is_refused(command):
    done = command("keys", "retire", "unknown")
    assert (done.code, done.err) == (1, "There is no signing key unknown.\n")


def test_keys_rotate_on_redis_too(on_redis):
    [first] = on_redis("keys", "rotate", "--json").json["keys"]
    assert json.loads(on_redis("keys", "list", "--json").out)["keys"][0]["kid"] == first["kid"]


def test_reseal_lets_an_earlier_secret_go(command):
    with_an_app(command, "alice")
    text = command.ini.read_text("utf-8")
    [line] = [one for one in text.splitlines() if one.startswith("oauthprov.secret = ")]
    old = line.partition(" = ")[2]
    new = "another secret of thirty-two and more characters".replace(" ", "-")
    command.ini.write_text(text.replace(line, f"oauthprov.secret = {new} {old}"), "utf-8")
    done = command("keys", "reseal")
    assert (done.code, done.err) == (0, "Authenticator apps sealed with the first secret: 1.\n")
    command.ini.write_text(text.replace(line, f"oauthprov.secret = {new}"), "utf-8")
    assert command("keys", "reseal", "--json").json == {"sealed": 1, "unopened": 0}
    command.ini.write_text(text, "utf-8")
    done = command("keys", "reseal")
    assert done.code == 1
    assert "No secret of oauthprov.secret opens 1 authenticator apps." in done.err

"""``oauthprov client`` and clients that a document describes."""

import pytest

from oauthprov.records import Client
from oauthprov.storage.interface import Add

URL = "https://app.example/client.json"
BELOW = "https://sub.app.example/client.json"


@pytest.fixture
def described(command):
    storage = command.storage()
    for url in (URL, BELOW):
        made = Client(url, "Notebook", "browser", 1, scopes=("profile:read",), fetched_at=1)
        storage.commit(Add(made), now=1)
    storage.close()


def disabled(command):
    clients = command("client", "list", "--json").json["clients"]
    return {one["client_id"] for one in clients if one["disabled_at"] is not None}


def test_a_client_is_found_by_its_url(command, described):
    assert command("client", "show", URL, "--json").json["fetched_at"] == 1
    assert URL in command("client", "show", URL).out
    assert command("client", "edit", URL, "--disable").code == 0
    assert disabled(command) == {URL}
    assert command("client", "edit", URL, "--enable", "--verified").code == 0
    assert command("client", "remove", URL).code == 0
    assert command("client", "show", URL).code == 1


@pytest.mark.parametrize("option", ["--first-party", "--name=Diary", "--scope=profile:read"])
def test_what_its_document_says_isnt_chosen_here(command, described, option):
    done = command("client", "edit", URL, option)
    assert done.code == 1
    assert "described by the document at its URL" in done.err


def test_a_url_has_no_secret(command, described):
    assert command("client", "rotate-secret", URL).code == 1


def test_a_host_is_disabled_with_all_clients_at_it_and_below(command, described):
    done = command("client", "disable-host", "app.example", "--json")
    assert done.json == {"host": "app.example", "clients": 2}
    assert disabled(command) == {URL, BELOW}
    [listed] = command("client", "hosts", "--json").json["disabled_hosts"]
    assert listed["host"] == "app.example"
    assert "app.example" in command("client", "hosts").out
    assert "with 2 clients" in command("client", "enable-host", "app.example").err
    assert disabled(command) == set()
    assert command("client", "enable-host", "app.example").code == 1


@pytest.mark.parametrize("host", ["https://app.example", "App.example", ""])
def test_what_is_no_host_is_refused(command, host):
    done = command("client", "disable-host", host)
    assert done.code == 1
    assert "no host name" in done.err

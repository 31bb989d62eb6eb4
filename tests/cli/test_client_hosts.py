"""``oauthprov client`` and clients that a document describes."""

import pytest

from oauthprov.records import Client, DisabledHost
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
    found = {one["client_id"] for one in clients if one["disabled_at"] or one["disabled_host"]}
    rows = [line.split() for line in command("client", "list").out.splitlines()[1:]]
    assert found == {row[0] for row in rows if row[2] == "disabled"}
    return found


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
    assert disabled(command) == {URL, BELOW}
    assert command("client", "hosts", "--json").json == {"disabled_hosts": [done.json]}
    assert done.json["host"] == "app.example"
    assert "app.example" in command("client", "hosts").out
    assert command("client", "disable-host", "app.example", "--json").json == done.json
    enabled = command("client", "enable-host", "app.example", "--json").json
    assert enabled == {"host": "app.example", "disabled_at": None}
    assert disabled(command) == set()
    assert command("client", "enable-host", "app.example").code == 1
    assert command("client", "hosts", "--json").json == {"disabled_hosts": []}


def test_a_client_names_the_host_that_disables_it(command, described):
    command("client", "disable-host", "app.example")
    for verb in ("show", "edit", "remove"):
        shown = command("client", verb, BELOW, "--json").json
        assert (shown["disabled_host"], shown["disabled_at"]) == ("app.example", None)
    assert "disabled_host" in command("client", "show", URL).out
    command("client", "enable-host", "app.example")
    assert command("client", "show", URL, "--json").json["disabled_host"] is None


def test_hosts_are_listed_by_name_however_many_there_are(command):
    storage = command.storage()
    for number in range(250):
        storage.commit(Add(DisabledHost(f"{number:03}.example", 1)), now=1)
    storage.close()
    found = [one["host"] for one in command("client", "hosts", "--json").json["disabled_hosts"]]
    assert found == [f"{number:03}.example" for number in range(250)]
    assert len(command("client", "hosts").out.splitlines()) == 251


@pytest.mark.parametrize("host", ["https://app.example", "App.example", ""])
def test_what_is_no_host_is_refused(command, host):
    done = command("client", "disable-host", host)
    assert done.code == 1
    assert "no host name" in done.err

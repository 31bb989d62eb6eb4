"""Verbs that list take the same memory however long the list is, and print as they read."""

import gc
import json
import os
import subprocess
import sys
import time
import tracemalloc
from contextlib import closing, redirect_stderr, redirect_stdout

import pytest

from oauthprov.cli import main
from oauthprov.events import Origin, SignInFailed
from oauthprov.events.entry import entry_of
from oauthprov.records import Account, InitialAccessToken
from oauthprov.storage.interface import Add, batches
from oauthprov.storage.testing import samples
from tests.garbage import as_usual

FEW, MANY = 150, 700
ROOM = 150_000
"""Bytes by which the peak may grow; the further records take several times as much."""

LISTS = {
    "clients": ("client", "list"),
    "clients of an owner": ("client", "list", "--owner-id", "alice"),
    "users": ("user", "list"),
    "grants": ("grant", "list"),
    "grants of an account": ("grant", "list", "--account-id", "alice"),
    "grants and tokens": ("token", "list"),
    "those of an account": ("token", "list", "--account-id", "alice"),
    "initial access tokens": ("registration", "token", "list"),
    "events": ("audit", "list", "--limit", "1000000"),
    "events of an account": ("audit", "list", "--account-id", "alice", "--limit", "1000000"),
}


@pytest.fixture(params=["command", "on_redis"])
def somewhere(request):
    """The command on SQLite, and on Redis."""
    return request.getfixturevalue(request.param)


def fill(command, first, last):
    """Add the records of each list from number ``first`` to ``last``."""
    now = int(time.time())
    with closing(command.storage()) as storage:
        for some in batches(range(first, last)):
            for made in (_client, _account, _grant, _token, _event):
                storage.commit(*[Add(made(f"{number:06}", now)) for number in some], now=now)


def _client(number, now):
    return samples.client(number, owner="alice", name=f"Client {number}")


def _account(number, now):
    return Account(f"a{number}", f"user{number}", created_at=now)


def _grant(number, now):
    return samples.grant(f"g{number}", "alice", expires_at=now + 3600)


def _token(number, now):
    return InitialAccessToken(number, samples.unique(), now, now + 3600)


def _event(number, now):
    origin = Origin(now, f"r{number}", "192.0.2.1")
    return entry_of(SignInFailed(account_id="alice", how="password", origin=origin), 1, 30)


def argv(command, given, *more):
    """The arguments of a list on the .ini of the command."""
    verb = given.index("list") + 1
    return [*given[:verb], str(command.ini), *given[verb:], *more]


def peak(arguments):
    """The most bytes that the command holds at a time."""
    gc.collect()
    with (
        as_usual(),
        open(os.devnull, "w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
    ):
        tracemalloc.start()
        try:
            assert main(arguments) == 0
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("somewhere", "more"), [("command", ["--json"]), ("on_redis", [])], indirect=["somewhere"]
)
def test_a_long_list_takes_no_more_memory_than_a_short_one(somewhere, more):
    fill(somewhere, 0, FEW)
    for given in LISTS.values():  # what is loaded once doesn't count
        somewhere.bare(*argv(somewhere, given, *more))
    few = {name: peak(argv(somewhere, given, *more)) for name, given in LISTS.items()}
    fill(somewhere, FEW, MANY)
    # Other threads of the tests add to a peak, but not to each of three.
    grown = [
        name
        for name, given in LISTS.items()
        if all(peak(argv(somewhere, given, *more)) > few[name] + ROOM for _ in range(3))
    ]
    assert grown == []


@pytest.mark.parametrize("given", LISTS.values(), ids=LISTS)
def test_a_list_is_whole_and_one_json_document(somewhere, given):
    fill(somewhere, 0, 250)
    done = somewhere.bare(*argv(somewhere, given, "--json"))
    document = json.loads(done.out)
    assert json.dumps(document, indent=2, ensure_ascii=False) + "\n" == done.out
    assert sorted(map(len, document.values()))[-1] == 250
    rows = somewhere.bare(*argv(somewhere, given)).out.splitlines()
    assert len(rows) == 251


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["table", "json"])
def test_a_reader_that_has_enough_ends_the_list_quietly(command, more):
    fill(command, 0, 2000)  # more than a pipe holds
    run = "import sys; from oauthprov.cli import main; sys.exit(main())"
    with subprocess.Popen(  # noqa: S603 - our own interpreter and command
        [sys.executable, "-c", run, *argv(command, LISTS["clients"], *more)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        head = running.stdout.readline()
        running.stdout.close()
        assert (running.wait(60), running.stderr.read()) == (0, "")
    assert head.split() in (["{"], ["CLIENT", "ID", "TYPE", "STATUS", "NAME"])


def test_later_rows_may_be_wider_than_their_column(command):
    fill(command, 0, 120)
    with closing(command.storage()) as storage:
        storage.commit(Add(samples.client("x" * 60, name="The last")), now=1)
    rows = command("client", "list").out.splitlines()
    assert rows[-1].split() == ["x" * 60, "live", "The", "last"]
    assert len({row.index("live") for row in rows[1:-1]}) == 1


def test_a_refusal_names_some_of_many_clients(command):
    fill(command, 0, 30)
    done = command("user", "remove", "alice", "--id")
    assert (done.code, done.out) == (1, "")
    assert "000009 and more." in done.err
    assert "000010" not in done.err

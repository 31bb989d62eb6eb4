"""Opening, upgrading, closing and forking a storage, and sharing it with a later version."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from oauthprov.records import Account, Client
from oauthprov.storage.interface import Add, Claim, Remove, Replace, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend, NewerCode
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.racing import race
from oauthprov.storage.testing.samples import NOW

PATIENCE = 60.0


def _use_after_fork(storage: Storage, key: str, answer: Connection) -> None:
    """Read and write in the child process, with the storage object of the parent."""
    found = [getattr(storage.get(Account, key), "record", None) for _ in range(20)]
    added = samples.account()
    storage.commit(Add(added), now=NOW)
    answer.send([*found, storage.get(Account, added.account_id) is not None])


class Lifetime(Backend):
    """The life of a storage object, and a database that others use at the same time."""

    def test_upgrade_and_ping_are_harmless(self, storage: Storage) -> None:
        client = samples.client()
        add(storage, client)
        for _ in range(2):
            storage.upgrade()
            storage.ping()
        assert read(storage, client).record == client

    def test_describe_tells_the_engine(self, storage: Storage) -> None:
        facts = storage.describe()
        assert facts["engine"]
        assert all(isinstance(fact, str) for pair in facts.items() for fact in pair)

    def test_it_may_be_used_again_after_close(self, storage: Storage) -> None:
        for number in range(3):
            storage.commit(Add(samples.account(f"id{number}")), now=NOW)
            storage.close()
            storage.close()
            storage.ping()
        conflict(storage, Add(samples.account("id2")), state="exists")

    def test_it_may_be_closed_beside_traffic(self, storage: Storage) -> None:
        add(storage, samples.client("app"))

        def reads() -> bool:
            return all(storage.get(Client, "app") is not None for _ in range(20))

        def close() -> bool:
            for _ in range(5):
                storage.close()
            return True

        assert all(race([*[reads] * 4, close]))
        assert read(storage, samples.client("app")).version

    def test_two_of_them_share_one_database(
        self, storage: Storage, reopen: Callable[[], Storage]
    ) -> None:
        other = reopen()
        try:
            client = samples.client(owner="alice")
            storage.commit(Add(client), now=NOW)
            seen = read(other, client)
            assert seen == read(storage, client)
            other.commit(Replace(replace(client, name="renamed"), expecting=seen), now=NOW)
            conflict(storage, Replace(client, expecting=seen), state="changed")
            storage.commit(Claim(Client, client.client_id), now=NOW)
            conflict(other, Claim(Client, client.client_id), state="claimed")
            assert len(other.find(Client, owner="alice").items) == 1
            other.commit(Remove(Client, client.client_id), now=NOW)
            assert gone(storage, client)
        finally:
            other.close()

    def test_a_forked_child_and_its_parent(self, storage: Storage) -> None:
        alice = samples.account()
        add(storage, alice)
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        child = context.Process(target=_use_after_fork, args=(storage, alice.account_id, theirs))
        with warnings.catch_warnings():
            # CPython warns of a fork beside threads, and the test runner has threads.
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
        found = [read(storage, alice).record for _ in range(20)]
        add(storage, *(samples.account() for _ in range(5)))
        assert ours.poll(PATIENCE)
        assert ours.recv() == [*[alice] * 20, True]
        child.join(PATIENCE)
        assert (child.exitcode, found) == (0, [alice] * 20)
        storage.commit(Claim(Account, alice.account_id), now=NOW)
        assert read(storage, alice).claimed_at == NOW

    def test_a_field_of_newer_code_survives_replace(
        self, storage: Storage, newer_code: NewerCode
    ) -> None:
        client = samples.client(owner="alice")
        add(storage, client)
        newer_code.plant(Client, client.client_id, "tier", "gold")
        seen = read(storage, client)
        assert seen.record == client
        for name in ("second", "third"):
            renamed = replace(client, name=name)
            storage.commit(Replace(renamed, expecting=read(storage, client)), now=NOW)
            assert read(storage, client).record == renamed
            assert newer_code.read(Client, client.client_id, "tier") == "gold"
        [found] = storage.find(Client, owner="alice").items
        assert found.record.name == "third"

    def test_old_code_adds_beside_newer_code(
        self, storage: Storage, newer_code: NewerCode
    ) -> None:
        first, second = samples.client(), samples.client()
        add(storage, first)
        newer_code.plant(Client, first.client_id, "tier", "gold")
        add(storage, second)
        storage.commit(Claim(Client, first.client_id), now=NOW)
        assert newer_code.read(Client, first.client_id, "tier") == "gold"
        assert read(storage, second).record == second
        storage.commit(Remove(Client, first.client_id), now=NOW)
        assert gone(storage, first)

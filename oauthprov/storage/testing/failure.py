"""An unreachable database: every method raises StorageError, and no message has a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from oauthprov.records import AccessToken, Account, Client, Grant
from oauthprov.storage.interface import (
    Add,
    Claim,
    Remove,
    Replace,
    Revoke,
    Storage,
    StorageError,
    Stored,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.samples import NOW

CLIENT = samples.client("app", owner="alice")
VERBS: Mapping[str, Callable[[Storage], object]] = {
    "get": lambda storage: storage.get(Account, "alice"),
    "get with grant": lambda storage: storage.get(AccessToken, "slot.digest"),
    "get_many": lambda storage: storage.get_many([(Account, "alice"), (Client, "app")]),
    "find": lambda storage: storage.find(Client),
    "find by index": lambda storage: storage.find(Grant, account_id="alice"),
    "add": lambda storage: storage.commit(Add(CLIENT), now=NOW),
    "claim": lambda storage: storage.commit(Claim(Account, "alice"), now=NOW),
    "replace": lambda storage: storage.commit(Replace(CLIENT, Stored(CLIENT, 1)), now=NOW),
    "remove": lambda storage: storage.commit(Remove(Account, "alice"), now=NOW),
    "revoke": lambda storage: storage.commit(Revoke("slot"), now=NOW),
    "several": lambda storage: storage.commit(Claim(Account, "a"), Add(CLIENT), now=NOW),
    "purge": lambda storage: storage.purge(now=NOW),
    "ping": lambda storage: storage.ping(),
    "health": lambda storage: storage.health(),
}


class Failure(Backend):
    """A backend whose database is unreachable."""

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_verb_raises_storage_error(self, broken: Storage, verb: str) -> None:
        for _ in range(2):  # the first failure may leave a broken connection behind
            with pytest.raises(StorageError) as caught:
                VERBS[verb](broken)
            assert type(caught.value) is StorageError
            assert str(caught.value)

    def test_describing_it_fails_no_other_way(self, broken: Storage) -> None:
        try:
            facts = broken.describe()
        except StorageError:
            return
        assert all(isinstance(fact, str) for pair in facts.items() for fact in pair)

    def test_wrong_arguments_stay_value_errors(self, broken: Storage) -> None:
        with pytest.raises(ValueError, match=r"\S"):
            broken.commit(Add(CLIENT), Add(CLIENT), now=NOW)
        with pytest.raises(ValueError, match="name"):
            broken.find(Client, name="App")

    def test_the_error_tells_nothing_of_the_record(self, broken: Storage) -> None:
        private = replace(samples.account("a-key-to-hide"), name="a-name-to-hide")
        with pytest.raises(StorageError) as caught:
            broken.commit(Add(private), now=NOW)
        told = "".join(traceback.format_exception(caught.value))
        assert "StorageError" in told
        assert "to-hide" not in told

    def test_closing_it_is_no_error(self, broken: Storage) -> None:
        broken.close()
        broken.close()

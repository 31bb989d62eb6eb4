"""Invalid commits and searches raise ValueError before anything reaches the database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.records import KEY_LIMIT, Account, Client, Grant
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Change,
    Remove,
    Replace,
    Storage,
    Stored,
)
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, gone, read
from oauthprov.storage.testing.samples import NOW

BAD_KEYS = ("", "\0", "a\n", "a\tb", "\x7f", "Zo\u00eb", "\ud800", "z" * (KEY_LIMIT + 1))


class Refusing(Backend):
    """Commits that are too long or contradictory, and invalid searches."""

    def test_a_commit_has_at_most_a_hundred_changes(self, storage: Storage) -> None:
        assert COMMIT_LIMIT == 100
        accounts = [samples.account() for _ in range(COMMIT_LIMIT + 1)]
        with pytest.raises(ValueError, match="100"):
            storage.commit(*map(Add, accounts), now=NOW)
        assert all(gone(storage, account) for account in accounts)
        storage.commit(*map(Add, accounts[:COMMIT_LIMIT]), now=NOW)
        removals = [Remove(Account, account.account_id) for account in accounts]
        with pytest.raises(ValueError, match="100"):
            storage.commit(*removals, now=NOW)
        assert not any(gone(storage, account) for account in accounts[:COMMIT_LIMIT])
        storage.commit(*removals[:COMMIT_LIMIT], now=NOW)
        assert all(gone(storage, account) for account in accounts)

    @pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
    def test_what_is_no_key_identifies_no_record(self, storage: Storage, key: str) -> None:
        bad = samples.fill(Account, key)
        self.refuse(storage, Add(bad))
        self.refuse(storage, Replace(bad, expecting=self.stored(storage)))

    @pytest.mark.parametrize("value", BAD_KEYS, ids=ascii)
    def test_what_is_no_key_is_no_indexed_value(self, storage: Storage, value: str) -> None:
        self.refuse(storage, Add(samples.client(owner=value)))
        add(storage, samples.client(owner=None))
        assert storage.find(Client, owner=value).items == ()

    def test_a_record_names_the_grant_of_its_slot(self, storage: Storage) -> None:
        add(storage, samples.grant("slot"), samples.grant("another"))
        token = samples.access("slot")
        self.refuse(storage, Add(replace(token, grant_id="another")))
        add(storage, token)
        moved = replace(token, grant_id="another")
        self.refuse(storage, Replace(moved, expecting=read(storage, token)))

    def test_a_replacement_keeps_kind_key_and_indexed_fields(self, storage: Storage) -> None:
        grant = samples.grant(account_id="alice")
        add(storage, grant, samples.account(grant.grant_id))
        seen = read(storage, grant)
        self.refuse(storage, Replace(replace(grant, grant_id="another"), expecting=seen))
        self.refuse(storage, Replace(samples.account(grant.grant_id), expecting=seen))
        self.refuse(storage, Replace(replace(grant, account_id="bob"), expecting=seen))
        assert read(storage, grant) == seen
        assert storage.find(Grant, account_id="bob").items == ()

    @pytest.mark.parametrize("limit", [0, -1])
    def test_a_page_holds_at_least_one_record(self, storage: Storage, limit: int) -> None:
        add(storage, samples.client(owner="alice"))
        for index in ({}, {"owner": "alice"}):
            with pytest.raises(ValueError, match="limit"):
                storage.find(Client, limit=limit, **index)

    def stored(self, storage: Storage) -> Stored[Account]:
        """Return a stored account."""
        account = samples.account()
        add(storage, account)
        return read(storage, account)

    def refuse(self, storage: Storage, change: Change) -> None:
        """Expect a ValueError for ``change``, and that other changes of its commit aren't made."""
        bystander = samples.machine_token()
        with pytest.raises(ValueError, match=r"\S"):
            storage.commit(Add(bystander), change, now=NOW)
        assert gone(storage, bystander)

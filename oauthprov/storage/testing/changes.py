"""Each of the five changes by itself, with all its conflicts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.records import Account, AuthorizationCode, Client, Grant
from oauthprov.storage.interface import Add, Change, Claim, Remove, Replace, Revoke, Storage
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.backend import Backend
from oauthprov.storage.testing.expecting import add, conflict, gone, read
from oauthprov.storage.testing.samples import LIFE, NOW


class Changes(Backend):
    """Add, Claim, Replace, Remove, Revoke."""

    def test_add_needs_a_free_key(self, storage: Storage) -> None:
        alice, bob = samples.account("one", "alice"), samples.account("one", "bob")
        add(storage, alice)
        found = conflict(storage, Add(bob), state="exists")
        assert found is not None
        assert found.record == alice
        assert read(storage, alice).record == alice

    def test_a_tombstone_keeps_its_key(self, storage: Storage) -> None:
        code = samples.code("slot")
        add(storage, code)
        storage.commit(Claim(AuthorizationCode, code.key), now=NOW + 1)
        found = conflict(storage, Add(code), state="exists", now=NOW + 2)
        assert found is not None
        assert found.claimed_at == NOW + 1

    def test_claim_once(self, storage: Storage) -> None:
        code = samples.code("slot")
        claim = Claim(AuthorizationCode, code.key)
        add(storage, code)
        storage.commit(claim, now=NOW + 1)
        stored = read(storage, code)
        assert (stored.claimed_at, stored.record, stored.state(NOW)) == (NOW + 1, code, "claimed")
        found = conflict(storage, claim, state="claimed", now=NOW + 2)
        assert found is not None
        assert (found.claimed_at, found.record) == (NOW + 1, code)
        assert read(storage, code).claimed_at == NOW + 1

    def test_claim_what_never_was(self, storage: Storage) -> None:
        claim = Claim(AuthorizationCode, "slot.never")
        assert conflict(storage, claim, state="unknown") is None
        assert storage.get(AuthorizationCode, "slot.never") is None

    def test_claim_what_has_expired(self, storage: Storage) -> None:
        code = samples.code("slot")
        add(storage, code)
        claim = Claim(AuthorizationCode, code.key)
        found = conflict(storage, claim, state="expired", now=NOW + LIFE)
        assert found is not None
        assert (found.record, found.claimed_at) == (code, None)
        assert read(storage, code).claimed_at is None

    def test_claim_a_kind_without_expiry(self, storage: Storage) -> None:
        account = samples.account()
        add(storage, account)
        storage.commit(Claim(Account, account.account_id), now=NOW)
        conflict(storage, Claim(Account, account.account_id), state="claimed", now=NOW * 2)

    def test_replace_what_is_unchanged(self, storage: Storage) -> None:
        client = samples.client(name="App", owner="alice")
        add(storage, client)
        versions = [read(storage, client).version]
        for name in ("App 2", "App 3", "App 3"):
            renamed = replace(client, name=name)
            storage.commit(Replace(renamed, expecting=read(storage, client)), now=NOW)
            assert read(storage, client).record == renamed
            versions.append(read(storage, client).version)
        assert versions == sorted(set(versions))

    def test_replace_loses_to_replace(self, storage: Storage) -> None:
        client = samples.client()
        add(storage, client)
        seen = read(storage, client)
        first, second = replace(client, name="first"), replace(client, name="second")
        storage.commit(Replace(first, expecting=seen), now=NOW)
        found = conflict(storage, Replace(second, expecting=seen), state="changed")
        assert found is not None
        assert found.record == first
        assert read(storage, client).record == first

    def test_replace_loses_to_claim(self, storage: Storage) -> None:
        code = samples.code("slot")
        add(storage, code)
        seen = read(storage, code)
        storage.commit(Claim(AuthorizationCode, code.key), now=NOW)
        found = conflict(
            storage, Replace(replace(code, amr=("pwd",)), expecting=seen), state="changed"
        )
        assert found is not None
        assert (found.record, found.claimed_at) == (code, NOW)
        assert read(storage, code).claimed_at == NOW

    def test_replace_loses_to_revoke(self, storage: Storage) -> None:
        grant = samples.grant()
        add(storage, grant)
        seen = read(storage, grant)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        used = Replace(replace(grant, last_used_at=NOW + 1), expecting=seen)
        found = conflict(storage, used, state="changed")
        assert found is not None
        assert (found.record, found.revoked_at) == (grant, NOW)
        assert read(storage, grant).revoked_at == NOW

    def test_replace_loses_to_remove(self, storage: Storage) -> None:
        client = samples.client()
        add(storage, client)
        seen = read(storage, client)
        storage.commit(Remove(Client, client.client_id), now=NOW)
        assert conflict(storage, Replace(client, expecting=seen), state="unknown") is None
        assert gone(storage, client)

    def test_replace_loses_to_what_was_added_anew(self, storage: Storage) -> None:
        client, code = samples.client(), samples.code("slot")
        free_from = NOW + LIFE + code.shape.keep
        add(storage, client, code)
        seen = read(storage, client), read(storage, code)
        storage.commit(Remove(Client, client.client_id), now=NOW)
        add(storage, client)
        storage.commit(Add(replace(code, expires_at=free_from + LIFE)), now=free_from)
        for old in seen:
            conflict(storage, Replace(old.record, expecting=old), state="changed", now=free_from)
        assert read(storage, code).record.expires_at == free_from + LIFE

    def test_replace_wakes_no_dead(self, storage: Storage) -> None:
        grant, code = samples.grant(), samples.code("slot")
        add(storage, grant, code)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        storage.commit(Claim(AuthorizationCode, code.key), now=NOW)
        used, named = replace(grant, last_used_at=NOW + 1), replace(code, amr=("pwd",))
        storage.commit(Replace(used, expecting=read(storage, grant)), now=NOW + 1)
        storage.commit(Replace(named, expecting=read(storage, code)), now=NOW + 1)
        assert (read(storage, grant).record, read(storage, grant).revoked_at) == (used, NOW)
        assert (read(storage, code).record, read(storage, code).claimed_at) == (named, NOW)

    def test_remove_frees_the_key(self, storage: Storage) -> None:
        account = samples.account()
        add(storage, account)
        for _ in range(2):
            storage.commit(Remove(Account, account.account_id), now=NOW)
            assert gone(storage, account)
        again = replace(account, name="bob")
        add(storage, again)
        assert read(storage, account).record == again

    def test_remove_takes_the_dead_too(self, storage: Storage) -> None:
        code, grant = samples.code("slot"), samples.grant()
        add(storage, code, grant)
        storage.commit(Claim(AuthorizationCode, code.key), now=NOW)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        storage.commit(Remove(AuthorizationCode, code.key), now=NOW)
        storage.commit(Remove(Grant, grant.grant_id), now=NOW)
        add(storage, code, grant)
        assert read(storage, code).state(NOW) == "live"
        assert read(storage, grant).state(NOW) == "live"

    def test_revoke_keeps_the_first_time(self, storage: Storage) -> None:
        grant = samples.grant()
        add(storage, grant)
        for later in range(3):
            storage.commit(Revoke(grant.grant_id), now=NOW + later)
        stored = read(storage, grant)
        assert (stored.revoked_at, stored.record) == (NOW, grant)

    def test_revoke_makes_no_grant(self, storage: Storage) -> None:
        storage.commit(Revoke("absent"), now=NOW)
        assert storage.get(Grant, "absent") is None
        add(storage, samples.grant("absent"))
        assert read(storage, samples.grant("absent")).state(NOW) == "live"

    def test_claim_a_revoked_grant(self, storage: Storage) -> None:
        grant = samples.grant()
        add(storage, grant)
        storage.commit(Revoke(grant.grant_id), now=NOW)
        found = conflict(storage, Claim(Grant, grant.grant_id), state="revoked")
        assert found is not None
        assert found.revoked_at == NOW

    def test_no_changes_are_no_conflict(self, storage: Storage) -> None:
        storage.commit(now=NOW)
        assert storage.find(Account).items == ()

    @pytest.mark.parametrize("first", ["add", "claim", "replace", "remove", "revoke"])
    @pytest.mark.parametrize("second", ["add", "claim", "replace", "remove", "revoke"])
    def test_a_record_appears_once(self, storage: Storage, first: str, second: str) -> None:
        grant = samples.grant()
        add(storage, grant)
        changes: dict[str, Change] = {
            "add": Add(grant),
            "claim": Claim(Grant, grant.grant_id),
            "replace": Replace(grant, expecting=read(storage, grant)),
            "remove": Remove(Grant, grant.grant_id),
            "revoke": Revoke(grant.grant_id),
        }
        bystander = samples.machine_token()
        with pytest.raises(ValueError, match=r"\S"):
            storage.commit(Add(bystander), changes[first], changes[second], now=NOW)
        assert gone(storage, bystander)
        assert read(storage, grant).state(NOW) == "live"

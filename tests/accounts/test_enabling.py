"""Enabling an account that was disabled, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.accounts import removal
from oauthprov.accounts.enabling import enable
from oauthprov.records import Account, AuthorizationCode, Grant
from oauthprov.storage.interface import Add
from oauthprov.storage.testing import samples
from tests.site import PASSWORD


def grant(storage, clock, account_id, grant_id, epoch=0):
    made = replace(
        samples.grant(grant_id),
        account_id=account_id,
        account_epoch=epoch,
        expires_at=clock() + 3600,
    )
    storage.commit(Add(made), now=clock())
    return grant_id


def test_the_user_of_an_enabled_account_can_sign_in_again(storage, people, clock, alice):
    people.disable(alice)
    assert people.authenticate("alice", PASSWORD) is None
    assert enable(storage, alice, clock()).disabled_at is None
    assert people.authenticate("alice", PASSWORD) is not None


def test_no_grant_or_code_of_before_comes_back(storage, people, clock, alice):
    # The sweep of the disabling hasn't run yet.
    grants = [grant(storage, clock, alice, f"grant{number}") for number in range(130)]
    code = replace(
        samples.code("slot"), account_id=alice, account_epoch=0, expires_at=clock() + 3600
    )
    storage.commit(Add(code), now=clock())
    people.disable(alice)
    enable(storage, alice, clock())
    states = {storage.get(Grant, one).state(clock()) for one in grants}
    assert states == {"revoked"}
    assert storage.get(AuthorizationCode, code.key) is None


def test_an_account_that_is_not_disabled_loses_nothing(storage, people, clock, alice):
    kept = grant(storage, clock, alice, "kept")
    people.end_sessions(alice)  # a grant with offline_access outlives the sessions
    before = storage.get(Account, alice)
    assert enable(storage, alice, clock()) == before.record
    assert storage.get(Account, alice).version == before.version
    assert storage.get(Grant, kept).state(clock()) == "live"


def test_an_account_that_its_user_has_deleted_is_still_deleted(storage, people, clock, alice):
    people.close(alice, clock() + 600)
    people.disable(alice)
    account = enable(storage, alice, clock())
    assert account.remove_at == clock() + 600
    assert people.take_back(alice).closed is False


def test_an_unknown_account_and_one_being_removed_are_refused(storage, people, clock, alice):
    next(removal.remove(storage, alice, clock()))
    for account_id in (alice, "nobody"):
        with pytest.raises(LookupError):
            enable(storage, account_id, clock())

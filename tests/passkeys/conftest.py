"""Passkeys of two accounts over real storage, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oauthprov.credentials import Keyring
from oauthprov.passkeys import Challenges, Passkeys, Refused, RelyingParty
from oauthprov.records import Account, Passkey
from oauthprov.storage.interface import Add, Conflict, Remove, Replace
from tests.accounts.conftest import clock, people, storage
from tests.authenticator import Authenticator
from tests.site import ISSUER, PASSWORD

__all__ = ["clock", "people", "storage"]

BROWSER = "the digest of a browser's cookie"


@pytest.fixture
def passkeys(storage, clock):
    party = RelyingParty.at(ISSUER, "Photos")
    return Passkeys(storage, party, Challenges(Keyring(("a secret" * 4,)), clock), clock)


@pytest.fixture
def device():
    return Authenticator(ISSUER)


@pytest.fixture
def alice(people):
    """The id of alice's account."""
    return people.sign_up("alice", PASSWORD).account_id


@pytest.fixture
def bob(people):
    return people.sign_up("bob", PASSWORD).account_id


@pytest.fixture
def keep(passkeys, storage, clock):
    """Return a function that stores what ``Passkeys.made`` returns, as a page does."""

    def kept(account_id, sent, holder, name):
        passkey, mark = passkeys.made(account_id, sent, holder, name)
        try:
            stored = storage.get(Account, account_id)
            account = replace(stored.record, factors=("passkey",))
            storage.commit(mark, Add(passkey), Replace(account, expecting=stored), now=clock())
        except Conflict:
            raise Refused("used") from None
        return passkey

    return kept


@pytest.fixture
def prove(passkeys, storage, clock):
    """Return a function that stores what ``Passkeys.step`` returns, as the second step does."""

    def proven(account_id, sent, holder):
        storage.commit(*passkeys.step(account_id, sent, holder), now=clock())
        return True

    return proven


@pytest.fixture
def remove(storage, clock):
    """Return a function that removes a passkey by its key, as the page does."""
    return lambda key: storage.commit(Remove(Passkey, key), now=clock())


@pytest.fixture
def creation(passkeys):
    """Return a function that returns the options for adding a passkey to an account."""

    def options(account_id):
        return passkeys.creation_options(account_id, "alice", BROWSER, passkeys.of(account_id))

    return options


@pytest.fixture
def add(creation, keep):
    """Return a function that adds a passkey of a device to an account."""

    def made(account_id, device, name="Laptop", **lies):
        return keep(account_id, device.create(creation(account_id), **lies), BROWSER, name)

    return made


@pytest.fixture
def sign_in(passkeys):
    """Return a function that signs in with a device, and tells why not."""

    def attempt(device, **lies):
        sent = device.get(passkeys.sign_in_options(BROWSER), **lies)
        try:
            return passkeys.sign_in(sent, BROWSER).account_id
        except Refused as refused:
            return refused.reason

    return attempt


def reason(call):
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason

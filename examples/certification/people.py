"""The user alice, who has a complete profile: the suite warns of each missing claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from oauthprov.accounts import BuiltInAccounts, NameTaken, PasswordPolicy
from oauthprov.accounts.profile import checked
from oauthprov.records import Account
from oauthprov.settings import Settings
from oauthprov.storage.interface import Replace, Storage

NAME = "alice"
PASSWORD = "through the looking glass"  # noqa: S105 - it needn't be secret
PROFILE = {
    "name": "Alice Pleasance Liddell",
    "given_name": "Alice",
    "middle_name": "Pleasance",
    "family_name": "Liddell",
    "nickname": "Al",
    "profile": "https://alice.example/about",
    "picture": "https://alice.example/picture.png",
    "website": "https://alice.example/",
    "gender": "female",
    "birthdate": "1952-05-04",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
    "email": "alice@alice.example",
    "phone_number": "+44 1865 270000",
    "street_address": "Christ Church",
    "postal_code": "OX1 1DP",
    "locality": "Oxford",
    "region": "Oxfordshire",
    "country": "United Kingdom",
}


def add_alice(settings: Settings, storage: Storage, clock: Callable[[], int]) -> Account:
    """Create her account unless it exists, and set the complete profile."""
    accounts = BuiltInAccounts.with_costs(
        storage,
        clock,
        memory_kib=settings.password_memory,
        time_cost=settings.password_time,
        policy=PasswordPolicy(settings.password_length, settings.title),
    )
    with suppress(NameTaken):
        accounts.sign_up(NAME, PASSWORD)
    stored = accounts.by_name(NAME)
    if stored is None:
        raise LookupError(NAME)
    verified = {"email_verified": True, "phone_number_verified": True}
    claims = checked(PROFILE, {}) | verified | {"updated_at": clock()}
    account = replace(stored.record, claims=json.dumps(claims))
    storage.commit(Replace(account, expecting=stored), now=clock())
    return account

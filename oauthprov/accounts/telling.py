"""The events of a change to an account, by what differs."""

from __future__ import annotations

from dataclasses import fields

from oauthprov.accounts.confirmed_addresses import claims_of
from oauthprov.events import AccountChanged, AccountClosed, AccountKept, FactorChanged, on_commit
from oauthprov.records import Account

_WORDS = {"password_hash": "password", "epoch": "sessions", "disabled_at": "disabled"}
_ELSEWHERE = ("claims", "remove_at", "factors")
"""Fields that have words or events of their own."""


def tell(before: Account, after: Account) -> None:
    """Publish what has changed once the next commit, which replaces the account, succeeds."""
    account_id = after.account_id
    if changed := tuple(_differing(before, after)):
        on_commit(AccountChanged(account_id=account_id, changed=changed))
    if before.factors and not after.factors:
        on_commit(FactorChanged(account_id=account_id, how="reset"))
    if before.remove_at is None and after.remove_at is not None:
        on_commit(AccountClosed(account_id=account_id))
    elif before.remove_at is not None and after.remove_at is None:
        on_commit(AccountKept(account_id=account_id))


def _differing(before: Account, after: Account) -> list[str]:
    names = [field.name for field in fields(Account) if field.name not in _ELSEWHERE]
    found = [name for name in names if getattr(before, name) != getattr(after, name)]
    words = [_WORDS.get(name, name) for name in found]
    if before.disabled_at is not None and after.disabled_at is None:
        words[words.index("disabled")] = "enabled"
    return words + _claims(before, after)


def _claims(before: Account, after: Account) -> list[str]:
    old, new = claims_of(before), claims_of(after)
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    words = [name for name in ("email", "email_verified") if name in differing]
    return words + (["profile"] if differing - {*words, "updated_at"} else [])

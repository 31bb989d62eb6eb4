"""The device cookie: proof that an account has signed in in this browser before.

Attempts to sign in from such a browser are counted separately, so that guesses from elsewhere
don't lock the owner of the account out. The protocol is that of OWASP, "Slow Down Online Guessing
Attacks with Device Cookies". The cookie is no session: a password is still needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oauthprov.accounts import BuiltInAccounts
from oauthprov.protocol.sessions import new_browser_id
from oauthprov.records import Account
from oauthprov.web import cookies

if TYPE_CHECKING:
    from oauthprov.web.request import Request

DEVICE_COOKIE = "oauthprov_device"
LIFETIME = 365 * 86_400
"""Seconds for which a browser is recognised after a sign-in."""
LIMIT = 5
"""The most accounts that one browser is recognised for: the latest."""

_LABEL = "device"
_SEPARATOR = "~"
_ID = "([A-Za-z0-9_-]{1,64})"
_NUMBER = "([0-9]{1,12})"
_ENTRY = re.compile(rf"{_ID}\.{_NUMBER}\.{_NUMBER}\.{_ID}\.{_ID}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One account in the cookie. ``device_id`` is random; ``epoch`` is that of the account."""

    account_id: str
    epoch: int
    expires_at: int
    device_id: str
    signature: str

    @classmethod
    def parse(cls, text: str) -> _Entry | None:
        match = _ENTRY.fullmatch(text)
        return match and cls(match[1], int(match[2]), int(match[3]), match[4], match[5])

    def __str__(self) -> str:
        parts = (self.account_id, self.epoch, self.expires_at, self.device_id, self.signature)
        return ".".join(map(str, parts))

    def signed(self, name_key: str) -> str:
        """Return the text of the signature; with the name, so that it is known without a read."""
        return _signed(name_key, self.account_id, self.epoch, self.expires_at, self.device_id)


def device_of(request: Request, name_key: str) -> str | None:
    """Return the identifier under which attempts of this browser at an account are counted.

    Return None unless the account with that user name has signed in in this browser since its
    sessions were last ended all at once. One read, and only for a browser that can prove it.
    """
    entry = _proven(request, name_key)
    if entry is None:
        return None
    stored = request.oauthprov.people.get(entry.account_id)
    if stored is None or stored.record.epoch != entry.epoch:
        return None
    return f"{entry.account_id} {entry.device_id}"


def remember(request: Request, account: Account) -> None:
    """Set the cookie that lets this browser be recognised for ``account``."""
    name_key = BuiltInAccounts.key_of(account.name)
    known = _proven(request, name_key)
    same = known is not None and known.epoch == account.epoch
    # The same identifier as before: a new one would give a thief of the old one further attempts.
    device_id = known.device_id if known is not None and same else new_browser_id()
    tools = request.oauthprov
    expires_at = tools.provider.clock() + LIFETIME
    text = _signed(name_key, account.account_id, account.epoch, expires_at, device_id)
    signature = tools.provider.keyring.sign(_LABEL, text)
    made = _Entry(account.account_id, account.epoch, expires_at, device_id, signature)
    others = [one for one in _entries(request) if one.account_id != account.account_id]
    value = _SEPARATOR.join(map(str, [made, *others][:LIMIT]))
    cookies.write(request, DEVICE_COOKIE, value, seconds=LIFETIME, same_site="Strict")


def _proven(request: Request, name_key: str) -> _Entry | None:
    tools = request.oauthprov
    now, keyring = tools.provider.clock(), tools.provider.keyring
    for entry in _entries(request):
        proven = keyring.verify(_LABEL, entry.signed(name_key), entry.signature)
        if proven and now < entry.expires_at:
            return entry
    return None


def _entries(request: Request) -> list[_Entry]:
    cookie = cookies.read(request.oauthprov.site, request.environ, DEVICE_COOKIE) or ""
    parsed = [_Entry.parse(text) for text in cookie.split(_SEPARATOR)[:LIMIT]]
    return [entry for entry in parsed if entry is not None]


def _signed(name_key: str, account_id: str, epoch: int, expires_at: int, device_id: str) -> str:
    return f"{name_key} {account_id} {epoch} {expires_at} {device_id}"

"""Rate limits for sign-ins, sign-ups, new clients and mails, by account and address."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from typing import Any, TypeVar

import limits
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from oauthprov import logs
from oauthprov.settings import Settings
from oauthprov.web.reify import reify

T = TypeVar("T")

log = logs.logger(__name__)

WRONG_CODES = "50 per day"
"""Wrong codes of an authenticator app that one account allows: of a million, three are right."""


class Attempts:
    """Counts attempts. Methods that return a number return the seconds to wait, 0 if allowed.

    If the counter storage can't be reached, attempts are counted in this process: limits are
    never off.
    """

    def __init__(self, settings: Settings) -> None:
        self._by_account = limits.parse_many(settings.login_limit_account)
        self._by_address = limits.parse_many(settings.login_limit_address)
        self._successes = limits.parse_many(settings.login_limit_success)
        self._wrong_codes = limits.parse_many(WRONG_CODES)
        self._sign_ups = limits.parse_many(settings.signup_limit_address)
        self._registrations = limits.parse_many(settings.registration_limit_address)
        self._networks = limits.parse_many(settings.registration_limit_network)
        self._registered = limits.parse_many(settings.registration_limit_total)
        self._registration_is_full = False
        self._devices = limits.parse_many(settings.device_limit_address)
        self._user_codes = limits.parse_many(settings.device_limit_account)
        self._pushed = limits.parse_many(settings.par_limit_network)
        self._documents = limits.parse_many(settings.client_documents_limit_network)
        self._described = limits.parse_many(settings.client_documents_limit_total)
        self._clients = limits.parse_many(settings.console_limit_account)
        self._mails_of_account = limits.parse_many(settings.mail_limit_account)
        self._mails_from_address = limits.parse_many(settings.mail_limit_address)
        self._mails_to_recipient = limits.parse_many(settings.mail_limit_recipient)
        self._url = settings.limits_url
        self._own = MovingWindowRateLimiter(MemoryStorage())

    def sign_in(self, name_key: str, address: str, device: str | None = None) -> int:
        """Count an attempt to sign in, before the password is verified.

        ``device`` identifies a browser in which this account has signed in before. Its attempts
        are counted separately, so that nobody else can lock it out, by account or by address.
        """
        blocked = self._wait(self._successes, "signed in", name_key, count=False)
        if device is not None:
            return blocked or self._wait(self._by_account, "device", device, count=True)
        network = _network(address)
        blocked = self._wait(self._by_address, "address", network, count=False) or blocked
        return blocked or self._wait(self._by_account, "account", name_key, count=True)

    def failed(self, address: str, device: str | None = None) -> None:
        """Count a wrong password or name against the address it came from, or the device."""
        if device is None:
            self._wait(self._by_address, "address", _network(address), count=True)

    def succeeded(self, name_key: str, device: str | None = None) -> None:
        """Reset the attempts after a successful sign-in, and count the sign-in.

        The attempts of ``device`` are reset, if given, else those of all other browsers at the
        account. Sign-ins are limited too, since each costs a password hash.
        """
        self._forget("account" if device is None else "device", device or name_key)
        self._wait(self._successes, "signed in", name_key, count=True)

    def reset(self, name_key: str) -> None:
        """Reset the attempts at an account whose password was reset: they were at the old one."""
        self._forget("account", name_key)

    def prove(self, account_id: str) -> int:
        """Count an attempt to enter the current password of a signed-in account.

        These attempts are counted separately, so that someone who uses an unattended signed-in
        browser can't lock the owner out, by account or by address.
        """
        blocked = self._wait(self._successes, "proved", account_id, count=False)
        return blocked or self._wait(self._by_account, "current password", account_id, count=True)

    def proved(self, account_id: str) -> None:
        """Reset the attempts at the current password of an account, and count the success."""
        self._forget("current password", account_id)
        self._wait(self._successes, "proved", account_id, count=True)

    def factor(self, page: str, account_id: str, device: str | None = None) -> int:
        """Count an answer that may prove a second factor, before it is judged.

        Pages are counted separately: on one of them people have given the password, on another
        they use a browser that may have been left signed in. ``device`` is as for :meth:`sign_in`.
        """
        return self._wait(self._by_account, page, device or account_id, count=True)

    def factor_proven(self, page: str, account_id: str, device: str | None = None) -> None:
        """Reset the answers on a page after the right one."""
        self._forget(page, device or account_id)

    def code(self, account_id: str) -> int:
        """Return for how long no code of an app is judged; see :meth:`wrong_code`."""
        return self._wait(self._wrong_codes, "wrong codes", account_id, count=False)

    def wrong_code(self, account_id: str) -> None:
        """Count a wrong code of an app, whichever page and browser it came from.

        The right one doesn't reset the count: an attacker might go on after each sign-in of the
        owner, or in a browser that is recognised since a password reset.
        """
        self._wait(self._wrong_codes, "wrong codes", account_id, count=True)

    def sign_up(self, address: str) -> int:
        """Count a new account."""
        return self._wait(self._sign_ups, "signup", _network(address), count=True)

    def register(self, address: str) -> int:
        """Count an attempt to register a client, by address, then by network if not refused."""
        own, network = _network(address), _network(address, wide=True)
        wait = self._wait(self._registrations, "register", own, count=True)
        return wait or self._wait(self._networks, "register network", network, count=True)

    def registered(self) -> int:
        """Count a client that is about to be stored, against the limit for all addresses."""
        wait = self._wait(self._registered, "registered", "all", count=True)
        if wait and not self._registration_is_full:
            log.warning(
                "oauthprov.registration.limit_total is reached:"
                " no client from anywhere can register for %d seconds",
                wait,
            )
        self._registration_is_full = wait > 0
        return wait

    def device(self, address: str) -> int:
        """Count a device authorization that is begun from an address."""
        return self._wait(self._devices, "device", _network(address), count=True)

    def user_code(self, account_id: str, address: str) -> int:
        """Count the code of a device that a signed-in user types, by account, then by address."""
        wait = self._wait(self._user_codes, "user code", account_id, count=True)
        network = _network(address)
        return wait or self._wait(self._devices, "user code by address", network, count=True)

    def push(self, address: str) -> int:
        """Count an authorization request that a public client pushes, by network."""
        network = _network(address, wide=True)
        return self._wait(self._pushed, "push network", network, count=True)

    def fetch(self, address: str, *, new: bool) -> int:
        """Count the document of a client that is fetched, by network.

        A ``new`` client is also counted against the limit for all networks.
        """
        network = _network(address, wide=True)
        wait = self._wait(self._documents, "document network", network, count=True)
        if wait or not new:
            return wait
        return self._wait(self._described, "documents", "all", count=True)

    def new_client(self, account_id: str) -> int:
        """Count a client that a user registers in the console."""
        return self._wait(self._clients, "client", account_id, count=True)

    def mail(self, account_id: str, address: str, recipient_key: str) -> int:
        """Count a mail, by account, address and recipient.

        A mail that one limit refuses doesn't count against the next, so that a sender can't use up
        a recipient's limit with refused mails.
        """
        return self.request_mail(account_id, address) or self.mail_to(recipient_key)

    def request_mail(self, requester: str, address: str) -> int:
        """Count a request for mail, by account (or by what was entered instead) and address."""
        by_account = self._wait(self._mails_of_account, "mail by account", requester, count=True)
        network = _network(address)
        return by_account or self._wait(
            self._mails_from_address, "mail by address", network, count=True
        )

    def mail_to(self, recipient_key: str) -> int:
        """Count a mail by its recipient."""
        return self._wait(self._mails_to_recipient, "mail by recipient", recipient_key, count=True)

    def _forget(self, what: str, who: str) -> None:
        def clear(limiter: MovingWindowRateLimiter) -> None:
            for rate in self._by_account:
                limiter.clear(rate, what, who)

        self._counted(clear)

    def _wait(self, rates: list[limits.RateLimitItem], what: str, who: str, *, count: bool) -> int:
        def ask(limiter: MovingWindowRateLimiter) -> int:
            check = limiter.hit if count else limiter.test
            # The shortest period first: an attempt that it refuses isn't counted for longer ones.
            for rate in sorted(rates, key=lambda rate: rate.get_expiry()):
                if not check(rate, what, who):
                    end = limiter.get_window_stats(rate, what, who).reset_time
                    return max(1, round(end - time.time()))
            return 0

        return self._counted(ask)

    def _counted(self, ask: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._url.startswith("memory:"):
            return ask(self._own)
        try:
            return ask(self._shared)
        except Exception as down:  # the client libraries raise exceptions of many types
            log.error(
                "oauthprov.limits.url fails, so each process counts attempts separately: %s",
                type(down).__name__,
            )
            return ask(self._own)

    @reify
    def _shared(self) -> MovingWindowRateLimiter:
        # Opened on first use, since a cluster client connects when it is made: it may be down.
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1}
        counters: Any = storage_from_string(self._url, **patience)
        return MovingWindowRateLimiter(counters)


def _network(address: str, *, wide: bool = False) -> str:
    """Return the block that counts as one address or, if ``wide``, as one network."""
    # One household or server has a whole /64 of IPv6: a limit by single address would be none. A
    # site gets a /48, or a /24 of IPv4, just as easily.
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    # A dual-stack socket reports IPv4 addresses as IPv6, all in one /64.
    known = getattr(known, "ipv4_mapped", None) or known
    if known.version == 4:
        return str(ipaddress.ip_network((known, 24), strict=False)) if wide else str(known)
    return str(ipaddress.ip_network((known, 48 if wide else 64), strict=False))

"""Floods slowed down: sign-ins, sign-ups, new clients and mails, by account and address."""

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


class Attempts:
    """What may still be tried. Every method returns the seconds to wait; 0 means go on.

    When the counters can't be reached it counts in this process: never not at all.
    """

    def __init__(self, settings: Settings) -> None:
        self._by_account = limits.parse_many(settings.login_limit_account)
        self._by_address = limits.parse_many(settings.login_limit_address)
        self._successes = limits.parse_many(settings.login_limit_success)
        self._sign_ups = limits.parse_many(settings.signup_limit_address)
        self._registrations = limits.parse_many(settings.registration_limit_address)
        self._networks = limits.parse_many(settings.registration_limit_network)
        self._registered = limits.parse_many(settings.registration_limit_total)
        self._registration_is_full = False
        self._clients = limits.parse_many(settings.console_limit_account)
        self._mails = (
            (limits.parse_many(settings.mail_limit_account), "mail by account"),
            (limits.parse_many(settings.mail_limit_address), "mail by address"),
            (limits.parse_many(settings.mail_limit_recipient), "mail by recipient"),
        )
        self._url = settings.limits_url
        self._own = MovingWindowRateLimiter(MemoryStorage())

    def sign_in(self, name_key: str, address: str) -> int:
        """Count a try to sign in, before the password is looked at."""
        network = _network(address)
        blocked = self._wait(self._by_address, "address", network, count=False)
        blocked = blocked or self._wait(self._successes, "signed in", name_key, count=False)
        return blocked or self._wait(self._by_account, "account", name_key, count=True)

    def failed(self, address: str) -> None:
        """Count a wrong password or name against the address it came from."""
        self._wait(self._by_address, "address", _network(address), count=True)

    def succeeded(self, name_key: str) -> None:
        """Forget the tries for an account, since its owner is in, and count the sign-in.

        Each takes a hash, so nobody may make them without end.
        """
        self._forget("account", name_key)
        self._wait(self._successes, "signed in", name_key, count=True)

    def prove(self, account_id: str) -> int:
        """Count a try to name the current password of an account that is signed in.

        Such tries are counted apart, so that nobody at a browser left signed in can keep the
        owner from signing in, by account or by address.
        """
        blocked = self._wait(self._successes, "proved", account_id, count=False)
        return blocked or self._wait(self._by_account, "current password", account_id, count=True)

    def proved(self, account_id: str) -> None:
        """Forget the tries to name the current password of an account, and count that one."""
        self._forget("current password", account_id)
        self._wait(self._successes, "proved", account_id, count=True)

    def sign_up(self, address: str) -> int:
        """Count a new account."""
        return self._wait(self._sign_ups, "signup", _network(address), count=True)

    def register(self, address: str) -> int:
        """Count a try to register a client. One refused by its address counts for no network."""
        own, network = _network(address), _network(address, wide=True)
        wait = self._wait(self._registrations, "register", own, count=True)
        return wait or self._wait(self._networks, "register network", network, count=True)

    def registered(self) -> int:
        """Count a client that is about to be stored, whoever it comes from."""
        wait = self._wait(self._registered, "registered", "all", count=True)
        if wait and not self._registration_is_full:
            log.warning(
                "oauthprov.registration.limit_total is reached:"
                " no client from anywhere can register for %d seconds",
                wait,
            )
        self._registration_is_full = wait > 0
        return wait

    def new_client(self, account_id: str) -> int:
        """Count a client that an account registers in the console."""
        return self._wait(self._clients, "client", account_id, count=True)

    def mail(self, account_id: str, address: str, recipient_key: str) -> int:
        """Count a mail. One refused by an earlier limit doesn't count against a later one.

        So nobody uses up the mails of a recipient beyond their own.
        """
        for (rates, what), who in zip(
            self._mails, (account_id, _network(address), recipient_key), strict=True
        ):
            if wait := self._wait(rates, what, who, count=True):
                return wait
        return 0

    def _forget(self, what: str, who: str) -> None:
        def clear(limiter: MovingWindowRateLimiter) -> None:
            for rate in self._by_account:
                limiter.clear(rate, what, who)

        self._counted(clear)

    def _wait(self, rates: list[limits.RateLimitItem], what: str, who: str, *, count: bool) -> int:
        def ask(limiter: MovingWindowRateLimiter) -> int:
            check = limiter.hit if count else limiter.test
            # The shortest first: what it refuses doesn't use up the longer ones.
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
        except Exception as down:  # what a client library raises is its own affair
            log.error(
                "oauthprov.limits.url fails, so each process counts attempts separately: %s",
                type(down).__name__,
            )
            return ask(self._own)

    @reify
    def _shared(self) -> MovingWindowRateLimiter:
        # Opened at the first try, since a cluster is connected to at once: it may be down.
        patience = {"socket_timeout": 1, "socket_connect_timeout": 1}
        counters: Any = storage_from_string(self._url, **patience)
        return MovingWindowRateLimiter(counters)


def _network(address: str, *, wide: bool = False) -> str:
    """Return what counts as one address, or as one network: who has one has many of the other."""
    # One household or server has a /64 of IPv6 to itself: single addresses would be no limit. A
    # site has a /48 as easily, or a /24 of IPv4.
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    # A socket for both families writes IPv4 so: all of it lies in one /64.
    known = getattr(known, "ipv4_mapped", None) or known
    if known.version == 4:
        return str(ipaddress.ip_network((known, 24), strict=False)) if wide else str(known)
    return str(ipaddress.ip_network((known, 48 if wide else 64), strict=False))

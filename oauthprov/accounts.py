"""The seam through which a host brings its own users, and what the provider asks of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from oauthprov.records import Digest


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who is signed in in this browser.

    ``account_id`` is stable, never reused, ASCII, at most 200 characters: tokens call it ``sub``.
    ``auth_time`` is when they proved who they are (epoch seconds), ``amr`` how (RFC 8176).
    ``session_key`` names a session of ours; None with a host's accounts.
    """

    account_id: str
    name: str
    auth_time: int
    amr: tuple[str, ...] = ()
    session_key: Digest | None = None
    developer: bool = False


class AccountSource(ABC):
    """Who is signed in, and how to sign in. A host passes its own to ``set_oauth_accounts``."""

    @abstractmethod
    def signed_in(self, request: Any) -> SignedIn | None:
        """Return who is signed in in the browser that sent ``request``, or None."""

    @abstractmethod
    def login_url(self, request: Any, return_to: str) -> str:
        """Return where to send a person to sign in; ``return_to`` is where they go next."""

    def name_of(self, account_id: str) -> str | None:
        """Return the name that people know the account by, or None when it is gone."""
        return None

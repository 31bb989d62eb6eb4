"""What the user's steps need to know of a request, whatever it is for, and how it ends.

Sign-in, the choice of an account, step-up and consent know a :class:`WaitingRequest` and nothing
of its purpose.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from oauthprov.accounts import SignedIn
from oauthprov.events import Event
from oauthprov.protocol.request import scopes
from oauthprov.protocol.request.answers import Outcome
from oauthprov.protocol.request.checked_request import CheckedRequest
from oauthprov.protocol.request.context import Context
from oauthprov.protocol.request.params import Pairs
from oauthprov.records import Client, Consent
from oauthprov.storage.interface import Change

Asking = tuple[tuple[str, ...], tuple[str, ...]]
"""Scopes and the resources that they are for; an empty list of resources means every one."""


@dataclass(frozen=True, slots=True)
class WaitingRequest(ABC):
    """A proven request that a user answers, now or as an Interaction that waits.

    ``purpose`` is that of its Interaction. ``scopes`` and ``resources`` are what the client gets
    if the user allows it, and ``is_remembered`` is whether that is kept as a consent.
    """

    purpose: ClassVar[str]
    is_remembered: ClassVar[bool] = True

    client: Client
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    checked: CheckedRequest

    @property
    def asked(self) -> Asking:
        """The scopes, including those of single claims, and resources that the user must allow."""
        return scopes.union(self.scopes, self.checked.claims.scopes), self.resources

    @property
    @abstractmethod
    def pairs(self) -> Pairs:
        """What its Interaction stores, from which the same request can be made again."""

    @property
    @abstractmethod
    def destination(self) -> str:
        """Where Allow leads, in words or as a host."""

    @abstractmethod
    def must_ask(self, consent: Consent | None) -> bool:
        """Tell whether the user must be asked, though they have allowed ``consent`` before."""

    @abstractmethod
    def granted(
        self, context: Context, person: SignedIn, consent_epoch: int, *changes: Change
    ) -> Outcome:
        """Commit ``changes`` and what is granted to the client; return what the browser gets.

        Raises Conflict when one of the changes fails.
        """

    def denied(
        self, context: Context, error: OAuth2Error, *changes: Change, event: Event | None = None
    ) -> Outcome:
        """Commit ``changes``, if any, and return what the browser gets. Raises Conflict."""
        if changes:
            context.commit(*changes, event=event)
        return self.error(error)

    @abstractmethod
    def error(self, error: OAuth2Error) -> Outcome:
        """Return what the browser gets for an error; nothing is stored."""

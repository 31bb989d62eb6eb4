"""Proofs that a request presents and that are good only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from oauthprov.events import Reason
from oauthprov.storage.interface import Add


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a request, such as a client assertion.

    ``change`` uses it up: its key is free until the proof is used. If that fails, the proof was
    used before: ``error`` makes the error to send, and ``reason`` is noted.
    """

    change: Add
    error: Callable[[], OAuth2Error]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Possession:
    """A key that the sender of a request is proven to hold.

    ``confirmation`` is that of tokens bound to the key. ``proof`` is used up when they are issued.
    """

    confirmation: str
    proof: Proof

"""What a rule is: a function of the value given, the type of the client, and the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from oauthprov.errors import FetchError
from oauthprov.fetch.target import Target
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

Rule = Callable[[Any, ClientType, Settings], object]
"""Returns the value as it is stored; ValueError says what is wrong, as a sentence."""


def as_given(given: bool, kind: ClientType, settings: Settings) -> bool:
    """Take true or false: the rule of a field that any client may choose."""
    return given


def stripped(given: str | None) -> str | None:
    """Return a text without the blanks around it, None when nothing is left."""
    return (given or "").strip() or None


def distinct(given: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, in order, without the blanks around it; empty ones are dropped."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, given))))


def fetchable(uri: str, *, loopback_http: bool = False) -> str:
    """Return ``uri``. ValueError: it is no address that this server may call, by its form."""
    try:
        Target.parse(uri, loopback_http=loopback_http)
    except FetchError as wrong:
        raise ValueError(f"Give an https address that this server can call: {wrong}.") from None
    return uri

"""The rules of members: functions of the given value, the client type and the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from oauthprov.errors import FetchError
from oauthprov.fetch.target import Target
from oauthprov.messages import N_
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

Rule = Callable[[Any, ClientType, Settings], object]
"""Returns the value to store. Raises ValueError that says what is wrong, as a sentence."""


def as_given(given: bool, kind: ClientType, settings: Settings) -> bool:
    """Accept true or false: the rule of a flag that any client may set."""
    return given


def stripped(given: str | None) -> str | None:
    """Return a text without surrounding blanks, None when nothing is left."""
    return (given or "").strip() or None


def distinct(given: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, in order, without surrounding blanks; empty ones are dropped."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, given))))


def fetchable(uri: str, *, loopback_http: bool = False) -> str:
    """Return ``uri``. Raises ValueError if its form isn't that of a URL this server may call."""
    try:
        Target.parse(uri, loopback_http=loopback_http)
    except FetchError as wrong:
        raise ValueError(
            N_("Give an https address that this server can call: ${reason}.", reason=wrong)
        ) from None
    return uri

"""The operator's marks on a client, and when they end.

* ``verified`` covers what users see of the client. It ends when that changes, whoever changes it.
* ``first_party`` skips the consent page, and ``introspects`` lets the client introspect tokens of
  other clients. Both end when anybody but the operator changes where codes go, what the client may
  have, or how it authenticates: otherwise a trusted client could be taken over.

Only the operator sets them, and sets them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from oauthprov import logs
from oauthprov.protocol.clients.members import MEMBERS
from oauthprov.records import Client

SHOWN = tuple(member.field for member in MEMBERS.values() if member.shown)
"""The fields that ``verified`` covers."""

TRUSTED = tuple(member.field for member in MEMBERS.values() if member.trusted)
"""The fields that ``first_party`` and ``introspects`` cover."""

log = logs.logger(__name__)


def marks_after(client: Client, values: Mapping[str, Any], *, by_operator: bool) -> dict[str, Any]:
    """Return the marks of a client after a change to ``values``, which may set a mark again."""
    after = replace(client, **values)
    trusted = by_operator or not _changed(client, after, TRUSTED)
    kept = {
        "verified": client.verified and not _changed(client, after, SHOWN),
        "first_party": client.first_party and trusted,
        "introspects": client.introspects if trusted else (),
    }
    return kept | {name: values[name] for name in kept if name in values}


def log_less_safe(before: Client | None, after: Client) -> None:
    """Log that the operator lets the client omit PKCE, once the change is stored."""
    if after.pkce is not None and (before is None or before.pkce != after.pkce):
        log.warning("client %s may omit PKCE, which is less safe: %s", after.client_id, after.pkce)
    elif before is not None and before.pkce is not None and after.pkce is None:
        log.info("client %s must use PKCE again", after.client_id)


def log_ended(before: Client, after: Client) -> None:
    """Log that a mark of trust has ended, once the change is stored."""
    changed = ", ".join(_changed(before, after, TRUSTED)) or "nothing else"
    if before.first_party and not after.first_party:
        log.warning("client %s is no longer first_party; it changed: %s", after.client_id, changed)
    if before.introspects and not after.introspects:
        said = "client %s may no longer introspect tokens of others; it changed: %s"
        log.warning(said, after.client_id, changed)


def _changed(before: Client, after: Client, names: Sequence[str]) -> list[str]:
    return [n for n in names if _value(getattr(before, n)) != _value(getattr(after, n))]


def _value(stored: object) -> object:
    # The order of URIs, scopes and grant types has no meaning.
    return frozenset(stored) if isinstance(stored, tuple) else stored

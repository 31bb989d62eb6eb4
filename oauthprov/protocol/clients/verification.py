"""The operator's marks on a client, ``verified`` and ``first_party``, and when they end.

* ``verified`` covers what users see of the client. It ends when that changes, whoever changes it.
* ``first_party`` skips the consent page and lets the client introspect other clients' tokens. It
  ends when anybody but the operator changes where codes go, what the client may have, or how it
  authenticates: otherwise a trusted client could be taken over.

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
"""The fields that ``first_party`` covers."""

log = logs.logger(__name__)


def marks_after(
    client: Client, values: Mapping[str, Any], *, by_operator: bool
) -> dict[str, bool]:
    """Return both marks of a client after a change to ``values``, which may set a mark again."""
    after = replace(client, **values)
    kept = {
        "verified": client.verified and not _changed(client, after, SHOWN),
        "first_party": client.first_party
        and (by_operator or not _changed(client, after, TRUSTED)),
    }
    return kept | {name: bool(values[name]) for name in kept if name in values}


def log_ended(before: Client, after: Client) -> None:
    """Log that ``first_party`` has ended, once the change is stored."""
    if before.first_party and not after.first_party:
        changed = ", ".join(_changed(before, after, TRUSTED)) or "nothing else"
        log.warning("client %s is no longer first_party; it changed: %s", after.client_id, changed)


def _changed(before: Client, after: Client, names: Sequence[str]) -> list[str]:
    return [n for n in names if _value(getattr(before, n)) != _value(getattr(after, n))]


def _value(stored: object) -> object:
    # The order of URIs, scopes and grant types has no meaning.
    return frozenset(stored) if isinstance(stored, tuple) else stored

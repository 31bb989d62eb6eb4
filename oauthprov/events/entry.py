"""Entries of the audit, made of events."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from oauthprov.events.event import Event
from oauthprov.records import AuditEntry, is_key
from oauthprov.serial import dumps

VALUE_LIMIT = 500
"""Characters of a value of an entry, at most."""

DAY = 86_400
"""Seconds."""
_LAST = 999_999
_encode_in_ascii = json.JSONEncoder(separators=(",", ":")).encode
_days: dict[int, str] = {}


def entry_of(event: Event, number: int, keep: int) -> AuditEntry:
    """Return the entry of an event; ``number`` is unique in its request, ``keep`` are days."""
    origin = event.origin
    details = event.details()
    if event.grant_id:
        details["grant_id"] = event.grant_id
    about, client_id = event.about, event.client_id
    if client_id is not None and not is_key(client_id):  # sent by somebody who isn't a client
        details["client_id"] = client_id
        client_id = None
    for name, text in details.items():
        if len(text) > VALUE_LIMIT:
            details[name] = text[: VALUE_LIMIT - 1] + "…"
    return AuditEntry(
        key=key_of(origin.request_id, number),
        event=event.name,
        at=origin.at,
        day=day_of(origin.at),
        expires_at=origin.at + keep * DAY,
        details=_encoded(details),
        about=about if about is None or is_key(about) else None,
        account_id=event.account_id,
        client_id=client_id,
        address=origin.address,
        actor=origin.actor,
    )


def _encoded(details: dict[str, str]) -> str:
    """Return details as JSON in printable ASCII."""
    text = dumps(details).decode()
    return text if text.isascii() and text.isprintable() else _encode_in_ascii(details)


def key_of(request_id: str, number: int) -> str:
    """Return the key of an entry; of those of one request, later ones come first, too."""
    return f"{request_id}.{_LAST - number:06}"


def day_of(at: int) -> str:
    """Return the date of a time in UTC, such as ``2027-01-31``."""
    number = at // DAY
    found = _days.get(number)
    if found is None:
        _days.clear()
        found = _days[number] = datetime.fromtimestamp(at, UTC).date().isoformat()
    return found

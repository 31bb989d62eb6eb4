"""The log lines of events."""

from __future__ import annotations

from oauthprov import logs
from oauthprov.events.event import Event

log = logs.logger("oauthprov.events")
_logger = log.logger


def write(event: Event) -> None:
    """Write an event into the log."""
    level = event.severity
    if _logger.isEnabledFor(level):
        log.log(level, "%s", event.sentence, extra=members(event))


def members(event: Event) -> dict[str, str]:
    """Return the members of an event that are known, by name."""
    common = {
        "event": event.name,
        "account_id": event.account_id,
        "client_id": event.client_id,
        "grant_id": event.grant_id,
        "address": event.origin.address,
        "actor": event.origin.actor,
    }
    return {name: value for name, value in common.items() if value} | event.details()

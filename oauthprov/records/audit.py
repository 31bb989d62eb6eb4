"""The record of the audit: one event that has happened."""

from __future__ import annotations

from oauthprov.records.shape import Record, record


@record("audit_entry", key="key", indexes=("day", "about"))
class AuditEntry(Record):
    """One event, as it is kept until ``expires_at``; nothing changes it.

    ``key`` is ``<request id>.<number>``, and the numbers of a request fall. Request ids that are
    made later sort before earlier ones (:func:`oauthprov.logs.new_request_id`): entries are listed
    with the newest first, and those of one request are found by its id. ``day`` is the date of
    ``at`` in UTC, such as ``2027-01-31``. ``event`` is the name of the kind of event. ``about`` is
    whom it is listed for: the account, or the client if there is no account or a request of the
    client was refused. ``actor`` is who acted, if it wasn't the account or client itself.
    ``client_id`` is None for what can't be one. ``details`` are the other members of the event as
    JSON.
    """

    key: str
    event: str
    at: int
    day: str
    expires_at: int
    details: str
    about: str | None = None
    account_id: str | None = None
    client_id: str | None = None
    address: str = ""
    actor: str | None = None

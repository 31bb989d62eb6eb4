"""Events in words, and as pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oauthprov.events import OPERATOR, AccountChanged, Reason, is_other_admin, trail
from oauthprov.messages import N_
from oauthprov.records import AuditEntry, Client
from oauthprov.web.client_view import name_of
from oauthprov.web.request import Request

SENTENCES: dict[str, str] = {
    "sign_in.succeeded": N_("Signed in"),
    "sign_in.failed": N_("A sign-in failed"),
    "session.ended": N_("Signed out"),
    "factor.changed": N_("The second step changed"),
    "passkey.copied": N_("A copy of a passkey was used"),
    "account.created": N_("The account was created"),
    "account.changed": N_("The account changed"),
    "account.closed": N_("The account was deleted"),
    "account.kept": N_("The deletion was taken back"),
    "account.removed": N_("The account was removed"),
    "account.exported": N_("The data were downloaded"),
    "password_reset.requested": N_("A new password was asked for"),
    "mail.sent": N_("An e-mail was sent"),
    "mail.not_sent": N_("An e-mail wasn't sent"),
    "consent.denied": N_("An app was denied access"),
    "consent.withdrawn": N_("The access of an app was removed"),
    "authorization.granted": N_("An app was given access"),
    "device_authorization.requested": N_("A device asked for access"),
    "tokens.issued": N_("An app got tokens"),
    "grant.revoked": N_("The access of an app ended"),
    "token.revoked": N_("A token of an app was revoked"),
    "request.noted": N_("Something about a request was noted"),
    "request.refused": N_("A request was refused"),
    "client.registered": N_("A client was registered"),
    "client.changed": N_("A client changed"),
    "client.removed": N_("A client was removed"),
    "client_document.fetched": N_("The document of a client was fetched"),
    "client_document.changed": N_("The document of a client changed"),
    "client_document.refused": N_("The document of a client can't be used"),
    "client_host.changed": N_("The clients of a host were disabled or enabled"),
    "registration_token.changed": N_("A registration token changed"),
    "key.changed": N_("A signing key changed"),
    "logout.delivered": N_("A client was told of a sign-out"),
    "logout.given_up": N_("A client couldn't be told of a sign-out"),
}

CHANGES: dict[str, str] = {
    "name": N_("User name"),
    "password": N_("Password"),
    "profile": N_("Profile"),
    "email": N_("E-mail address"),
    "email_verified": N_("Confirmation of the e-mail address"),
    "groups": N_("Groups"),
    "developer": N_("Permission to register apps"),
    "admin": N_("Role of an administrator"),
    "disabled": N_("The account was disabled"),
    "enabled": N_("The account was enabled"),
    "sessions": N_("All sessions were ended"),
}
"""What has changed of an account, by the words of its event."""

_MEANINGS = {reason.value: reason.meaning for reason in Reason}


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as a page shows it; ``client_name`` is None for a client that is gone.

    ``facts`` are the members of its kind, ``meaning`` is what the reason of a refusal means,
    ``changes`` is what has changed of an account.
    """

    entry: AuditEntry
    sentence: str
    client_name: str | None
    facts: tuple[tuple[str, str], ...]
    meaning: str | None
    changes: tuple[str, ...]

    @property
    def request_id(self) -> str:
        """The id of the request."""
        return self.entry.key.partition(".")[0]

    @property
    def by_operator(self) -> bool:
        """Whether the operator acted, by the command."""
        return self.entry.actor == OPERATOR

    @property
    def by_admin(self) -> bool:
        """Whether an admin acted, on the account of somebody else."""
        return is_other_admin(self.entry.actor, self.entry.account_id)


def shown(request: Request, entries: Sequence[AuditEntry]) -> list[Shown]:
    """Return the entries for a page; one read for the names of their clients."""
    ids = sorted({entry.client_id for entry in entries if entry.client_id})
    storage = request.oauthprov.provider.storage
    found = storage.get_many([(Client, client_id) for client_id in ids]) if ids else []
    names = {
        one.record.client_id: name_of(one.record)
        for one in found
        if one is not None and isinstance(one.record, Client)
    }
    return [_shown(entry, names.get(entry.client_id or "")) for entry in entries]


def _shown(entry: AuditEntry, client_name: str | None) -> Shown:
    details = trail.details(entry)
    return Shown(
        entry=entry,
        sentence=SENTENCES.get(entry.event, entry.event),
        client_name=client_name,
        facts=tuple((name, trail.printable(value)) for name, value in details.items()),
        meaning=_MEANINGS.get(details.get("reason", "")),
        changes=_changes(entry, details),
    )


def _changes(entry: AuditEntry, details: Mapping[str, str]) -> tuple[str, ...]:
    if entry.event != AccountChanged.name:
        return ()
    return tuple(CHANGES.get(word, word) for word in details.get("changed", "").split())

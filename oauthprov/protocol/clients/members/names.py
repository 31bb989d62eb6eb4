"""The names that a client gives itself, and its contacts (RFC 7591 section 2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from oauthprov.credentials import is_invisible
from oauthprov.messages import N_
from oauthprov.protocol.clients.members.member import Datatype, Group, Member
from oauthprov.protocol.clients.types import ClientType
from oauthprov.settings import Settings

NAME_LIMIT = 100
CONTACTS_LIMIT = 10
TEXT_LIMIT = 254
"""Characters of a contact, and of a client's texts about its software."""


def _name(given: str, kind: ClientType, settings: Settings) -> str:
    name = unicodedata.normalize("NFC", given).strip()
    if not name:
        raise ValueError(N_("Give it a name that people will recognise."))
    if len(name) > NAME_LIMIT:
        raise ValueError(N_("Use at most ${n} characters.", n=NAME_LIMIT))
    # The consent page shows the name: it must not look like another name, nor reorder the text
    # around it.
    if any(map(is_invisible, name)):
        raise ValueError(N_("Use no line breaks and no invisible characters."))
    return name


def _contacts(given: Sequence[str], kind: ClientType, settings: Settings) -> tuple[str, ...]:
    contacts = tuple(dict.fromkeys(filter(None, map(_plain, given))))
    if len(contacts) > CONTACTS_LIMIT:
        raise ValueError(N_("Give at most ${n} contacts.", n=CONTACTS_LIMIT))
    return contacts


def _text(given: str | None, kind: ClientType, settings: Settings) -> str | None:
    return _plain(given or "") or None


def _plain(given: str) -> str:
    text = given.strip()
    if len(text) > TEXT_LIMIT or not text.isprintable():
        raise ValueError(
            N_("Use at most ${n} characters, and none that can't be shown.", n=TEXT_LIMIT)
        )
    return text


MEMBERS: Sequence[Member] = (
    Member(
        "name",
        Datatype.TEXT,
        _name,
        "the name that people see",
        wire="client_name",
        shown=True,
        label=N_("Name"),
        hint=N_("People see it when the app asks for access."),
    ),
    Member("contacts", Datatype.TEXTS, _contacts, "whom to ask about the client"),
    Member(
        "software_id",
        Datatype.TEXT,
        _text,
        "the id that all installations of its software share",
        label=N_("Software ID"),
        hint=N_("The same for every installation of the software."),
        group=Group.SOFTWARE,
        example="4NRB1-0XZABZI9E6-5SM3R",
    ),
    Member(
        "software_version",
        Datatype.TEXT,
        _text,
        "the version of its software",
        label=N_("Software version"),
        hint=N_("It changes with every release of the software."),
        group=Group.SOFTWARE,
        example="2.1.4",
    ),
)

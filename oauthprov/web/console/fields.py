"""The fields of a client's form and the facts on its page, made from the metadata members."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oauthprov.protocol.clients.grant_types import redirects_users
from oauthprov.protocol.clients.members import MEMBERS, Datatype, Group, Member
from oauthprov.protocol.clients.types import CLIENT_TYPES, ClientType
from oauthprov.records import Client
from oauthprov.settings import Settings, Weight
from oauthprov.web.request import Request

FIRST = ("name", "redirect_uris", "scopes")
"""The members that are always shown; the form hides the others until it is expanded."""

_LABELLED = tuple(member for member in MEMBERS.values() if member.label)
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Client)}
_BOXES = {"scopes": "scope.", "default_scopes": "default."}
"""The prefix of the names of the scopes' check boxes."""
_LOGOUT = (
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
)
"""The members that have an effect only if users can sign out at this server."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A radio button or check box: the value that it sends, its label, and a scope's weight."""

    name: str
    value: str
    words: str
    code: str
    checked: bool
    weight: Weight = "read"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form. ``control`` is one of line, lines and choices.

    ``example`` is a value as it may be entered, ``group`` the part of the form it is in.
    ``type`` is the type of its ``input`` elements; ``lines`` is a text area. A flag is one check
    box with the hint as its label.
    """

    name: str
    control: str
    label: str
    hint: str
    value: str = ""
    choices: Sequence[Choice] = ()
    type: str = "text"
    group: Group = Group.OTHER
    example: str = ""
    required: bool = False


def offered(request: Request, kind: ClientType) -> list[Member]:
    """Return the metadata members in the form for a client of this type."""
    settings = request.oauthprov.settings
    signs_out = request.oauthprov.has_page("rp_logout")
    return [
        member
        for member in _LABELLED
        if member.goes_with(kind, settings)
        and (member.choices is None or len(member.choices(kind, settings)) > 1)
        and (signs_out or member.field not in _LOGOUT)
    ]


def entered(request: Request, kind: ClientType) -> dict[str, Any]:
    """Return the entered values by member, only for members in the form."""
    members, settings = offered(request, kind), request.oauthprov.settings
    names = [name for member in members for name in _inputs(member, settings)]
    form = request.oauthprov.form(*names)
    return {member.field: _entered(member, form, kind, settings) for member in members}


def registered(client: Client) -> dict[str, Any]:
    """Return the registered values of a client by member."""
    return {field: getattr(client, field) for field in MEMBERS}


def fields(
    request: Request, kind: ClientType, metadata: Mapping[str, Any], client: Client | None
) -> list[Field]:
    """Return the form's fields for a client of this type, filled in with ``metadata``.

    ``client`` is the client to edit; one that nobody is redirected to needs no redirect URI.
    """
    settings = request.oauthprov.settings
    needed = set(FIRST)
    if client is not None and not redirects_users(client):
        needed.discard("redirect_uris")
    return [
        _field(member, metadata.get(member.field), kind, settings, member.field in needed)
        for member in offered(request, kind)
    ]


def grouped(fields: Sequence[Field]) -> list[tuple[Group, list[Field]]]:
    """Return the fields that are shown only when the form is expanded, by group."""
    more = [field for field in fields if field.name not in FIRST]
    groups = [(group, [field for field in more if field.group is group]) for group in Group]
    return [(group, members) for group, members in groups if members]


def facts(settings: Settings, client: Client) -> list[tuple[str, list[object]]]:
    """Return the labels and values that a client's page shows besides its name and scopes.

    A flag is True.
    """
    kind = CLIENT_TYPES[client.client_type]
    return [
        (member.label, _values(getattr(client, member.field)))
        for member in _LABELLED
        if member.field != "name"
        and member.datatype is not Datatype.SCOPES
        and getattr(client, member.field)
        and (member.goes_with(kind, settings) or _is_chosen(client, member.field))
    ]


def _is_chosen(client: Client, field: str) -> bool:
    return bool(getattr(client, field) != _DEFAULTS[field])


def _values(value: object) -> list[object]:
    if isinstance(value, tuple):
        return list(value)
    return [value if value is True else str(value)]


def _inputs(member: Member, settings: Settings) -> list[str]:
    if member.datatype is Datatype.SCOPES:
        return [_BOXES[member.field] + scope.name for scope in settings.scopes]
    return [member.field]


def _entered(
    member: Member, form: Mapping[str, str], kind: ClientType, settings: Settings
) -> object:
    given = form.get(member.field, "")
    if member.choices is not None:
        return form.get(member.field, member.choices(kind, settings)[0])
    match member.datatype:
        case Datatype.SCOPES:
            names = [scope.name for scope in settings.scopes]
            return tuple(name for name in names if _BOXES[member.field] + name in form)
        case Datatype.FLAG:
            return member.field in form
        case Datatype.URIS:
            return tuple(given.split())
        case Datatype.TEXTS:
            return tuple(filter(None, map(str.strip, given.splitlines())))
        case Datatype.NUMBER:
            return _number(given.strip())
    return given.strip()


def _number(given: str) -> int | None:
    # Anything but a number is passed on as a negative number, which the rule refuses.
    number = given.isascii() and given.isdigit() and len(given) < 20
    return int(given) if number else -1 if given else None


def _field(
    member: Member, value: object, kind: ClientType, settings: Settings, required: bool
) -> Field:
    control, type_of_input = _CONTROLS[member.datatype]
    hint = member.hint
    choices: Sequence[Choice] = ()
    if member.datatype is Datatype.SCOPES:
        choices = _boxes(member, value, settings)
    elif member.datatype is Datatype.FLAG:
        hint, choices = "", [Choice(member.field, "on", hint, "", value is True)]
    elif member.choices is not None:
        control, type_of_input = "choices", "radio"
        choices = _buttons(member, value, member.choices(kind, settings))
    return Field(
        name=member.field,
        control=control,
        label=member.label,
        hint=hint,
        value=_text(value),
        choices=choices,
        type=type_of_input,
        group=member.group,
        example=member.example,
        required=required,
    )


def _buttons(member: Member, value: object, choices: Sequence[str]) -> list[Choice]:
    chosen = value if value in choices else choices[0]
    words = member.words
    return [
        Choice(member.field, choice, words.get(choice, ""), choice, choice == chosen)
        for choice in choices
    ]


def _boxes(member: Member, value: object, settings: Settings) -> list[Choice]:
    chosen = value if isinstance(value, tuple) else ()
    return [
        Choice(_BOXES[member.field] + s.name, "on", s.sentence, s.name, s.name in chosen, s.weight)
        for s in settings.scopes
    ]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "\n".join(value)
    return "" if value is None else str(value)


_CONTROLS = {
    Datatype.TEXT: ("line", "text"),
    Datatype.URI: ("line", "url"),
    Datatype.NUMBER: ("line", "number"),
    Datatype.TEXTS: ("lines", ""),
    Datatype.URIS: ("lines", ""),
    Datatype.KEY_SET: ("lines", ""),
    Datatype.FLAG: ("choices", "checkbox"),
    Datatype.SCOPES: ("choices", "checkbox"),
}

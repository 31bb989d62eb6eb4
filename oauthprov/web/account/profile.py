"""The profile page: the claims that users enter for the apps they allow to read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn, profile
from oauthprov.accounts.profile import FIELDS, LIMIT, URL_LIMIT, WrongProfile
from oauthprov.settings import Settings
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import signed_in

_DATE = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}")
"""The birthdays that a browser's date field can show."""


@dataclass(frozen=True, slots=True)
class Input:
    """How a claim is entered: its label, type, autocomplete token and list of suggestions."""

    label: str
    kind: str
    autocomplete: str
    suggestions: str | None = None


_GROUPS = (
    (_("Who you are"), ("name", "given_name", "middle_name", "family_name", "nickname")),
    (_("Contact"), ("phone_number", "website", "profile")),
    (_("Address"), ("street_address", "postal_code", "locality", "region", "country")),
    (_("About you"), ("birthdate", "gender", "picture", "locale", "zoneinfo")),
)
"""The groups of the form. The e-mail address has a page of its own."""

_INPUTS = {
    "name": Input(_("Full name"), "text", "name"),
    "given_name": Input(_("Given name"), "text", "given-name"),
    "middle_name": Input(_("Middle name"), "text", "additional-name"),
    "family_name": Input(_("Family name"), "text", "family-name"),
    "nickname": Input(_("Nickname"), "text", "nickname"),
    "phone_number": Input(_("Telephone, with + and country code"), "tel", "tel"),
    "website": Input(_("Website"), "url", "url"),
    "profile": Input(_("Profile page"), "url", "off"),
    "street_address": Input(_("Street"), "lines", "street-address"),
    "postal_code": Input(_("Postal code"), "text", "postal-code"),
    "locality": Input(_("Town"), "text", "address-level2"),
    "region": Input(_("Region"), "text", "address-level1"),
    "country": Input(_("Country"), "text", "country-name"),
    "birthdate": Input(_("Birthday"), "date", "bday"),
    "gender": Input(_("Gender"), "text", "sex"),
    "picture": Input(_("Address of a picture"), "url", "photo"),
    "locale": Input(_("Language, for example en-GB"), "text", "language", "locales"),
    "zoneinfo": Input(_("Time zone, for example Europe/Paris"), "text", "off", "zones"),
}
_SCOPES = {field.name: field.scope for field in FIELDS}


@signed_in("profile")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the form with the stored profile."""
    claims = request.oauthprov.people.profile(person.account_id)
    return _page(request, profile.shown(claims), {})


@signed_in("profile")
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Store the profile of the form."""
    tools = request.oauthprov
    names = _names(tools.settings)
    form = tools.form(*names)
    entered = {name: form.get(name, "") for name in names}
    try:
        tools.people.set_profile(person.account_id, entered)
    except WrongProfile as wrong:
        request.response.status_int = 422
        return _page(request, entered, wrong.problems)
    return see(request, tools.url("account", done(request, "profile")))


def _names(settings: Settings) -> list[str]:
    """Return the names of the fields that clients can ask for, in order."""
    declared = settings.scope_names
    return [name for _, names in _GROUPS for name in names if _SCOPES[name] in declared]


def _page(
    request: Request, values: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, object]:
    names = _names(request.oauthprov.settings)
    groups = [
        {
            "title": title,
            "fields": [_field(name, values, problems) for name in grouped if name in names],
        }
        for title, grouped in _GROUPS
        if not set(grouped).isdisjoint(names)
    ]
    problem = _("Please correct the marked fields.") if problems else None
    about = "profile" in request.oauthprov.settings.scope_names
    suggestions = {"locales": profile.LANGUAGES, "zones": profile.zones()} if about else {}
    return {"groups": groups, "problem": problem, "suggestions": suggestions}


def _field(name: str, values: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, object]:
    how, value = _INPUTS[name], values.get(name, "")
    kind = how.kind
    if kind == "date" and value and not _DATE.fullmatch(value):
        kind = "text"  # a year alone is a birthday, too (Core section 5.1), and wrong input stays
    return {
        "name": name,
        "label": how.label,
        "kind": kind,
        "autocomplete": how.autocomplete,
        "suggestions": how.suggestions,
        "limit": URL_LIMIT if kind == "url" else LIMIT,
        "value": value,
        "problem": problems.get(name),
    }


def includeme(config: Configurator) -> None:
    """Add ``/account/profile`` if a declared scope lets apps read any of these claims."""
    settings: Settings = config.registry["oauthprov.settings"]
    if settings.openid and _names(settings):
        config.add_oauth_page(
            "profile", "/account/profile", get=show, post=change, template="profile"
        )

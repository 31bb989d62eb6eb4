"""The profile page: the claims that users enter for the apps they allow to read them."""

from __future__ import annotations

from collections.abc import Mapping

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import SignedIn, profile
from oauthprov.accounts.profile import FIELDS, WrongProfile
from oauthprov.settings import Settings
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import signed_in

log = logs.logger(__name__)

_LABELS = {
    "name": (_("Full name"), "text", "name"),
    "given_name": (_("Given name"), "text", "given-name"),
    "middle_name": (_("Middle name"), "text", "additional-name"),
    "family_name": (_("Family name"), "text", "family-name"),
    "nickname": (_("Nickname"), "text", "nickname"),
    "profile": (_("Profile page"), "url", "off"),
    "picture": (_("Address of a picture"), "url", "photo"),
    "website": (_("Website"), "url", "url"),
    "gender": (_("Gender"), "text", "sex"),
    "birthdate": (_("Birthday, for example 2000-12-31"), "text", "bday"),
    "zoneinfo": (_("Time zone, for example Europe/Paris"), "text", "off"),
    "locale": (_("Language, for example en-GB"), "text", "language"),
    "email": (_("E-mail address"), "email", "email"),
    "phone_number": (_("Telephone, with + and country code"), "tel", "tel"),
    "street_address": (_("Street"), "lines", "street-address"),
    "postal_code": (_("Postal code"), "text", "postal-code"),
    "locality": (_("Town"), "text", "address-level2"),
    "region": (_("Region"), "text", "address-level1"),
    "country": (_("Country"), "text", "country-name"),
}
_GROUPS = {
    "profile": _("About you"),
    "email": _("E-mail"),
    "phone": _("Telephone"),
    "address": _("Address"),
}


@signed_in("profile")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show the form with the stored profile."""
    claims = request.oauthprov.people.profile(person.account_id)
    page = _page(request, profile.shown(claims), {})
    if "email" in claims and request.oauthprov.has_page("email"):
        page["verified"] = claims.get("email_verified") is True
    return page


@signed_in("profile")
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Store the profile of the form."""
    tools = request.oauthprov
    form = tools.form(*(field.name for field in FIELDS))
    people, declared = tools.people, _declared(tools.settings)
    # Claims that no app can request any more aren't shown, and keep their values.
    before = profile.shown(people.profile(person.account_id))
    form |= {field.name: before[field.name] for field in FIELDS if field.scope not in declared}
    try:
        people.set_profile(person.account_id, form)
    except WrongProfile as wrong:
        request.response.status_int = 422
        return _page(request, form, wrong.problems)
    log.info("account %s changed its profile", person.account_id)
    return see(request, tools.url("account", {"done": "profile"}))


def _declared(settings: Settings) -> set[str]:
    return {scope.name for scope in settings.scopes}


def _page(
    request: Request, values: Mapping[str, str], problems: Mapping[str, str]
) -> dict[str, object]:
    declared = _declared(request.oauthprov.settings)
    groups = [
        {
            "title": title,
            "fields": [
                _field(field.name, values, problems) for field in FIELDS if field.scope == scope
            ],
        }
        for scope, title in _GROUPS.items()
        if scope in declared
    ]
    problem = _("Please correct the marked fields.") if problems else None
    return {"groups": groups, "problem": problem, "verified": None}


def _field(name: str, values: Mapping[str, str], problems: Mapping[str, str]) -> dict[str, object]:
    label, kind, autocomplete = _LABELS[name]
    problem = problems.get(name)
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "autocomplete": autocomplete,
        "value": values.get(name, ""),
        "problem": problem,
    }


def includeme(config: Configurator) -> None:
    """Add ``/account/profile`` if a declared scope lets apps read any of these claims."""
    settings = config.registry["oauthprov.settings"]
    if settings.openid and not _declared(settings).isdisjoint(_GROUPS):
        config.add_oauth_page(
            "profile", "/account/profile", get=show, post=change, template="profile"
        )

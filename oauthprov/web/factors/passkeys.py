"""The pages on which people add, rename and remove their passkeys."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.factors import (
    AlreadySetUp,
    PasskeyFactor,
    SignInOver,
    StillRequired,
    WrongPasskey,
    WrongProof,
)
from oauthprov.passkeys import NAME_LIMIT
from oauthprov.records import Account, Passkey
from oauthprov.web.factors.kinds import kind_of
from oauthprov.web.factors.passkey_words import REFUSED, tell_removed
from oauthprov.web.factors.setting_up import FIELDS, enrol
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done
from oauthprov.web.signed_in import recently_signed_in

PAGE, ONE = "passkeys", "passkey"
NAME = PasskeyFactor.name

_DONE = {
    "added": _("The passkey was added. From now on you can sign in with it."),
    "renamed": _("The passkey has its new name."),
    "removed": _(
        "The passkey was removed here. Delete it on your device, too, so that it isn't offered."
    ),
}
_NAMELESS = _("Give the passkey a name.")
_LAST = _("Your account must have a second step, and this is the only one. Add another one first.")


@recently_signed_in(PAGE)
def show(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """List the passkeys, and offer to add one."""
    account = _account(request, person)
    if account is None:
        return see(request, request.oauthprov.login_url(PAGE))
    return _page(request, account)


@recently_signed_in(PAGE)
def add(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Add the passkey that the browser has just made."""
    tools = request.oauthprov
    form = tools.form(*FIELDS)
    account = _account(request, person)
    if account is None or NAME not in tools.factors.offered:
        return see(request, tools.url(PAGE))
    there = tools.url(PAGE, done(request, "added"))
    kind = kind_of(NAME)
    try:
        return enrol(request, account, person, kind, form, there)
    except WrongProof as wrong:
        bad = isinstance(wrong, WrongPasskey) and wrong.refused.reason == "malformed"
        problem = kind.refused(request, wrong) or REFUSED["used"]
        return _page(request, account, problem, 400 if bad else 422)
    except AlreadySetUp:
        return _page(request, account, REFUSED["used"], 422)
    except SignInOver:  # all sessions were ended at this moment
        return see(request, tools.login_url(PAGE))


@recently_signed_in(PAGE)
def show_one(request: Request, person: SignedIn) -> dict[str, object]:
    """Show a passkey, to be renamed or removed."""
    return _one(request, _asked(request, person))


@recently_signed_in(PAGE)
def change(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Rename or remove a passkey."""
    tools = request.oauthprov
    form = tools.form("name", "decision")
    passkey = _asked(request, person)
    if form.get("decision") == "remove":
        return _remove(request, passkey)
    if not tools.factors.passkeys.rename(person.account_id, passkey.key, form.get("name", "")):
        return _one(request, passkey, _NAMELESS, 422)
    return see(request, tools.url(PAGE, done(request, "renamed")))


def _remove(request: Request, passkey: Passkey) -> Response | dict[str, object]:
    tools = request.oauthprov
    account_id = passkey.account_id

    def more() -> bool:
        return any(one.key != passkey.key for one in tools.factors.passkeys.of(account_id))

    try:
        account = tools.factors.enrolments.remove(
            account_id, NAME, [PasskeyFactor.removal(passkey)], more
        )
    except StillRequired:
        return _one(request, passkey, _LAST, 409)
    tell_removed(request, account, passkey)
    return see(request, tools.url(PAGE, done(request, "removed")))


def _account(request: Request, person: SignedIn) -> Account | None:
    """Return the account, None if its sessions were ended at this moment."""
    stored = request.oauthprov.people.get(person.account_id)
    return stored.record if stored is not None and stored.record.epoch == person.epoch else None


def _asked(request: Request, person: SignedIn) -> Passkey:
    """Return the passkey that the URL names, of this account. Raises HTTPNotFound."""
    mine = request.oauthprov.factors.passkeys.of(person.account_id)
    found = [one for one in mine if _in_url(one) == request.matchdict["passkey"]]
    if not found:
        raise HTTPNotFound
    return found[0]


def _in_url(passkey: Passkey) -> str:
    return passkey.key.partition(".")[2]


def _page(
    request: Request, account: Account, problem: str | None = None, status: int = 200
) -> dict[str, object]:
    tools = request.oauthprov
    request.response.status_int = status
    return {
        **kind_of(NAME).values(request, account, {}),
        "possible": tools.factors.passkeys.possible,
        "problem": problem,
        "offered": NAME in tools.factors.offered,
        "notice": _DONE.get(was_done(request)) if status == 200 else None,
        "in_url": _in_url,
    }


def _one(
    request: Request, passkey: Passkey, problem: str | None = None, status: int = 200
) -> dict[str, object]:
    request.response.status_int = status
    return {
        "passkey": passkey,
        "in_url": _in_url(passkey),
        "limit": NAME_LIMIT,
        "problem": problem,
    }


def includeme(config: Configurator) -> None:
    """Add ``/account/passkeys``, and a page below it for each passkey."""
    config.add_oauth_page(PAGE, "/account/passkeys", get=show, post=add, template=PAGE)
    config.add_oauth_page(
        ONE, "/account/passkeys/{passkey}", get=show_one, post=change, template=ONE
    )

"""The page for deleting the account, and the page where its user takes that back."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.i18n import make_localizer
from pyramid.interfaces import ITranslationDirectories
from pyramid.registry import Registry
from pyramid.response import Response

from oauthprov.accounts import BuiltInAccounts, SignedIn, confirmed_addresses
from oauthprov.mail import Message
from oauthprov.protocol.logout import ending
from oauthprov.records import Account, Client
from oauthprov.settings import Settings
from oauthprov.web import i18n
from oauthprov.web.account import mailed_link
from oauthprov.web.account.continuing import MARKS, asking, marks_of, onward
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import respond, see
from oauthprov.web.signed_in import recently_signed_in
from oauthprov.web.site import site_of

_WRONG_NAME = _("This isn't your user name.")
_CLOSED = _("Your account at ${title} is deleted")
_CLOSED_TEXT = _(
    "The account ${name} at ${title} was deleted on ${moment}.\n"
    "\n"
    "Until ${end} you can still keep it: sign in, and choose to keep it. After that the account "
    "is removed with everything that belongs to it.\n"
    "\n"
    "If it wasn't you, sign in at once, keep your account, and set a new password:\n"
    "\n"
    "${link}\n"
)
_KEPT = _("Your account at ${title} is kept")
_KEPT_TEXT = _(
    "The account ${name} at ${title} was to be deleted. On ${moment} that was taken back.\n"
    "\n"
    "If it wasn't you, set a new password at once:\n"
    "\n"
    "${link}\n"
)

_REMOVED = _("Your account at ${title} is removed")
_REMOVED_TEXT = _(
    "The account ${name} at ${title}, which was deleted some time ago, is now removed with "
    "everything that belonged to it. It can't be restored.\n"
)


@recently_signed_in("delete")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Explain what happens, and ask for the user name; list the clients that must go first."""
    return _page(request, person)


@recently_signed_in("delete")
def delete(request: Request, person: SignedIn) -> dict[str, object]:
    """Close the account, end its sessions and grants, and say until when it can be kept."""
    tools = request.oauthprov
    name = tools.form("name").get("name", "")
    if clients_of(request, person.account_id):
        return _page(request, person, status=409)
    if BuiltInAccounts.key_of(name) != BuiltInAccounts.key_of(person.name):
        return _page(request, person, problem=_WRONG_NAME, status=422)
    now = tools.provider.clock()
    ended = tools.people.close(person.account_id, now + tools.settings.account_deletion_grace)
    try:
        tools.session.end(person)
    finally:
        tools.provider.endings.finish(ended.sweep)
    _notify(request, ended.account, "account_closed", _CLOSED, _CLOSED_TEXT)
    return {"closed": ended.account, "person": None}


def ask(request: Request) -> Response | dict[str, object]:
    """Ask a user who has deleted the account, and has signed in again, whether to keep it."""
    marks = marks_of(request.oauthprov.query(*MARKS))
    account = request.oauthprov.session.leaving
    if account is None:
        return see(request, onward(request, marks))
    asking(request, marks)  # for the language
    return {"account": account, "marks": marks, "problem": None}


def answer(request: Request) -> Response | dict[str, object]:
    """Take the deletion back and continue the sign-in, or sign out."""
    tools = request.oauthprov
    form = tools.form("decision", *MARKS)
    marks, account = marks_of(form), tools.session.leaving
    if account is None:
        return see(request, onward(request, marks))
    if form.get("decision") != "keep":
        return _left(request, marks)
    # While the account is closed no grant can begin: after this, every app asks again.
    ending.withdraw_all(tools.provider.storage, account.account_id, tools.provider.clock())
    try:
        kept = tools.people.take_back(account.account_id)
    except LookupError:
        now = tools.people.get(account.account_id)
        if now is None or now.record.closed:
            return _left(request, marks)
        # The same form was sent twice.
        marks.pop("account", None)
        return see(request, tools.url("login", marks) if marks else tools.url("account"))
    _notify(request, kept, "account_kept", _KEPT, _KEPT_TEXT)
    marks.pop("account", None)  # the user has signed in with another account, and keeps it
    return see(request, tools.url("login", marks) if marks else tools.url("account"))


def _left(request: Request, marks: dict[str, str]) -> Response:
    """Sign out, and answer a stored request with ``access_denied``."""
    tools = request.oauthprov
    tools.session.leave()
    if "interaction" not in marks:
        return see(request, tools.url("home"))
    denied = tools.provider.authorization.decide(marks["interaction"], tools.visitor, allow=False)
    return respond(request, denied)


def _page(
    request: Request, person: SignedIn, *, problem: str | None = None, status: int = 200
) -> dict[str, object]:
    request.response.status_int = status
    tools = request.oauthprov
    return {
        "clients": clients_of(request, person.account_id),
        "until": tools.provider.clock() + tools.settings.account_deletion_grace,
        "problem": problem,
        "closed": None,
    }


def clients_of(request: Request, account_id: str) -> list[Client]:
    """Return clients of an account, which would be left without anybody who maintains them."""
    page = request.oauthprov.provider.registrar.list(account_id)
    return [stored.record for stored in page.items]


def _notify(request: Request, account: Account, mail: str, subject: str, text: str) -> None:
    i18n.settle_language(request)
    words = {"link": request.oauthprov.url("account")}
    if account.remove_at is not None:
        words["end"] = i18n.moment(request, account.remove_at)
    mailed_link.notify(request, account, mail, subject, text, **words)


def _mail_removed(registry: Registry, account: Account) -> None:
    """Mail that an account is being removed, in the first language: nobody's request does it."""
    site = site_of(registry)
    address = confirmed_addresses.confirmed(account)
    if address is None or site.outbox is None:
        return
    language = site.settings.languages[0].replace("-", "_")
    localizer = make_localizer(language, registry.queryUtility(ITranslationDirectories))
    words = {"name": account.name, "title": site.settings.title}
    message = Message(
        to=address,
        subject=localizer.translate(_REMOVED, mapping=words),
        text=localizer.translate(_REMOVED_TEXT, mapping=words),
    )
    mailed_link.send_later(site.outbox, account.account_id, "account_removed", message)


def includeme(config: Configurator) -> None:
    """Add ``/account/delete`` if users may delete their account, and ``/account/keep``."""
    settings: Settings = config.registry["oauthprov.settings"]
    config.registry["oauthprov.removing"] = _mail_removed
    if settings.account_deletion:
        config.add_oauth_page(
            "delete", "/account/delete", get=show, post=delete, template="deletion"
        )
    config.add_oauth_page(
        "keep", "/account/keep", get=ask, post=answer, template="keep", leaves=True
    )

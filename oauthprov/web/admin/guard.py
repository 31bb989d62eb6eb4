"""Access to the admin pages, and the errors that they have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.events import RequestRefused, publish, refused_with
from oauthprov.messages import N_
from oauthprov.protocol.admin.access import UnknownAccess
from oauthprov.protocol.admin.keys import KeysChanged
from oauthprov.protocol.admin.listing import UnknownPage
from oauthprov.protocol.admin.people import IsAdmin, UnknownAccount
from oauthprov.protocol.clients.registrar import ChangedMeanwhile, UnknownClient
from oauthprov.protocol.sessions import UnknownSession
from oauthprov.web.admin.acting import acting
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import PersonView, View, is_recent, lacks_second_step

_UNKNOWN = {
    UnknownAccount: N_("There is no such account, or it can't be kept or enabled any more."),
    UnknownSession: N_("The account has no such session, or this session has ended already."),
    UnknownAccess: N_("The account has not given this access, or it has ended."),
    UnknownClient: N_("There is no such client."),
    UnknownPage: N_("The list has no such page."),
}
_REFUSED = {
    IsAdmin: N_(
        "This account has the admin role, so nothing was changed. The operator of this server "
        "must take the role first, with the command oauthprov user admin --off."
    ),
    ChangedMeanwhile: N_(
        "Somebody changed this client after you opened the page. Nothing was changed now: go "
        "back, reload the page and try again."
    ),
    KeysChanged: N_("Somebody changed the keys at the same moment. Reload the page and look."),
}


def admin_page(page: str) -> Callable[[PersonView], View]:
    """Admit admins to the views of ``page``, and turn exceptions into error pages.

    A session that lacks the second factor signs in again, as does a form that is sent a while
    after the sign-in: then nothing is changed, and the browser comes back to the page.
    """

    def decorate(view: PersonView) -> View:
        @wraps(view)
        def guarded(request: Request) -> Response | dict[str, object]:
            tools = request.oauthprov
            person, here = tools.person, tools.url(page, None, **request.matchdict)
            if person is None:
                return see(request, tools.site.accounts.login_url(request, here))
            if not person.admin:
                return _closed(request, person)
            if _must_sign_in_again(request, person):
                again = tools.site.accounts.reauthentication_url(request, here)
                if again is not None:
                    return see(request, again)
            acting(person)
            return _judged(view, request, person)

        return guarded

    return decorate


def _must_sign_in_again(request: Request, person: SignedIn) -> bool:
    if request.method in ("GET", "HEAD"):
        return lacks_second_step(request, person)
    return not is_recent(request, person)


def _judged(view: PersonView, request: Request, person: SignedIn) -> Response | dict[str, object]:
    try:
        return view(request, person)
    except tuple(_UNKNOWN) as unknown:
        raise Rejected("not_found", _UNKNOWN[type(unknown)], 404) from None
    except tuple(_REFUSED) as refused:
        raise Rejected("conflict", _REFUSED[type(refused)], 409) from None


def _closed(request: Request, person: SignedIn) -> Response:
    publish(
        RequestRefused(
            error="access_denied",
            description="The account doesn't have the admin role.",
            account_id=person.account_id,
        )
    )
    refused_with("access_denied")
    response = render_to_response("oauthprov:templates/admin_closed.pt", {}, request)
    response.status_int = 403
    return response

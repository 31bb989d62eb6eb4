"""Pages that require a signed-in user, and those that require a recent sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import see

View = Callable[[Request], Response | dict[str, object]]
PersonView = Callable[[Request, SignedIn], Response | dict[str, object]]
"""A view that also takes the signed-in user."""

RECENT = 600
"""Seconds for which a sign-in counts as recent: enough to fill in a form."""

ADMIN = "admin"
"""The home of the admin pages; the sign-in page leads to all pages below it."""

PURPOSES = {
    "passkeys": _("to manage your passkeys"),
    "delete": _("to delete your account"),
    "export": _("to download your data"),
    "new_email": _("to change your e-mail address"),
    "password": _("to change your password"),
    "authenticator": _("to change how you sign in"),
    "recovery": _("to change how you sign in"),
    ADMIN: _("to administer this server"),
}
"""The pages that require a recent sign-in, with the text of the sign-in page for each."""

USER_CODE = "user_code"
"""The parameter of the page of devices that holds a code to fill in."""

REQUEST = "interaction"
"""The parameter of a page that a stored request led to, and that leads back to it."""


def signed_in(page: str) -> Callable[[PersonView], View]:
    """Pass the signed-in user to a view; send others to sign in and then to ``page``."""

    def decorate(view: PersonView) -> View:
        @wraps(view)
        def guarded(request: Request) -> Response | dict[str, object]:
            person = request.oauthprov.person
            if person is None:
                return see(request, request.oauthprov.login_url(page))
            return view(request, person)

        return guarded

    return decorate


def recently_signed_in(page: str) -> Callable[[PersonView], View]:
    """Do the same for a page of ``PURPOSES``, and send a user back who signed in long ago.

    Such a page does what a stranger at a browser that was left signed in must not be able to do. A
    host that has no page for signing in again decides by its own sessions who may do it.
    """
    if page not in PURPOSES:
        raise KeyError(page)

    def decorate(view: PersonView) -> View:
        def guarded(request: Request, person: SignedIn) -> Response | dict[str, object]:
            tools = request.oauthprov
            if not is_recent(request, person):
                onward = tools.url(page, _asked(request))
                again = tools.site.accounts.reauthentication_url(request, onward)
                if again is not None:
                    return see(request, again)
            return view(request, person)

        return signed_in(page)(wraps(view)(guarded))

    return decorate


def _asked(request: Request) -> dict[str, str]:
    """Return the parameter that names a stored request, if the page was opened from one."""
    given = request.oauthprov.query(REQUEST)
    return given if request.method == "GET" else {}


def must_sign_in_again(request: Request, page: str | None) -> bool:
    """Return whether a signed-in user must sign in again before ``page``."""
    person = request.oauthprov.person
    return page in PURPOSES and person is not None and not is_recent(request, person)


def is_recent(request: Request, person: SignedIn) -> bool:
    """Return whether a user has signed in, or proven a second factor, a short time ago.

    A session without the second step that a sign-in would have now doesn't count.
    """
    if lacks_second_step(request, person):
        return False
    return request.oauthprov.provider.clock() - person.auth_time < RECENT


def lacks_second_step(request: Request, person: SignedIn) -> bool:
    """Return whether a session began before its account had a second factor, or had to."""
    factors = request.oauthprov.site.factors
    if factors is None or person.could_meet is None or factors.levels.mfa in person.acrs:
        return False
    return factors.levels.mfa in person.could_meet or factors.is_required(person)

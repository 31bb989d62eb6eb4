"""Pages that require a signed-in user."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.web.request import Request
from oauthprov.web.responder import see

View = Callable[[Request], Response | dict[str, object]]
PersonView = Callable[[Request, SignedIn], Response | dict[str, object]]
"""A view that also takes the signed-in user."""


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

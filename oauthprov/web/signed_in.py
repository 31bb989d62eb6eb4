"""Pages that need somebody who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from oauthprov.accounts import SignedIn
from oauthprov.web.responder import see

View = Callable[[Any], Any]


def signed_in(page: str) -> Callable[[Callable[[Any, SignedIn], Any]], View]:
    """Pass who is signed in to a view; send anybody else to sign in and from there to ``page``."""

    def decorate(view: Callable[[Any, SignedIn], Any]) -> View:
        @wraps(view)
        def guarded(request: Any) -> Any:
            person = request.oauthprov.person
            if person is None:
                return see(request, request.oauthprov.login_url(page))
            return view(request, person)

        return guarded

    return decorate

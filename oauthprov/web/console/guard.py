"""Access to the developer console: who may open its pages, and whose clients they show."""

from __future__ import annotations

from functools import wraps

from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.clients.registrar import (
    ChangedMeanwhile,
    Registrar,
    StoredClient,
    UnknownClient,
)
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.signed_in import PersonView, View, signed_in


def console_page(view: PersonView) -> View:
    """Admit only users who may register clients, and turn exceptions into error pages."""

    @signed_in("clients")
    @wraps(view)
    def guarded(request: Request, person: SignedIn) -> Response | dict[str, object]:
        if request.oauthprov.settings.console == "developers" and not person.developer:
            return _closed(request)
        try:
            return view(request, person)
        except UnknownClient:
            raise Rejected(
                "not_found", N_("There is no such client, or it isn't yours."), 404
            ) from None
        except ChangedMeanwhile:
            raise Rejected(
                "conflict",
                N_(
                    "Somebody changed this client after you opened the page. Nothing was changed "
                    "now: go back, reload the page and try again."
                ),
                409,
            ) from None

    return guarded


def _closed(request: Request) -> Response:
    response = render_to_response("oauthprov:templates/clients_closed.pt", {}, request)
    response.status_int = 403
    return response


def registrar(request: Request) -> Registrar:
    """Return the registrar, which registers and changes clients."""
    return request.oauthprov.provider.registrar


def owned(request: Request, person: SignedIn) -> StoredClient:
    """Return the user's client that the URL names. Raises UnknownClient."""
    return registrar(request).get(request.matchdict["client_id"], person.account_id)

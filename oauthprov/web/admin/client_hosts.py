"""The hosts whose documents describe no client here, by an admin's decision."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.admin.listing import page_of
from oauthprov.protocol.clients.documents.hosts import WrongHost
from oauthprov.records import DisabledHost
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.admin.tools import further
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE = "admin_client_hosts"
_NOTICES = {
    "disabled": _("The host is disabled, and so is every client at it."),
    "enabled": _(
        "The host is enabled, and so are its clients, unless something else disables them."
    ),
}


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """List the disabled hosts, in pages."""
    return _page(request)


@admin_page(PAGE)
def act(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Disable a host, or enable one."""
    tools = request.oauthprov
    form = tools.form("action", "host")
    host, hosts = form.get("host", "").strip().lower(), tools.provider.client_hosts
    if form.get("action") == "enable":
        try:
            hosts.enable(host)
        except LookupError:
            raise Rejected("not_found", N_("This host isn't disabled."), 404) from None
        return see(request, tools.url(PAGE, done(request, "enabled")))
    if form.get("action") != "disable":
        raise Rejected("invalid_request", N_("The form names no action."))
    try:
        hosts.disable(host)
    except WrongHost:
        request.response.status_int = 422
        problem = _("Write the name of a host, such as app.example, without https://.")
        return _page(request, host, problem)
    return see(request, tools.url(PAGE, done(request, "disabled")))


def _page(request: Request, host: str = "", problem: str | None = None) -> dict[str, object]:
    tools = request.oauthprov
    query = tools.query("after")
    page = page_of(tools.provider.storage, DisabledHost, query.get("after"))
    return {
        "hosts": [stored.record for stored in page.items],
        "next": further({}, "after", page.next),
        "admitted": " ".join(tools.settings.client_documents),
        "host": host,
        "problem": problem,
        "notice": _NOTICES.get(was_done(request)),
    }


def includeme(config: Configurator) -> None:
    """Add ``/admin/client-hosts``."""
    config.add_oauth_page(
        PAGE, "/admin/client-hosts", get=show, post=act, template="admin_client_hosts"
    )

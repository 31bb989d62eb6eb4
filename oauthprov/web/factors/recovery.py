"""The page for new recovery codes."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.web.factors import notices
from oauthprov.web.factors.setting_up import codes_shown
from oauthprov.web.request import Request
from oauthprov.web.responder import see
from oauthprov.web.signed_in import recently_signed_in

PAGE = "recovery"


@recently_signed_in(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Ask whether the recovery codes are to be replaced."""
    tools = request.oauthprov
    found = tools.factors.enrolments.overview(person.account_id)
    return {"codes_left": found.codes_left, "needed": bool(found.account.factors)}


@recently_signed_in(PAGE)
def renew(request: Request, person: SignedIn) -> Response:
    """Replace the recovery codes, and show the new ones."""
    tools = request.oauthprov
    tools.form()
    found = tools.factors.enrolments.overview(person.account_id)
    if not found.account.factors:
        return see(request, tools.url("security"))
    codes = tools.factors.enrolments.new_codes(person.account_id)
    notices.new_codes(request, found.account)
    return codes_shown(request, codes, tools.url("security"), first=False)


def includeme(config: Configurator) -> None:
    """Add ``/account/recovery``."""
    config.add_oauth_page(PAGE, "/account/recovery", get=show, post=renew, template="recovery")

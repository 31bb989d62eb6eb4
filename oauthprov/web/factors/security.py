"""The page that lists the second factors of an account."""

from __future__ import annotations

from pyramid.config import Configurator

from oauthprov.accounts import SignedIn
from oauthprov.factors import FEW
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import was_done
from oauthprov.web.signed_in import signed_in

_NOTICES = {
    "added": _("From now on you are asked for a second step after your password."),
    "removed": _("It was removed."),
}


@signed_in("security")
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """Show what is set up, when it was used, and what can be set up."""
    tools = request.oauthprov
    found = tools.factors.enrolments.overview(person.account_id)
    return {
        "factors": found.account.factors,
        "offered": tools.factors.offered,
        "totp": found.totp,
        "codes_left": found.codes_left,
        "few": found.codes_left <= FEW,
        "required": tools.factors.is_required(found.account),
        "notice": _NOTICES.get(was_done(request)),
    }


def includeme(config: Configurator) -> None:
    """Add ``/account/security``."""
    config.add_oauth_page("security", "/account/security", get=show, template="security")

"""The signing keys: their states, and the next key of an algorithm."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.admin import keys
from oauthprov.web.admin.guard import admin_page
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done

PAGE = "admin_keys"
_STATES = {
    "waiting": _("waiting"),
    "signing": _("signing"),
    "retired": _("retired"),
    "unpublished": _("no longer published"),
    "sealed": _("sealed: no secret opens it"),
}
_NOTICES = {
    "made": _("The next key is published. It signs when clients have had time to read it."),
    "signing": _("The new key is published, and signs."),
    "waiting": _("Nothing to do: the next key is published already, and waits."),
}


@admin_page(PAGE)
def show(request: Request, person: SignedIn) -> dict[str, object]:
    """List the keys of each algorithm."""
    tools = request.oauthprov
    return {
        "keys": keys.states(tools.provider.keys.rotation),
        "states": _STATES,
        "algorithms": tools.settings.keys_algorithms,
        "notice": _NOTICES.get(was_done(request)),
    }


@admin_page(PAGE)
def rotate(request: Request, person: SignedIn) -> Response:
    """Publish the next key of an algorithm, unless one waits already."""
    tools = request.oauthprov
    alg = tools.form("alg").get("alg", "")
    if alg not in tools.settings.keys_algorithms:
        raise Rejected("invalid_request", N_("The form names no algorithm of this server."))
    rotation = tools.provider.keys.rotation
    before = {key.kid for key in rotation.load()}
    key = keys.rotate(rotation, alg)
    if key.kid in before:
        return see(request, tools.url(PAGE, done(request, "waiting")))
    word = "made" if rotation.state(key) == "waiting" else "signing"
    return see(request, tools.url(PAGE, done(request, word)))


def includeme(config: Configurator) -> None:
    """Add ``/admin/keys``."""
    config.add_oauth_page(PAGE, "/admin/keys", get=show, post=rotate, template="admin_keys")

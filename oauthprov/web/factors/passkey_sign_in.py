"""Signing in with a passkey alone: no user name, no password."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.events import SignInFailed, publish
from oauthprov.factors import ALONE
from oauthprov.passkeys import Refused
from oauthprov.serial import dumps
from oauthprov.web.account import login
from oauthprov.web.account.continuing import MARKS, asking, marks_of, onward
from oauthprov.web.factors.passkey_words import REFUSED, tell_copied
from oauthprov.web.request import Request
from oauthprov.web.responder import see

log = logs.logger(__name__)

PAGE = "passkey_sign_in"


def options(request: Request) -> Response:
    """Return what the browser needs to find a passkey, as JSON. Reads and writes nothing."""
    tools = request.oauthprov
    tools.form()
    made = tools.factors.passkeys.sign_in_options(tools.session.browser)
    return Response(dumps(made), content_type="application/json")


def enter(request: Request) -> Response | dict[str, object]:
    """Sign in, and redirect to the stored request or page."""
    tools = request.oauthprov
    form = tools.form("answer", *MARKS)
    marks = marks_of(form)
    try:
        account = tools.factors.passkeys.sign_in(form.get("answer", ""), tools.session.browser)
    except Refused as refused:
        log.info("a passkey was refused: %s", refused)
        publish(SignInFailed(how="passkey"))
        tell_copied(request, refused)
        status = 400 if refused.reason == "malformed" else 401
        return login.page(
            request, marks, asking(request, marks), "", REFUSED[refused.reason], status
        )
    step = tools.session.authenticated(account, ALONE)
    if step is not None:
        return see(request, tools.url(step, marks))
    return see(request, onward(request, marks))


def back(request: Request) -> Response:
    """Redirect to the sign-in page."""
    tools = request.oauthprov
    return see(request, tools.url("login", marks_of(tools.query(*MARKS))))


def includeme(config: Configurator) -> None:
    """Add ``/login/passkey`` and ``/login/passkey/options``, unless passkeys aren't offered."""
    factors = config.registry["oauthprov"].factors
    if factors.passkey.name not in factors.offered:
        return
    config.add_oauth_page(
        PAGE, "/login/passkey", get=back, post=enter, template="login", leaves=True
    )
    config.add_oauth_endpoint("passkey_options", "/login/passkey/options", post=options)

"""The page on which people type the code of a device (RFC 8628 section 3.3).

A GET decides nothing and looks nothing up, whatever code it brings: a link may come from anybody.
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov import logs
from oauthprov.accounts import SignedIn
from oauthprov.protocol.device import user_codes
from oauthprov.protocol.device.decision import Decided
from oauthprov.web.i18n import _, too_many_attempts
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see, was_done
from oauthprov.web.signed_in import USER_CODE

log = logs.logger(__name__)

_WRONG = _("This code is wrong, has expired, or was used before. Look at your device again.")
_ENDS = {"allowed": True, "denied": False}


def show(request: Request) -> Response | dict[str, object]:
    """Ask for a code, or say how a decision about a device has ended."""
    tools = request.oauthprov
    query = tools.query(USER_CODE)
    code = _shown(query.get(USER_CODE, ""))
    if tools.person is None:
        return _sign_in(request, code)
    return _page(request, code, ended=_ENDS.get(was_done(request)))


def enter(request: Request) -> Response | dict[str, object]:
    """Look for the device, within the rate limits, and ask whether it gets access."""
    tools = request.oauthprov
    typed = tools.form(USER_CODE).get(USER_CODE, "")
    person: SignedIn | None = tools.person
    if person is None:
        return _sign_in(request, _shown(typed))
    wait = tools.site.attempts.user_code(person.account_id, request.remote_addr or "")
    if wait:
        log.warning("account %s types too many codes of devices", person.account_id)
        request.response.headers["Retry-After"] = str(wait)
        return _page(request, typed, too_many_attempts(wait), 429)
    waiting = tools.provider.device_requests.find(typed, tools.visitor)
    if waiting is None:
        return _page(request, typed, _WRONG, 400)
    return see(request, tools.url("consent", {"interaction": waiting}))


def _page(
    request: Request,
    code: str,
    problem: str | None = None,
    status: int = 200,
    *,
    ended: bool | None = None,
) -> dict[str, object]:
    request.response.status_int = status
    typed = code[: user_codes.TYPED_LIMIT]
    return {"code": typed, "problem": problem, "ended": ended}


def _shown(text: str) -> str:
    """Return the code of a link as devices show it, empty if it is none."""
    code = user_codes.typed(text)
    return "" if code is None else user_codes.shown(code)


def _sign_in(request: Request, code: str) -> Response:
    """Redirect to the sign-in page, which leads back with the code."""
    tools = request.oauthprov
    onward = tools.url("device", {USER_CODE: code} if code else None)
    return see(request, tools.site.accounts.login_url(request, onward))


def _decided(request: Request, value: Decided) -> Response:
    word = "allowed" if value.allowed else "denied"
    return see(request, request.oauthprov.url("device", done(request, word)))


def includeme(config: Configurator) -> None:
    """Add ``/device``, if devices may ask for access."""
    if not config.registry["oauthprov.settings"].device:
        return
    config.add_oauth_page("device", "/device", get=show, post=enter, template="device")
    config.add_oauth_response(Decided, _decided)

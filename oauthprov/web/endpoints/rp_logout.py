"""Logout at the request of a client (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyramid.config import PHASE1_CONFIG, Configurator
from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.protocol.request.answers import LogoutQuestion, LogoutRedirect, Refusal, Visitor
from oauthprov.web.request import Request
from oauthprov.web.responder import respond, see, target_of
from oauthprov.web.site import site_of

_TEMPLATES = "oauthprov:templates/rp_logout"


def begin(request: Request) -> Response:
    """Answer a logout request, or continue a stored one, for the signed-in user."""
    tools = request.oauthprov
    answer = tools.provider.logout.begin(tools.call, _visitor(request))
    if isinstance(answer, LogoutQuestion):
        return see(request, tools.url("rp_logout_question"))
    return respond(request, answer)


def store(request: Request) -> Response:
    """Store a posted request; the browser comes back for it, with its cookies."""
    tools = request.oauthprov
    stored = tools.provider.logout.store(tools.call)
    if isinstance(stored, Refusal):
        return respond(request, stored)
    return see(request, tools.url("rp_logout", dict(stored)))


def ask(request: Request) -> Response:
    """Ask whether to sign out, and name the client that requests it, if any."""
    tools = request.oauthprov
    interaction = tools.query("interaction").get("interaction")
    return respond(request, tools.provider.logout.question(interaction, _visitor(request)))


def confirm(request: Request) -> Response:
    """Sign out, and redirect to the client."""
    tools = request.oauthprov
    form = tools.form("interaction", "session")
    # The user that the page named; another one may have become active since.
    person = tools.session.find(form["session"]) if "session" in form else tools.person
    visitor = replace(tools.visitor, person=person)
    answer = tools.provider.logout.confirm(form.get("interaction"), visitor)
    return respond(request, answer)


def _question(request: Request, question: LogoutQuestion) -> Response:
    return render_to_response(f"{_TEMPLATES}.pt", {"question": question}, request)


def _leave(request: Request, answer: LogoutRedirect) -> Response:
    """Sign out, and redirect to the client or show a page that leads there."""
    tools = request.oauthprov
    headers = _sign_out(request, answer.ends) if answer.ends else ()
    if answer.redirect is not None and not answer.stays:
        response = respond(request, answer.redirect)
    else:
        onward = target_of(answer.redirect) if answer.redirect else None
        left = answer.ends.name if answer.ends else None
        page: dict[str, object] = {"client": answer.client, "onward": onward, "left": left}
        page |= {"people": tools.session.everybody, "person": tools.session.signed_in}
        response = render_to_response(f"{_TEMPLATES}_done.pt", page, request)
    response.headers.extend(headers)
    return response


def _sign_out(request: Request, person: SignedIn) -> Sequence[tuple[str, str]]:
    tools = request.oauthprov
    if person.session_key is not None:
        tools.session.end(person)
        return ()
    tools.provider.endings.end_host_session(person)
    headers: Sequence[tuple[str, str]] = tools.site.accounts.sign_out(request)
    return headers


def _visitor(request: Request) -> Visitor:
    """Return the visitor; its ``others`` are those of our sessions, which end one by one."""
    tools = request.oauthprov
    return replace(tools.visitor, others=lambda: tools.session.others)


def includeme(config: Configurator) -> None:
    """Add the end session endpoint and its page, if the account source can sign users out."""
    if not config.registry["oauthprov.settings"].openid:
        return

    def add() -> None:
        site = site_of(config.registry)
        if not site.accounts.can_sign_out:
            return
        config.add_oauth_response(LogoutQuestion, _question)
        config.add_oauth_response(LogoutRedirect, _leave)
        page = config.add_oauth_page
        page("rp_logout", "/oauth/logout", get=begin, post=store, leaves=True)
        page("rp_logout_question", "/oauth/logout/confirm", get=ask, post=confirm, leaves=True)
        site.metadata["end_session_endpoint"] = "oauthprov.rp_logout"

    config.action(("oauthprov", "rp_logout"), add, order=PHASE1_CONFIG)

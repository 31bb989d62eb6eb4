"""Turns the results of the protocol into responses: one table, with a row for each kind.

A feature with an outcome of its own adds its row by ``config.add_oauth_response``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote_plus

from pyramid.config import Configurator
from pyramid.renderers import render_to_response
from pyramid.response import Response

from oauthprov.messages import N_
from oauthprov.protocol.request.answers import (
    Answer,
    InteractionRequired,
    Outcome,
    Redirect,
    Refusal,
)
from oauthprov.web.errors import refusal, to_response
from oauthprov.web.http.reply import answered
from oauthprov.web.request import Request

_NO_STORE = {"Cache-Control": "no-store"}
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")  # RFC 3986 section 2.3
DONE = "done"
"""The parameter that holds what the request before has done."""
DONE_FOR = 600
"""Seconds within which the page that says so must be loaded: enough to save recovery codes."""
CODES_PASS = _NO_STORE | {"Referrer-Policy": "no-referrer"}


def respond(request: Request, value: Answer | Outcome) -> Response:
    """Return the response for a result of the protocol."""
    return request.oauthprov.site.responses[type(value)](request, value)


def see(request: Request, url: str, headers: Mapping[str, str] = _NO_STORE) -> Response:
    """Redirect to ``url`` with GET: a 303 after a POST (RFC 9700 section 2.1).

    There is no body: it would only repeat the URL, which may hold a code.
    """
    status = 302 if request.method in ("GET", "HEAD") else 303
    return Response(status=status, headerlist=list(headers.items()), location=url)


def done(request: Request, word: str) -> dict[str, str]:
    """Return the query by which the next page says what this request has done.

    That page has a sentence for ``word``. The word is signed for this browser and for ten minutes,
    so that neither somebody else's link nor an old one makes a page say that something was done.
    """
    tools = request.oauthprov
    signed = f"{word}.{tools.provider.clock() + DONE_FOR}"
    signature = tools.provider.keyring.sign(DONE, f"{tools.session.browser} {signed}")
    return {DONE: f"{signed}.{signature}"}


def was_done(request: Request) -> str:
    """Return the word of what the request before has done, empty if there is none."""
    tools = request.oauthprov
    signed, _, signature = tools.query(DONE).get(DONE, "").rpartition(".")
    message = f"{tools.session.known_as} {signed}"
    if not signature or not tools.provider.keyring.verify(DONE, message, signature):
        return ""
    word, until = signed.split(".")
    return word if tools.provider.clock() < int(until) else ""


def come_back(request: Request, page: str, stored: str | Outcome) -> Response:
    """Redirect the browser to ``page`` for a POST that was stored as ``stored``.

    A POST from another site arrives without our cookies: they are only read and set when the
    browser follows the redirect.
    """
    if isinstance(stored, str):
        return see(request, request.oauthprov.url(page, {"interaction": stored}))
    return respond(request, stored)


def _interact(request: Request, value: InteractionRequired) -> Response:
    tools, interaction = request.oauthprov, value.interaction_id
    url: str | None
    match value.step:
        case "login":
            url = tools.login_url("authorize", interaction)
        case "create":
            url = tools.registration_url(interaction)
        case "consent":
            url = tools.url("consent", {"interaction": interaction})
        case "logout":
            url = tools.url("rp_logout_question", {"interaction": interaction})
        case "reauthenticate":
            url = tools.again_url(interaction)
        case "step_up":
            onward = tools.url("authorize", {"interaction": interaction})
            url = tools.site.accounts.step_up_url(request, onward)
        case "select_account":
            url = tools.selection_url(interaction)
    if url is None:
        nowhere = Refusal("invalid_request", N_("This server has no page for this request."))
        tools.provider.authorization.close(interaction, tools.session.browser)
        return respond(request, value.otherwise or nowhere)
    return see(request, url)


def _answer(request: Request, value: Answer) -> Response:
    return to_response(answered(value))


def _redirect(request: Request, value: Redirect) -> Response:
    if value.response_mode == "form_post":
        return _form_post(request, value)
    return see(request, target_of(value), CODES_PASS)


def target_of(value: Redirect) -> str:
    """Return the URL of a redirect whose parameters are in the query or fragment."""
    sent = value.sent
    if not sent:
        return value.redirect_uri
    mark = "#" if value.response_mode == "fragment" else "&" if "?" in value.redirect_uri else "?"
    query = "&".join([f"{name}={_encoded(name, text)}" for name, text in sent])
    return f"{value.redirect_uri}{mark}{query}"


def _encoded(name: str, text: str) -> str:
    """Return a value of a query; most, such as codes, need no encoding."""
    if _UNRESERVED.fullmatch(text):
        return text
    return _encoded_issuer(text) if name == "iss" else quote_plus(text)


@lru_cache(maxsize=4)
def _encoded_issuer(issuer: str) -> str:
    return quote_plus(issuer)


def _form_post(request: Request, value: Redirect) -> Response:
    response = render_to_response(
        "oauthprov:templates/form_post.pt",
        {"redirect_uri": value.redirect_uri, "params": value.sent, "person": None},
        request,
    )
    response.headers.update(CODES_PASS)
    return response


def includeme(config: Configurator) -> None:
    """Add the rows of the results that several features have."""
    config.add_oauth_response(Answer, _answer)
    config.add_oauth_response(Redirect, _redirect)
    config.add_oauth_response(InteractionRequired, _interact)
    config.add_oauth_response(Refusal, refusal)

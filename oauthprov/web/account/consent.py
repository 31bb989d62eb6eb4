"""The consent page."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.renderers import get_renderer
from pyramid.response import Response

from oauthprov.messages import N_
from oauthprov.protocol.request.answers import ConsentQuestion
from oauthprov.web import i18n
from oauthprov.web.http.problems import Rejected
from oauthprov.web.request import Request
from oauthprov.web.responder import respond
from oauthprov.web.signed_in import REQUEST

_PARTS = "oauthprov:templates/consent_parts.pt"


def ask(request: Request) -> Response | dict[str, object]:
    """Show the client, what it requests, the account, and where Allow redirects."""
    tools = request.oauthprov
    interaction = _interaction(tools.query("interaction"))
    question = tools.provider.authorization.question(interaction, tools.visitor)
    if not isinstance(question, ConsentQuestion):
        return respond(request, question)
    i18n.settle_language(request, question.request.checked.ui_locales)
    return {
        "question": question,
        "consent_parts": get_renderer(_PARTS).implementation(),
        "choose": tools.selection_url(interaction),
        # The name at the top links to the page of the active account.
        "person": question.person if question.person == tools.person else None,
        "address": _address(request, question),
        **_asked(question),
    }


def _address(request: Request, question: ConsentQuestion) -> dict[str, object] | None:
    """Return what the app that asks for the e-mail address won't get; None if it gets it all.

    Some apps let nobody in without a confirmed address.
    """
    tools = request.oauthprov
    if not tools.has_page("new_email") or "email" not in [one.name for one in question.scopes]:
        return None
    claims = tools.people.profile(question.person.account_id)
    email, here = claims.get("email"), question.person == tools.person
    if email is not None and (claims.get("email_verified") is True or not tools.has_page("email")):
        return None
    page = "email" if email is not None else "new_email"
    onward = {REQUEST: question.interaction_id}
    return {"email": email, "url": tools.url(page, onward) if here else None}


def decide(request: Request) -> Response | dict[str, object]:
    """Grant or deny the request, which ends it."""
    tools = request.oauthprov
    form = tools.form("interaction", "decision")
    interaction = _interaction(form)
    if form.get("decision") not in ("allow", "cancel"):
        raise Rejected("invalid_request", N_("The form says neither allow nor cancel."))
    decided = tools.provider.authorization.decide(
        interaction, tools.visitor, allow=form["decision"] == "allow"
    )
    return respond(request, decided)


def _asked(question: ConsentQuestion) -> dict[str, object]:
    everything = (*question.scopes, *question.resources)
    more = question.granted_before is not None and any(asked.new for asked in everything)
    if not more:
        whole = {"scopes": question.scopes, "resources": question.resources}
        return {"more": False, "known": [], **whole}
    return {
        "more": True,
        "scopes": [asked for asked in question.scopes if asked.new] or question.scopes,
        "resources": [asked for asked in question.resources if asked.new],
        "known": [asked for asked in everything if not asked.new],
    }


def _interaction(fields: dict[str, str]) -> str:
    if "interaction" not in fields:
        raise Rejected(
            "invalid_request", N_("This page is part of a sign-in. Start again at the app.")
        )
    return fields["interaction"]


def includeme(config: Configurator) -> None:
    """Add ``/consent``."""
    config.add_oauth_page(
        "consent", "/consent", get=ask, post=decide, template="consent", leaves=True
    )

"""Where a sign-in leads: to a stored request or a page of ours, never to a URL from the query."""

from __future__ import annotations

from collections.abc import Mapping

from oauthprov.protocol.request.answers import Pending
from oauthprov.web import i18n
from oauthprov.web.i18n import _
from oauthprov.web.request import Request

MARKS = ("interaction", "page", "account")
ANOTHER = {"account": "another"}
"""The mark of a sign-in with another account than those that are signed in already."""

_PAGES = {
    "account": _("to continue to your account"),
    "clients": _("to continue to your clients"),
    "email": _("to confirm your e-mail address"),
    "profile": _("to continue to your profile"),
}
"""The pages that a sign-in may lead to, and what the sign-in page says of each."""


def marks_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what of a query or form says where to go on to, and as whom."""
    return {name: fields[name] for name in MARKS if name in fields}


def onward(request: Request, marks: Mapping[str, str]) -> str:
    """Return the URL that somebody goes on to once they are signed in."""
    tools = request.oauthprov
    if "interaction" in marks:
        return str(tools.url("authorize", {"interaction": marks["interaction"]}))
    page = marks.get("page")
    return str(tools.url(page if page in _PAGES and tools.has_page(page) else "home"))


def purpose(marks: Mapping[str, str]) -> str | None:
    """Return what the sign-in is for, in words, where it leads to a page of ours."""
    return _PAGES.get(marks.get("page", ""))


def is_due(marks: Mapping[str, str], pending: Pending | None) -> bool:
    """Tell whether somebody who is signed in already is to sign in all the same."""
    return marks.items() >= ANOTHER.items() or (pending is not None and pending.sign_in)


def asking(request: Request, marks: Mapping[str, str]) -> Pending | None:
    """Return the stored request that waits for this sign-in, if it is this browser's."""
    if "interaction" not in marks:
        return None
    tools = request.oauthprov
    found = tools.provider.authorization.pending(marks["interaction"], tools.visitor)
    if found is not None:
        i18n.settle_language(request, found.ui_locales)
    return found

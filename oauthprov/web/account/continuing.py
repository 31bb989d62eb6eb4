"""Where a sign-in continues: a stored request or one of our pages, never a URL of the query."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oauthprov.accounts import SignedIn
from oauthprov.protocol.request.answers import Pending
from oauthprov.web import i18n
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.signed_in import (
    ADMIN,
    PURPOSES,
    REQUEST,
    USER_CODE,
    must_sign_in_again,
)

AT = "at"
"""The parameter that names an admin page, by its path below ``/admin``."""
MARKS = (REQUEST, "page", "account", AT, USER_CODE)
DEVICE = "device"
"""The page on which people type the codes of devices."""
ANOTHER = {"account": "another"}
"""The parameter of a sign-in with an account that isn't signed in yet."""

_PATH = re.compile(r"[\w-]{1,255}(/[\w-]{1,255}){0,3}", re.ASCII)

PAGES = {
    "account": _("to continue to your account"),
    "clients": _("to continue to your clients"),
    DEVICE: _("to connect a device"),
    "email": _("to confirm your e-mail address"),
    "profile": _("to continue to your profile"),
    "security": _("to continue to your account"),
    **PURPOSES,
}
"""The pages that a sign-in may continue to, with the text of the sign-in page for each."""


def marks_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query or form that say where the sign-in continues."""
    return {name: fields[name] for name in MARKS if name in fields}


def onward(request: Request, marks: Mapping[str, str]) -> str:
    """Return the URL where a user continues after the sign-in.

    A user who has deleted the account is asked first whether to keep it.
    """
    tools = request.oauthprov
    if tools.session.leaving is not None:
        return tools.url("keep", dict(marks))
    page, waiting = marks.get("page"), {k: marks[k] for k in (REQUEST,) if k in marks}
    if page in PURPOSES and tools.has_page(page):
        there = marks.get(AT, "") if page == ADMIN else ""
        return tools.url(page, waiting) + (f"/{there}" if _PATH.fullmatch(there) else "")
    if waiting:
        return tools.url("authorize", waiting)
    if page == DEVICE and tools.has_page(page):
        return tools.url(page, {k: marks[k] for k in (USER_CODE,) if k in marks})
    return tools.url(page if page in PAGES and tools.has_page(page) else "home")


def purpose(marks: Mapping[str, str]) -> str | None:
    """Return the text on the purpose of the sign-in if it continues to one of our pages."""
    return PAGES.get(marks.get("page", ""))


def is_due(request: Request, marks: Mapping[str, str], pending: Pending | None) -> bool:
    """Return whether a user who is already signed in must sign in again."""
    asked = pending is not None and pending.sign_in
    return marks.items() >= ANOTHER.items() or asked or before_page(request, marks) is not None


def before_page(request: Request, marks: Mapping[str, str]) -> SignedIn | None:
    """Return the user who must sign in again before one of our pages, None if nobody must."""
    if marks.items() >= ANOTHER.items():
        return None
    return request.oauthprov.person if must_sign_in_again(request, marks.get("page")) else None


def asking(request: Request, marks: Mapping[str, str]) -> Pending | None:
    """Return the stored request that waits for this sign-in, if it is from this browser."""
    if "interaction" not in marks:
        return None
    tools = request.oauthprov
    found = tools.provider.authorization.pending(marks["interaction"], tools.visitor)
    if found is not None:
        i18n.settle_language(request, found.ui_locales)
    return found

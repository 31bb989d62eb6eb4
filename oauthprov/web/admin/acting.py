"""What an admin has done: every change that a page makes is noted here, once it is made."""

from __future__ import annotations

from oauthprov import logs
from oauthprov.web.request import Request

log = logs.logger(__name__)


def acted(request: Request, action: str, **about: str) -> None:
    """Note that the admin who sent ``request`` did ``action``, to what ``about`` names by id.

    ``action`` is a dotted name such as ``account.disabled``; ids are never secrets.
    """
    person = request.oauthprov.person
    admin = person.account_id if person is not None else "-"
    named = " ".join(f"{name}={value!r}" for name, value in about.items())
    log.info("admin %s: %s %s", admin, action, named)

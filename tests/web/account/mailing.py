"""Sites that send mail, and accounts with a confirmed address."""

from __future__ import annotations

import threading

from oauthprov.accounts import EmailVerifications
from oauthprov.web.site import site_of
from tests.site import Browser, Site
from tests.web.openid import openid_site

ADDRESS = "alice@example.org"


def prompt_site(**settings: str) -> Site:
    """A site that begins its work in the background at once."""
    made = openid_site(**settings)
    outbox = site_of(made.wsgi.registry).outbox
    if outbox is not None:
        outbox.pause = lambda seconds: None
    return made


def confirmed(site: Site, name: str, address: str = ADDRESS) -> Browser:
    """A browser in which an account with a confirmed address is signed in."""
    browser = site.browser().sign_up(name)
    provider = site_of(site.wsgi.registry)
    account_id = provider.people.by_name(name).record.account_id
    provider.people.set_profile(account_id, {"email": address})
    EmailVerifications(site.storage, site.clock, 600).vouch(account_id)
    return browser


def settled() -> None:
    """Wait until everything in the background is done."""
    for thread in threading.enumerate():
        if thread.name == "oauthprov-outbox":
            thread.join(30)
            assert not thread.is_alive()
